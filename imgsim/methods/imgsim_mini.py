"""The packaged backbone: a small network of our own that knows things, without any download."""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import imgsim
from imgsim.methods import METHODS
from imgsim.methods._own_network import OwnNetwork

FILE = "imgsim_mini.safetensors"


@METHODS.register
@dataclass(frozen=True)
class ImgsimMini(OwnNetwork):
    """A residual network of 3.6 million parameters that learnt from a larger one what belongs together."""

    id: ClassVar[str] = "imgsim_mini"
    title: ClassVar[str] = "imgsim mini"
    sees: ClassVar[str] = "What is in the picture, roughly: kinds of things, materials and scenes."
    formula: ClassVar[str] = (
        "v = mean over all places of the last feature map of a small residual network; distance 1 − cos(v₁, v₂)"
    )
    blind_to: ClassVar[str] = "Fine kinds (breeds, models), text, counts, small things in large scenes."
    reference: ClassVar[str] = "Beyer et al. 2022, Knowledge distillation: a good teacher is patient and consistent"
    licence: ClassVar[str] = "own weights, shipped with imgsim; sources in data/weights/MODEL_CARD.md"

    @property
    def path(self) -> Path | None:
        """The packaged file: beside the source tree, or where an installed imgsim keeps its data."""
        folders = (Path(imgsim.__file__).parent.parent / "data", Path(sysconfig.get_path("data")) / "share" / "imgsim")
        return next((path for f in folders if (path := f / "weights" / FILE).is_file()), None)

    def unavailable(self) -> str | None:
        """Why it cannot run here."""
        missing = f"{self.id} needs its file data/weights/{FILE}; install imgsim again or check out the whole project."
        return super().unavailable() or (None if self.path else missing)
