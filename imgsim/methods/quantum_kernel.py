"""Quantum kernel: how much the states overlap that two images prepare on a few simulated qubits."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from imgsim.methods import METHODS, Array, Method
from imgsim.methods._quantum import density_vector, feature_state, fidelities
from imgsim.parameters import fitted, param
from imgsim.principal import principal_axes
from imgsim.types import Float, Image, Metric, key_of

EXACT_QUBITS = 6  # up to which the vector is the whole density matrix, 4^n numbers
N_LANDMARKS = 256
MOST_IMAGES = 2000  # that the principal components are learnt from
WIDEST = 3.0  # standard deviations, beyond which a coordinate is clipped
RANK = 1e-9  # share of the largest eigenvalue below which a landmark says nothing new


@METHODS.register
@dataclass(frozen=True)
class QuantumKernel(Method):
    """A small descriptor on its first principal components, each the angle of one qubit of a feature-map circuit.

    The inner product of two vectors is the fidelity |<a|b>|^2 of their states, 0 to 1, so the cosine similarity is the
    kernel. Up to 6 qubits the vector is the density matrix and this is exact. Beyond, 4^n numbers are too many: the
    vector is made of the fidelities with 256 landmark images (Nystrom), exact among these and near elsewhere; `kernel`
    is exact at any size.

    Simulated on an ordinary computer: it costs 2^n a state, shows what such a kernel does, and is not expected to beat
    a kernel on the descriptor itself. `separable` is the control: what it reaches needs no entanglement, and can be
    had without any qubits as a product of cosines. The bandwidth matters more than the circuit (Shaydulin, Wild:
    Importance of kernel bandwidth in quantum machine learning, PRA 2022, arXiv:2111.05451).
    """

    id = "quantum_kernel"
    title = "Quantum kernel (simulated)"
    family = "quantum"
    sees = "What its small descriptor sees, along the few ways in which this collection varies most."
    blind_to = "Everything beyond one number a qubit; simulated, and not expected to win."
    formula = "k(a, b) = |⟨ψ(a)|ψ(b)⟩|², ψ(a) the state that a circuit with the angles a prepares; distance 1 − k"
    reference = "Havlicek et al.: Quantum-enhanced feature spaces, Nature 2019, doi:10.1038/s41586-019-0980-2"
    licence = "none needed"

    circuit: str = param(
        "iqp",
        "Which feature map: angle, ZZ and IQP entangle the qubits; separable is the control that does not.",
        choices=("angle", "zz", "iqp", "separable"),
    )
    qubits: int = param(
        5, "Qubits, one principal component each; time and memory double with each.", minimum=1, maximum=12
    )
    repetitions: int = param(2, "How often the circuit is repeated.", minimum=1, maximum=4)
    bandwidth: float = param(
        0.3,
        "Angle in radians of one standard deviation; too large and all images are equally far (ZZ wants 0.03).",
        minimum=0.01,
        maximum=2,
    )
    descriptor: str = param(
        "hog", "The descriptor to start from.", choices=("hog", "gist", "lbp", "color_moments", "pixels")
    )
    mean: Array | None = fitted()
    axes: Array | None = fitted()
    landmarks: Array | None = fitted()

    @property
    def metric(self) -> Metric:
        """Cosine: 1 minus the fidelity, 0 to 1."""
        return "cosine"

    @property
    def dim(self) -> int:
        """4^n, or one number a landmark."""
        return 4**self.qubits if self.qubits <= EXACT_QUBITS else N_LANDMARKS

    @property
    def min_side(self) -> int:
        """Short side in pixels that the descriptor needs."""
        return self._base.min_side

    @property
    def key(self) -> str:
        """Chained to the key of the descriptor."""
        return key_of("method", id=self.id, version=self.version, params=self.params, descriptor=self._base.key)

    def prepare(self, image: Image) -> Array:
        """What the descriptor prepares."""
        return self._base.prepare(image)

    def fit(self, prepared: Sequence[Array]) -> Self:
        """Learns the principal components, their spread, and the landmarks, from sample images."""
        chosen = np.linspace(0, len(prepared) - 1, min(len(prepared), MOST_IMAGES)).astype(int)
        points = self._base.embed_batch([prepared[i] for i in chosen])
        mean, axes, variances = principal_axes(points, self.qubits)
        spread = np.sqrt(variances)[:, None]
        ready = dataclasses.replace(self, mean=mean, axes=axes / np.where(spread > 0, spread, 1))
        few = np.linspace(0, len(points) - 1, min(len(points), N_LANDMARKS)).astype(int)
        return dataclasses.replace(ready, landmarks=ready._angles(points[few]))

    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, D)."""
        vector = density_vector if self.qubits <= EXACT_QUBITS else self._landmark_map()
        rows = [vector(state) for state in self.states(prepared)]
        return np.asarray(rows, dtype=np.float32).reshape(len(prepared), self.dim)

    def states(self, prepared: Sequence[Array]) -> Array:
        """(B, 2^n) complex states."""
        return self._states(self._angles(self._base.embed_batch(prepared)))

    def kernel(self, prepared_a: Sequence[Array], prepared_b: Sequence[Array]) -> Array:
        """(A, B) exact fidelities, 0 to 1, of two lots of prepared images."""
        return fidelities(self.states(prepared_a), self.states(prepared_b))

    @property
    def _base(self) -> Method:
        return METHODS.create(self.descriptor)

    def _angles(self, points: Array) -> Array:
        """(B, n) radians of (B, D') descriptors."""
        mean, axes = self.learnt("mean"), self.learnt("axes")
        # One image at a time: a product of matrices would round differently for each size of batch.
        rows = [np.clip(axes @ (point - mean), -WIDEST, WIDEST) * self.bandwidth for point in points]
        return np.asarray(rows, np.float32).reshape(len(points), self.qubits)

    def _states(self, angles: Array) -> Array:
        rows = [feature_state(x, self.circuit, self.repetitions) for x in angles]
        return np.asarray(rows, np.complex128).reshape(len(angles), 2**self.qubits)

    def _landmark_map(self) -> Callable[[Array], Array]:
        """State -> (256,): its fidelities with the landmarks, mapped so that inner products are fidelities again."""
        landmarks = self._states(self.learnt("landmarks"))
        values, vectors = np.linalg.eigh(fidelities(landmarks, landmarks))
        kept = values > RANK * values.max()
        root = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T  # no sign is free in the symmetric root
        missing = N_LANDMARKS - len(landmarks)
        return lambda state: np.pad(root @ fidelities(landmarks, state[None])[:, 0], (0, missing))
