"""Sights: a small picture of what a method sees of a photo, for people. One file a kind of picture.

A kind says for which method ids and families it stands. A method that no kind names gets `patches`, which works for
every method that runs: so a new method is still one new file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from imgsim.methods import Method
from imgsim.registry import Registry
from imgsim.types import Image

SIDE = 168  # pixels of a drawn picture


class Sight(ABC):
    """A kind of picture."""

    id: ClassVar[str]
    caption: ClassVar[str]  # what is drawn, one plain sentence
    methods: ClassVar[tuple[str, ...]] = ()  # ids it stands for
    families: ClassVar[tuple[str, ...]] = ()  # families it stands for where no kind names the method

    @abstractmethod
    def draw(self, method: Method, image: Image) -> Image:
        """(SIDE, SIDE, 3) uint8 of a method, looking at an (H, W, 3) uint8 photo."""


SIGHTS: Registry[Sight] = Registry("sight", __name__)


def sight_of(method: type[Method]) -> Sight:
    """The kind of picture that stands for a method."""
    by_id = [kind for kind in SIGHTS if method.id in kind.methods]
    by_family = [kind for kind in SIGHTS if method.family in kind.families]
    return (by_id or by_family or [SIGHTS["patches"]])[0]()
