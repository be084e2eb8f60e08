"""Worlds: data in many dimensions whose true shape is known, to see what a map keeps of it. One file a world.

A world is a frozen dataclass whose fields are its sliders. It is drawn the same on every machine for the same fields.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from imgsim.parameters import values
from imgsim.registry import Registry
from imgsim.types import Float, Image, key_of


@dataclass(frozen=True, eq=False)
class Sample:
    """N points of a world.

    Attributes:
        vectors: (N, D), what the projectors get.
        truth: (N,) what is true of each point: a group as a whole number, or a place from 0 to 1.
        flat: (N, 2) the true shape, as far as a plane can show it.
        kind: how the truth is coloured: `groups`, a place on a `circle` or along an `axis`.
        pictures: some of the points as pictures, where they are pictures.
    """

    vectors: Float
    truth: Float
    flat: Float
    kind: Literal["groups", "circle", "axis"]
    pictures: tuple[Image, ...] = ()


class World(ABC):
    """A kind of data of known shape."""

    id: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[int] = 1
    true: ClassVar[str]  # what is true of it, one plain sentence or two
    look: ClassVar[str]  # what to look for on the maps

    @abstractmethod
    def draw(self) -> Sample:
        """The points."""

    @property
    def params(self) -> dict[str, Any]:
        """The sliders by name."""
        return values(self)

    @property
    def key(self) -> str:
        """Content key of id, version and sliders."""
        return key_of("world", id=self.id, version=self.version, params=self.params)


WORLDS: Registry[World] = Registry("world", __name__)
