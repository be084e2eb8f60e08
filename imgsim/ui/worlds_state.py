"""What the page Known worlds shows, as short strings in the URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imgsim.errors import InputError
from imgsim.projections import PROJECTORS
from imgsim.ui import state
from imgsim.ui.address import Address
from imgsim.worlds import WORLDS

MOST_SEED = 999


@dataclass(frozen=True)
class WorldsView:
    """One world and the settings of its maps; the field names are the names in the URL.

    Attributes:
        world: spec of the world, its sliders included.
        tsne, umap: specs of these projectors; PCA has nothing to set.
        seed: of the maps, as text.
    """

    world: str = "clusters"
    tsne: str = "tsne"
    umap: str = "umap"
    seed: str = "0"

    @property
    def maps(self) -> list[str]:
        """The projectors in the order they are shown."""
        return ["pca", self.tsne, self.umap]

    @property
    def arguments(self) -> dict[str, Any]:
        """What the job is told."""
        return {"world": self.world, "maps": self.maps, "seed": int(self.seed)}


def _of(id: str) -> Any:
    def read(text: str) -> str:
        spec = state.canonical(PROJECTORS, text)
        if PROJECTORS.parse(spec).id != id:
            raise InputError(f"{id} must be settings of {id}, got {text[:40]!r}; taking its defaults.")
        return spec

    return read


def _read_seed(text: str) -> str:
    if not (text.isdecimal() and int(text) <= MOST_SEED):
        raise InputError(f"seed must be a whole number from 0 to {MOST_SEED}, got {text[:20]!r}; taking 0.")
    return text


ADDRESS = Address(
    "worlds",
    WorldsView,
    {
        "world": lambda text: state.canonical(WORLDS, text),
        "tsne": _of("tsne"),
        "umap": _of("umap"),
        "seed": _read_seed,
    },
    always=("world",),
)
