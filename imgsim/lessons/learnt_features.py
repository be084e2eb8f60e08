"""Lesson 6: inside a network, from edges and colours to things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt

from imgsim import neighbors
from imgsim.images.sources.photos import base_photo
from imgsim.lessons import LESSONS, Answer, Lesson
from imgsim.lessons.blocks import Block, Curves, GoOn, Pictures, Shown
from imgsim.lessons.lab import Kept, Lab, Need, same_by_chance
from imgsim.methods import METHODS
from imgsim.methods.imgsim_mini import ImgsimMini
from imgsim.parameters import param
from imgsim.progress import Progress
from imgsim.raster import squash
from imgsim.types import Float, Image

QUERIES = 96
K = 5
FACTORS = ("shape", "colour")
STAGES = 4
SIDE = 96
PHOTOS = ("astronaut/original", "coffee/original", "chelsea/original", "rocket/original")
BATCH = 24


@LESSONS.register
@dataclass(frozen=True)
class LearntFeatures(Lesson):
    """What near pictures share at each stage of the packaged network."""

    id = "learnt_features"
    number = 6
    title = "From edges to things"
    minutes = 8
    source = "builtin:shapes"
    fixed = "Stays on the drawn shapes: only there do shape and colour vary independently and are known."
    story: ClassVar[str] = (
        "Nobody tells a network what to look at. It has a chain of stages; each turns small neighbourhoods of the "
        "stage before into new channels, and is adjusted until the last one serves the task: here, to tell what is "
        "on a photo.\n\nEvery stage can be used as a method of its own: average each channel over the picture, and "
        "compare. The drawn shapes tell us what it looks at, as shape and colour vary independently."
    )
    question = "From the first stage to the last: whose importance for the neighbours changes most?"
    choices: ClassVar[dict[str, str]] = {
        "shape_up": "Shape: it counts more and more",
        "colour_down": "Colour: it counts less and less",
        "neither": "Neither: all stages see about the same",
    }
    why: ClassVar[str] = (
        "The first stage sees a few pixels at a time: edges and spots of colour, wherever they are. Averaged over the "
        "picture that is close to a colour histogram with some texture. Each stage joins what lies around, so that "
        "later ones see corners, then parts, then whole things.\n\nThe channels shown beside the answer were chosen by "
        "their strength on that photo alone; what they respond to is visible, what they mean is a guess."
    )
    task: ClassVar[str] = (
        "Go through the stages of the network on a real photo and look at its strongest channels. Up to which stage "
        "can you still say what the picture shows? In which do channels begin to light up on things rather than on "
        "edges?"
    )
    takeaway = (
        "Early stages see colours, edges and texture; late ones see things, and forget where and in which colour.",
        "Which stage is best depends on the question: copies and materials early, meaning late.",
    )
    references = (
        "Zeiler, Fergus 2014, Visualizing and understanding convolutional networks, arXiv:1311.2901",
        "Yosinski, Clune, Bengio, Lipson 2014, How transferable are features in deep neural networks?, arXiv:1411.1792",
    )

    stage: int = param(1, "Stage of the network, 1 the earliest.", minimum=1, maximum=STAGES)
    photo: str = param("astronaut", "The photo.", choices=("astronaut", "coffee", "chelsea", "rocket"))

    def needs(self, lab: Lab) -> Sequence[Need]:  # noqa: ARG002
        """What near shapes share at each stage, and the channels of the photo."""
        return (_sharing(), _channels(self.photo))

    def scene(self, lab: Lab) -> tuple[Block, ...]:
        """Shapes, and one photo as the last stage sees it."""
        ids = [lab.collection.ids[row] for row in lab.sample(8)]
        return (
            Pictures(f"Some of the {QUERIES} shapes it is tried on", tuple(Shown(id, source=lab.source) for id in ids)),
            self._the_photo(),
            self._strongest(lab, 1),
        )

    def answer(self, lab: Lab) -> Answer:
        """The shares by stage."""
        kept = _sharing().make(lab)
        curves = {name: tuple(map(float, kept[name])) for name in FACTORS}
        up, down = curves["shape"][-1] - curves["shape"][0], curves["colour"][0] - curves["colour"][-1]
        choice = "neither" if max(up, down) < 0.1 else "shape_up" if up >= down else "colour_down"
        says = (
            f"From the first stage to the last, neighbours of the same shape go from {curves['shape'][0]:.0%} to "
            f"{curves['shape'][-1]:.0%}, of the same colour from {curves['colour'][0]:.0%} to "
            f"{curves['colour'][-1]:.0%}. Random pairs share the shape in {float(kept['chance'][0]):.0%} and the "
            f"colour in {float(kept['chance'][1]):.0%}."
        )
        drawn = Curves(
            f"What the {K} nearest share, by stage",
            tuple(float(s) for s in range(1, STAGES + 1)),
            {name.capitalize(): values for name, values in curves.items()},
            "stage",
            f"share of the {K} nearest",
            ("random pairs, shape", float(kept["chance"][0])),
        )
        stages = (self._strongest(lab, stage) for stage in range(1, STAGES + 1))
        return Answer(choice, says, (drawn, self._the_photo(), *stages))

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """The strongest channels of a stage."""
        params = {"method": "imgsim_mini", "image": f"{self.photo}/original"}
        return (
            self._the_photo(),
            self._strongest(lab, self.stage),
            GoOn("See every step of a method", "inspector", params),
        )

    def _the_photo(self) -> Pictures:
        return Pictures("The photo", (Shown(self.photo, base_photo(self.photo)),))

    def _strongest(self, lab: Lab, stage: int) -> Pictures:
        pictures = _channels(self.photo).make(lab)[f"stage_{stage}"]
        return Pictures(
            f"Stage {stage}: its strongest channels on the photo",
            tuple(Shown(f"stage {stage}, channel {i + 1}", np.asarray(p)) for i, p in enumerate(pictures)),
        )


def strongest(maps: Float, n: int) -> list[Float]:
    """The n maps (h, w), each 0 to 1, of the channels of an (h, w, C) map that vary most over the picture."""
    order = np.argsort(-maps.std(axis=(0, 1)), kind="stable")[:n]
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    return [(maps[:, :, c] - low[c]) / max(float(high[c] - low[c]), 1e-9) for c in order]


def _sharing() -> Kept:
    return Kept("stages_sharing", _compute_sharing)


def _compute_sharing(lab: Lab, progress: Progress) -> dict[str, npt.NDArray[Any]]:
    network = cast(ImgsimMini, METHODS.create("imgsim_mini"))
    rows = lab.sample(QUERIES)
    parts: list[list[Float]] = [[] for _ in range(STAGES)]
    for start in range(0, len(rows), BATCH):
        progress("Looking at shapes stage by stage", start, len(rows))
        prepared = [network.prepare(lab.image(row)) for row in rows[start : start + BATCH]]
        for stage, maps in enumerate(network.stage_maps(prepared)):
            parts[stage].append(maps.mean(axis=(1, 2)))
    progress("Looking at shapes stage by stage", len(rows), len(rows))
    near = [neighbors.nearest(np.concatenate(part), "cosine", K)[0] for part in parts]
    labels = {name: lab.collection.field(name)[rows] for name in FACTORS}
    found = {n: np.array([(v[i] == v[:, None]).mean() for i in near]) for n, v in labels.items()}
    return found | {"chance": np.array([same_by_chance(values) for values in labels.values()])}


def _channels(photo: str) -> Kept:
    return Kept("stages_channels", lambda _lab, _progress: _compute_channels(photo), (("photo", photo),))


def _compute_channels(photo: str) -> dict[str, npt.NDArray[Any]]:
    network = cast(ImgsimMini, METHODS.create("imgsim_mini"))
    maps = network.stage_maps([network.prepare(base_photo(photo))])
    return {f"stage_{i + 1}": np.stack([_picture(m) for m in strongest(found[0], 8)]) for i, found in enumerate(maps)}


def _picture(values: Float) -> Image:
    grey = np.repeat((255 * values).astype(np.uint8)[:, :, None], 3, axis=2)
    return np.asarray(squash(grey, SIDE, SIDE))
