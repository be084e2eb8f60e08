"""What the Lessons page shows, as short strings in the URL: the lesson with its dials, the step, the collection."""

from __future__ import annotations

from dataclasses import dataclass

from imgsim.errors import InputError
from imgsim.lessons import LESSONS, STEPS, Lesson, course
from imgsim.parameters import parse_spec
from imgsim.ui import state
from imgsim.ui.address import Address


@dataclass(frozen=True)
class LessonView:
    """One step of one lesson; the field names are the names in the URL.

    Attributes:
        lesson: spec of the lesson, its dials included; "" for the first.
        step: one of `STEPS`.
        on: SOURCE it is held on, "" for its own.
        room: "1" to show what the room predicts while it does.
    """

    lesson: str = "pixels_fail"
    step: str = "question"
    on: str = ""
    room: str = ""

    @property
    def held(self) -> Lesson:
        """The lesson with its dials."""
        return LESSONS.parse(self.lesson)

    @property
    def id(self) -> str:
        """The lesson without its dials."""
        return parse_spec(self.lesson)[0]

    @property
    def source(self) -> str:
        """SOURCE that it is held on."""
        lesson = LESSONS[self.id]
        return lesson.source if lesson.fixed or not self.on else self.on


def update(**changes: str) -> None:
    """Change the view; another lesson begins at its question, on its own collection."""
    view = ADDRESS.read()[0]
    if "lesson" in changes and parse_spec(changes["lesson"])[0] != view.id:
        changes = {"step": STEPS[0], "on": "", **changes}
    ADDRESS.update(**changes)


def after(view: LessonView) -> dict[str, str] | None:
    """The changes that lead one step on; None at the end of the course."""
    place = STEPS.index(view.step)
    if place + 1 < len(STEPS):
        return {"step": STEPS[place + 1]}
    later = _neighbour(view, 1)
    return {"lesson": later, "step": STEPS[0]} if later else None


def before(view: LessonView) -> dict[str, str] | None:
    """The changes that lead one step back; None at the beginning of the course."""
    place = STEPS.index(view.step)
    if place:
        return {"step": STEPS[place - 1]}
    earlier = _neighbour(view, -1)
    return {"lesson": earlier, "step": STEPS[-1]} if earlier else None


def _neighbour(view: LessonView, way: int) -> str:
    ids = [lesson.id for lesson in course()]
    place = ids.index(view.id) + way
    return ids[place] if 0 <= place < len(ids) else ""


def _read_step(text: str) -> str:
    if text not in STEPS:
        raise InputError(f"step must be one of {', '.join(STEPS)}, got {text[:20]!r}; taking the first.")
    return text


ADDRESS = Address(
    "lessons",
    LessonView,
    {
        "lesson": lambda text: state.canonical(LESSONS, text),
        "step": _read_step,
        "room": lambda text: "1" if text == "1" else "",
    },
    always=("lesson", "step"),
)
