"""Networks that a person trained on their own pictures, by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from imgsim.home import home
from imgsim.methods import METHODS
from imgsim.methods._own_network import OwnNetwork
from imgsim.parameters import param

SUFFIX = ".safetensors"


def folder() -> Path:
    """Where trained networks are kept: `models` in the workspace."""
    return home() / "models"


def names() -> tuple[str, ...]:
    """The names of all trained networks, newest first."""
    files = sorted(folder().glob(f"*{SUFFIX}"), key=lambda file: (-file.stat().st_mtime_ns, file.name))
    return tuple(file.stem for file in files)


@METHODS.register
@dataclass(frozen=True)
class Trained(OwnNetwork):
    """A small network that learnt from a collection of yours, with `imgsim train`."""

    name: str = param("latest", "Which of your trained networks, by the name it was saved under, or latest.")

    id: ClassVar[str] = "trained"
    title: ClassVar[str] = "Trained on your pictures"
    sees: ClassVar[str] = "What varies between your own pictures once the training's distortions are ignored."
    formula: ClassVar[str] = (
        "v = mean over all places of the last feature map of your network; distance 1 − cos(v₁, v₂)"
    )
    blind_to: ClassVar[str] = (
        "What the training's crops, mirroring and colour changes take away; kinds never shown to it."
    )
    reference: ClassVar[str] = (
        "Chen et al. 2020, SimCLR, arXiv:2002.05709; Bardes, Ponce, LeCun 2022, VICReg, arXiv:2105.04906; "
        "Caron et al. 2021, DINO, arXiv:2104.14294"
    )
    licence: ClassVar[str] = "yours"

    @property
    def path(self) -> Path | None:
        """The network's file in the workspace."""
        known = names()
        name = known[0] if self.name == "latest" and known else self.name
        return folder() / f"{name}{SUFFIX}" if name in known else None

    def unavailable(self) -> str | None:
        """Why it cannot run here."""
        if missing := super().unavailable():
            return missing
        if self.path is not None:
            return None
        if known := names():
            return f"there is no trained network {self.name!r}; choose from {', '.join(known)}."
        return "no network has been trained yet; run: imgsim train SOURCE --objective simclr --out NAME"
