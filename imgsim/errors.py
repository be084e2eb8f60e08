"""Everything imgsim raises on purpose, as one tree.

ImgsimError
├── InputError            what the caller gave cannot be used
│   └── UnknownIdError    no method, projector, collection or field of that name
├── UnreadableImageError  one image cannot be decoded; the rest of its collection goes on
├── UnavailableError      weights, an optional package or a place on a network are out of reach
└── CancelledError        the person asked to stop

Each message is one sentence that says what to do next; the command line and the pages show it as it is.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ImgsimError(Exception):
    """Base of every error that imgsim raises on purpose."""


class InputError(ImgsimError, ValueError):
    """What the caller gave cannot be used."""


class UnknownIdError(InputError):
    """No item of that id; names the nearest one that exists."""

    def __init__(self, kind: str, wanted: str, known: Iterable[str]) -> None:
        names = list(known)
        near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"choose from {_shown(names)}."
        super().__init__(f"{kind} must be a known id, got {wanted!r}; {hint}")


class UnreadableImageError(ImgsimError):
    """One image cannot be decoded; the message is the reason, in a few plain words."""


class UnavailableError(ImgsimError):
    """Weights, an optional package or a place on a network are out of reach; the message says what to do."""


class CancelledError(ImgsimError):
    """The person asked to stop."""


def _shown(names: list[str], most: int = 12) -> str:
    shown = ", ".join(sorted(names)[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
