"""Explanations: why does a method find two images similar? One file a kind of evidence; `EXPLANATIONS` finds them.

A kind says for which ids (of methods or pair scores) and families it stands, and may look at the method itself
(`stands_for`). A method that no kind names gets `occlusion`, which works for every method that runs: so a new method is
still one new file. Evidence is numbers, pictures and bars; pages draw it without knowing the kind.

Evidence is *exact* where it has `parts`, which sum to the similarity that the method itself gives; other evidence
illustrates.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from imgsim.methods import Array, Method
from imgsim.pair_scores import PairScore
from imgsim.registry import Registry
from imgsim.types import Float, Image

SIDE = 420  # long side in pixels of the pictures that evidence is drawn on
Subject = Method | PairScore


@dataclass(frozen=True, eq=False)
class Picture:
    """One drawn picture: its title, (H, W, 3) uint8 pixels and what the colours mean."""

    title: str
    pixels: Image
    caption: str = ""


@dataclass(frozen=True, eq=False)
class Bars:
    """n pairs of bars, of the first and the second image.

    Attributes:
        title: the question that the bars answer.
        labels: (n,) names.
        a: (n,) values of the first image.
        b: (n,) values of the second image.
        unit: what a value is.
        colors: (n,) as `#rrggbb`, where a bar stands for a colour; else empty.
    """

    title: str
    labels: tuple[str, ...]
    a: Float
    b: Float
    unit: str
    colors: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Evidence:
    """What an explanation found.

    Attributes:
        kind: id of the explanation.
        says: the finding in one or two plain sentences, numbers included.
        pictures: what was drawn.
        bars: pairs of bars, where there are.
        numbers: further values by name, units in the name.
        arrays: the parts behind the drawings, by name, for notebooks and tests.
    """

    kind: str
    says: str
    pictures: tuple[Picture, ...] = ()
    bars: Bars | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether `arrays["parts"]` sums to the similarity of the method."""
        return "parts" in self.arrays


class Explanation(ABC):
    """A kind of evidence."""

    id: ClassVar[str]
    title: ClassVar[str]  # a question
    sees: ClassVar[str]  # what is drawn, one plain sentence
    methods: ClassVar[tuple[str, ...]] = ()  # ids it stands for
    families: ClassVar[tuple[str, ...]] = ()  # families it stands for where no kind names the method
    reference: ClassVar[str] = ""
    version: ClassVar[int] = 1  # raise it when the code gives other evidence

    def stands_for(self, subject: Subject) -> bool:  # noqa: ARG002 - most look at ids and families alone
        """Whether it can explain this method, among those of its ids and families."""
        return True

    @abstractmethod
    def explain(self, subject: Subject, a: Image, b: Image) -> Evidence:
        """Evidence on two (H, W, 3) uint8 images; a method that learns has been fitted."""


EXPLANATIONS: Registry[Explanation] = Registry("explanation", __name__)


def explanation_of(subject: Subject) -> Explanation:
    """The kind of evidence that stands for a method or pair score: by id, else by family, else occlusion."""
    kinds = [cls() for cls in EXPLANATIONS]
    named = [kind for kind in kinds if subject.id in kind.methods and kind.stands_for(subject)]
    of_family = [kind for kind in kinds if subject.family in kind.families and kind.stands_for(subject)]
    return (named or of_family or [EXPLANATIONS["occlusion"]()])[0]


def explain(subject: Subject, a: Image, b: Image) -> Evidence:
    """The evidence of a method or pair score on two (H, W, 3) uint8 images.

    What a method wears after a plus changes vectors as a whole, so its evidence is that of the method itself.
    """
    from imgsim.methods.worn import Worn

    bare = subject.base if isinstance(subject, Worn) else subject
    return explanation_of(bare).explain(bare, a, b)
