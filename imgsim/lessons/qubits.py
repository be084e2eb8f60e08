"""Lesson 13: a quantum kernel, simulated, against plain use of the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from imgsim import neighbors
from imgsim.lessons import LESSONS, Answer, Lesson, best_of
from imgsim.lessons.blocks import Bars, Block, GoOn, Pictures, Shown
from imgsim.lessons.lab import Kept, Lab, Need, same_by_chance
from imgsim.methods import METHODS
from imgsim.parameters import param
from imgsim.principal import principal_axes
from imgsim.progress import Progress
from imgsim.types import Float

PICTURES = 240
NAMES = {
    "hog": "HOG, all of its numbers",
    "plain": "HOG's first components, compared plainly",
    "entangled": "The same on entangled qubits",
    "separable": "The same on qubits that never meet",
}


@LESSONS.register
@dataclass(frozen=True)
class Qubits(Lesson):
    """The nearest picture by HOG, by its first components, and by qubits that carry these."""

    id = "qubits"
    number = 13
    title = "Quantum kernels, simulated"
    minutes = 7
    source = "builtin:shapes"
    story: ClassVar[str] = (
        "A quantum kernel turns each number of a picture into an angle of one qubit, lets the qubits act on each "
        "other, and compares two pictures by how much the states overlap. With five qubits there is room for five "
        "numbers: the first principal components of HOG.\n\nHere it is simulated on an ordinary processor, which for "
        "few qubits is exact. Fair opponents: all of HOG; the same five numbers compared plainly; and the same "
        "circuit without any entanglement, which needs no quantum computer at all."
    )
    question = "Whose nearest neighbour is most often of the same kind: here, the same shape?"
    choices: ClassVar[dict[str, str]] = dict(NAMES)
    why: ClassVar[str] = (
        "Five numbers say less than all of HOG, however they are compared. Entanglement changes which differences "
        "count, and nothing in these pictures asks for that. What decides most is the bandwidth: how large an angle "
        "one deviation is. Too large, and every two pictures are equally far; too small, and the kernel is nearly "
        "the plain inner product.\n\nAn advantage is proven for data made for it, and open for pictures. A result "
        "that beats a weak opponent is no result: always put the control beside it."
    )
    task: ClassVar[str] = (
        "More qubits carry more numbers: who gains? Raise the bandwidth until everything is equally far. Where is "
        "entanglement better than its control, and by more than the error of a sample of this size?"
    )
    takeaway = (
        "A kernel on qubits is a similarity like any other, and has to beat plain use of the same numbers.",
        "Compare with the control that lacks only the new thing; here, the circuit without entanglement.",
    )
    references = (
        "Havlicek et al. 2019, Supervised learning with quantum-enhanced feature spaces, doi:10.1038/s41586-019-0980-2",
        "Shaydulin, Wild 2022, Importance of kernel bandwidth in quantum machine learning, arXiv:2111.05451",
        "Bowles, Ahmed, Schuld 2024, Better than classical?, arXiv:2403.07059",
    )

    qubits: int = param(5, "Qubits, one component each.", minimum=1, maximum=6)
    bandwidth: float = param(0.3, "Angle of one deviation in radians.", choices=(0.03, 0.1, 0.3, 0.6, 1.0, 2.0))

    def needs(self, lab: Lab) -> Sequence[Need]:  # noqa: ARG002
        """The shares of all four."""
        return (_shares(5, 0.3), _shares(self.qubits, self.bandwidth))

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """Some of the shapes."""
        ids = [lab.collection.ids[row] for row in lab.sample(8)]
        return (
            Pictures(
                f"Some of the {len(lab.sample(PICTURES))} pictures", tuple(Shown(id, source=lab.source) for id in ids)
            ),
        )

    def answer(self, lab: Lab) -> Answer:
        """The shares at five qubits."""
        kept = _shares(5, 0.3).make(lab)
        shares = {name: float(kept[name][0]) for name in NAMES}
        error = float(np.sqrt(0.25 / len(lab.sample(PICTURES))))
        said = "; ".join(f"{NAMES[name]}: {share:.0%}" for name, share in shares.items())
        says = f"{said}. By chance {float(kept['chance'][0]):.0%}; the error of such a share is up to {error:.0%}."
        best, also = best_of(shares)
        return Answer(best, says, (_bars(lab, kept),), also)

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """The same with the chosen qubits and bandwidth."""
        spec = f"quantum_kernel:qubits={self.qubits},bandwidth={self.bandwidth:g}"
        return (
            _bars(lab, _shares(self.qubits, self.bandwidth).make(lab)),
            GoOn("Explore its map", "explore", {"collection": lab.source, "method": spec}),
        )


def _bars(lab: Lab, kept: dict[str, npt.NDArray[Any]]) -> Bars:
    shares = {NAMES[name]: float(kept[name][0]) for name in NAMES}
    title, unit = "Nearest of the same kind", f"share of {len(lab.sample(PICTURES))} pictures"
    return Bars(title, shares, unit, ("two random pictures", float(kept["chance"][0])))


def _shares(qubits: int, bandwidth: float) -> Kept:
    params = (("qubits", qubits), ("bandwidth", bandwidth))
    return Kept("qubits", lambda lab, progress: _compute(lab, qubits, bandwidth, progress), params)


def _compute(lab: Lab, qubits: int, bandwidth: float, progress: Progress) -> dict[str, npt.NDArray[Any]]:
    rows = lab.sample(PICTURES)
    images = lab.images(rows)
    shape = lab.label[rows]
    hog = METHODS.create("hog").embed(images)
    mean, axes, _ = principal_axes(hog, qubits)
    found = {"hog": _share(hog, "cosine", shape), "plain": _share((hog - mean) @ axes.T, "euclidean", shape)}
    for done, (name, circuit) in enumerate((("entangled", "iqp"), ("separable", "separable"))):
        progress("Simulating qubits", done, 2)
        method = METHODS.create("quantum_kernel", circuit=circuit, qubits=qubits, bandwidth=bandwidth)
        prepared = [method.prepare(image) for image in images]
        found[name] = _share(method.fit(prepared).embed_batch(prepared), "cosine", shape)
    progress("Simulating qubits", 2, 2)
    found["chance"] = same_by_chance(shape)
    return {name: np.array([value]) for name, value in found.items()}


def _share(vectors: Float, metric: Any, shape: npt.NDArray[Any]) -> float:
    near = neighbors.nearest(np.asarray(vectors, np.float32), metric, 1)[0][:, 0]
    return float((shape[near] == shape).mean())
