"""Lessons: a question, a prediction, what is true, one thing to break, and what to keep. One file a lesson.

A lesson is a frozen dataclass whose fields are its dials (`imgsim.parameters.param`): they give the form and the link.
Its text is Markdown and claims no measured number; every number on the page is computed by `answer` and `broken`, when
they are asked for, on the collection at hand. What they give are blocks (`imgsim.lessons.blocks`): data, not widgets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from imgsim.lessons.blocks import Block
from imgsim.lessons.lab import Lab, Need
from imgsim.parameters import values
from imgsim.registry import Registry

STEPS = ("question", "answer", "break", "keep")
TITLES = {"question": "Predict", "answer": "See", "break": "Break it", "keep": "Keep"}


@dataclass(frozen=True)
class Answer:
    """What is true.

    Attributes:
        choice: id of the choice that it makes right.
        says: one or two sentences with the computed numbers, Markdown.
        blocks: what shows it.
        also: choices that are as right, where several come out equal.
    """

    choice: str
    says: str
    blocks: tuple[Block, ...] = ()
    also: tuple[str, ...] = ()


class Lesson(ABC):
    """One lesson of five to ten minutes. Subclasses are frozen dataclasses whose fields are the dials to break it."""

    id: ClassVar[str]
    number: ClassVar[int]  # its place in the course, from 1
    title: ClassVar[str]
    minutes: ClassVar[int]
    story: ClassVar[str]  # what one has to know to predict, Markdown
    question: ClassVar[str]
    choices: ClassVar[dict[str, str]]  # by id what can be predicted, in the order it is offered
    why: ClassVar[str]  # what is behind the answer, Markdown
    task: ClassVar[str]  # what to break and what to look for, Markdown
    takeaway: ClassVar[tuple[str, str]]
    references: ClassVar[tuple[str, ...]]
    source: ClassVar[str] = "builtin:photos"
    place: ClassVar[str] = ""  # what it is held on, where that is not a collection
    fixed: ClassVar[str] = ""  # why it stays on its own collection; "" where it can be held on any other
    version: ClassVar[int] = 1

    def needs(self, lab: Lab) -> Sequence[Need]:  # noqa: ARG002 - for those that need some
        """What must be computed before, in the background, because it takes longer than a moment."""
        return ()

    def scene(self, lab: Lab) -> tuple[Block, ...]:  # noqa: ARG002 - for those that show some
        """What stands beside the question."""
        return ()

    @abstractmethod
    def answer(self, lab: Lab) -> Answer:
        """What is true, computed now with the dials at their defaults."""

    @abstractmethod
    def broken(self, lab: Lab) -> tuple[Block, ...]:
        """What the dials do."""

    @property
    def params(self) -> dict[str, Any]:
        """The dials by name."""
        return values(self)


LESSONS: Registry[Lesson] = Registry("lesson", __name__)


def course() -> list[type[Lesson]]:
    """All lessons in their order."""
    return sorted(LESSONS, key=lambda lesson: lesson.number)


def best_of(values: Mapping[str, float]) -> tuple[str, tuple[str, ...]]:
    """The choice of the highest value, and the others that reach it."""
    best = max(values, key=lambda name: values[name])
    return best, tuple(name for name, value in values.items() if value == values[best] and name != best)


def choice_of(value: float, limits: Sequence[tuple[float, str]]) -> str:
    """The choice of the first limit that the value does not exceed; limits ascending, the last one without end."""
    return next((choice for limit, choice in limits if value <= limit), limits[-1][1])
