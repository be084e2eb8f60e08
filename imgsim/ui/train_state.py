"""What the Train page shows, as short strings in the URL."""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.errors import InputError, UnknownIdError
from imgsim.training import OBJECTIVES
from imgsim.ui.address import Address

LOCAL = tuple(id for id, facts in OBJECTIVES.items() if not facts.needs_teacher)
FEWEST, MOST = 20, 20_000  # steps


@dataclass(frozen=True)
class TrainView:
    """The choices for the next training, and which one is shown.

    Attributes:
        collection: SOURCE.
        objective: an id of `OBJECTIVES` that needs no teacher.
        label: field for the kNN accuracy; `-` for none, empty for the collection's first.
        steps: how long.
        show: name of the training that is shown; empty for the newest.
    """

    collection: str = "builtin:shapes"
    objective: str = "simclr"
    label: str = ""
    steps: int = 300
    show: str = ""


def read_objective(text: str) -> str:
    """An objective that needs no teacher."""
    if text not in LOCAL:
        raise UnknownIdError("objective", text, LOCAL)
    return text


def read_steps(text: str) -> int:
    """A number of steps within the bounds."""
    if not text.isdigit() or not FEWEST <= int(text) <= MOST:
        raise InputError(f"steps must be {FEWEST} to {MOST}, got {text[:20]!r}; choose a number on the page.")
    return int(text)


ADDRESS = Address("train", TrainView, {"objective": read_objective, "steps": read_steps})
