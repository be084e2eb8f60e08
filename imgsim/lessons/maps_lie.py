"""Lesson 8: what a map keeps of a space, and what it makes up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from imgsim.lessons import LESSONS, Answer, Lesson, choice_of
from imgsim.lessons.blocks import Bars, Block, GoOn, Map, Maps
from imgsim.lessons.lab import Lab, MapOf, Need
from imgsim.parameters import param
from imgsim.projections import PROJECTORS
from imgsim.types import Float
from imgsim.worlds import WORLDS, Sample
from imgsim.worlds.clusters import Clusters
from imgsim.worlds.maps import WorldMap

GROUPS, NOISE = "clusters", "cloud"
SHOWN = ("pca", "tsne", "umap")


@LESSONS.register
@dataclass(frozen=True)
class MapsLie(Lesson):
    """Three groups at known distances, and a cloud with no groups at all, on maps."""

    id = "maps_lie"
    number = 8
    title = "Maps, and how they lie"
    minutes = 10
    place = "Worlds of known shape"
    fixed = "Stays on worlds that we made: of your own pictures nobody knows the true distances."
    story: ClassVar[str] = (
        "A map draws a space of many dimensions on a plane. It cannot keep everything, so each kind chooses: PCA keeps "
        "large differences in proportion, t-SNE and UMAP keep neighbours together.\n\n"
        "Here the truth is known, because we made it: three groups of points in fifty dimensions. The second is near "
        "the first; the third is five times as far away. The drawing shows it."
    )
    question = "On the t-SNE map, how many times as far as the second group is the third from the first?"
    choices: ClassVar[dict[str, str]] = {
        "true": "About five times: a map keeps distances",
        "less": "Two to three times",
        "same": "About equally far: less than one and a half times",
    }
    why: ClassVar[str] = (
        "t-SNE and UMAP only ask who is near whom. Once two groups share no neighbours, nothing in their rules says "
        "how far apart they should be drawn. The same holds for size: a group of a few points that lie wide apart, "
        "and a crowd of many that lie close, are drawn about equally dense.\n\n"
        "PCA kept the proportion here, as the groups were laid out in one plane. Of a real collection it would keep "
        "the largest differences only, and lay everything else on top of each other."
    )
    task: ClassVar[str] = (
        "The cloud has no groups. Lower the perplexity of t-SNE, or the neighbours of UMAP, until you "
        "see some. Change the seed: what moves was never there. Then take the ring, and find settings that tear it."
    )
    takeaway = (
        "On a t-SNE or UMAP map only this is evidence: who is near whom. Sizes and distances of islands are not.",
        "Before you believe an island: other seed, other perplexity, and how many neighbours the map kept.",
    )
    references = (
        "Wattenberg, Viegas, Johnson 2016, How to use t-SNE effectively, doi:10.23915/distill.00002",
        "Chari, Pachter 2023, The specious art of single-cell genomics, doi:10.1371/journal.pcbi.1011288",
    )

    world: str = param("cloud", "What is true.", choices=("clusters", "cloud", "ring", "factors"))
    map: str = param("tsne", "Which kind of map.", choices=SHOWN)
    perplexity: int = param(5, "For t-SNE: about how many neighbours a point looks at.", minimum=2, maximum=60)
    n_neighbors: int = param(5, "For UMAP: how many neighbours a point holds on to.", minimum=2, maximum=60)
    min_dist: float = param(0.1, "For UMAP: how close points may lie.", minimum=0.0, maximum=0.6)
    seed: int = param(0, "Start of the random numbers of the map.", minimum=0, maximum=20)

    def needs(self, lab: Lab) -> Sequence[Need]:  # noqa: ARG002
        """The maps of the answer, and the one of the dials."""
        return (*(MapOf(GROUPS, name) for name in SHOWN), self._chosen)

    @property
    def _chosen(self) -> MapOf:
        params = {
            "tsne": f":perplexity={self.perplexity}",
            "umap": f":n_neighbors={self.n_neighbors},min_dist={self.min_dist:g}",
        }
        return MapOf(self.world, self.map + params.get(self.map, ""), self.seed)

    def scene(self, lab: Lab) -> tuple[Block, ...]:  # noqa: ARG002
        """The truth."""
        return (Maps((_true(GROUPS),)),)

    def answer(self, lab: Lab) -> Answer:
        """The ratio of distances on each map."""
        made = {name: MapOf(GROUPS, name).make(lab) for name in SHOWN}
        truth = WORLDS.parse(GROUPS).draw().truth
        ratios = {PROJECTORS[name].title: _ratio(one.xy, truth) for name, one in made.items()}
        on = _ratio(made["tsne"].xy, truth)
        true = Clusters().far
        choice = choice_of(on, ((1.5, "same"), (3.5, "less"), (np.inf, "true")))
        says = (
            f"On the t-SNE map the third group is {on:.1f} times as far as the second; in truth it is {true:g} times. "
            f"UMAP says {ratios[PROJECTORS['umap'].title]:.1f}, PCA {ratios[PROJECTORS['pca'].title]:.1f}."
        )
        maps = Maps((_true(GROUPS), *(_drawn(GROUPS, name, one) for name, one in made.items())))
        bars = Bars("How many times as far as the second is the third?", ratios, "times", ("true", true), share=False)
        return Answer(choice, says, (maps, bars))

    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """The chosen map beside the truth."""
        made = self._chosen.make(lab)
        return (
            Maps((_true(self.world), _drawn(self.world, self.map, made))),
            GoOn("All maps of a world side by side", "worlds", {"world": self.world}),
        )


def _true(world: str) -> Map:
    sample = WORLDS.parse(world).draw()
    return Map("The truth", sample.flat, sample.truth, sample.kind, WORLDS[world].title)


def _drawn(world: str, projector: str, made: WorldMap) -> Map:
    sample: Sample = WORLDS.parse(world).draw()
    note = f"trustworthiness {made.trustworthiness:.2f}<br>neighbours kept {made.knn_recall:.0%}"
    return Map(PROJECTORS[projector].title, made.xy, sample.truth, sample.kind, note)


def _ratio(xy: Float, truth: Float) -> float:
    """Distance of the middles of group 3 and 1 over that of 2 and 1."""
    first, second, third = (np.median(xy[truth == group], axis=0) for group in range(3))
    return float(np.linalg.norm(third - first) / max(float(np.linalg.norm(second - first)), 1e-9))
