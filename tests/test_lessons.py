"""Every lesson: its text claims no measured number, and predict, see, break, keep work on real collections."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from imgsim.errors import InputError
from imgsim.lessons import LESSONS, STEPS, Answer, best_of, choice_of, course
from imgsim.lessons.blocks import Bars, Curves, GoOn, Maps, Pictures
from imgsim.lessons.lab import Lab, distances, found_again
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import silent
from imgsim.tasks import lesson as lesson_task
from imgsim.ui import cards, catalogue, handout, lessons, lessons_state, map_state, progress
from imgsim.ui.jobs import JobManager
from imgsim.ui.lessons_state import LessonView
from imgsim.ui.once import Once
from imgsim.ui.predictions import MOST_VOTERS, ROOM, Room
from imgsim.workspace import Workspace
from tests.test_jobs import FAKE
from tests.test_pages import folder_of, html_of, open_page, said

IDS = [lesson.id for lesson in course()]
MEASURED = re.compile(r"\d\s?%|\d\.\d|\d+ of \d+")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One workspace for all lessons, so that no collection is read twice."""
    return tmp_path_factory.mktemp("lessons")


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("IMGSIM_HOME", str(home))
    manager = JobManager(FAKE)
    for module in (map_state, progress, cards, catalogue):
        monkeypatch.setattr(module, "manager", lambda: manager)
    yield home
    manager.close()


def lab_of(home: Path, id: str) -> Lab:
    return Lab(Pipeline(Workspace(home)), LESSONS[id].source)


def prepare(id: str) -> None:
    lesson_task.run({"lesson": id, "source": LESSONS[id].source}, silent)


def test_the_course_is_in_order_and_complete() -> None:
    assert [lesson.number for lesson in course()] == list(range(1, len(LESSONS) + 1))
    assert len({lesson.title for lesson in course()}) == len(LESSONS)


@pytest.mark.parametrize("id", IDS)
def test_the_text_of_a_lesson_claims_no_measured_number(id: str) -> None:
    lesson = LESSONS[id]
    for text in (lesson.story, lesson.why, lesson.task, *lesson.takeaway):
        assert not MEASURED.search(text), text
    assert len(lesson.takeaway) == 2
    assert lesson.references
    assert all("](" in lessons._linked(one) for one in lesson.references if "doi:" in one or "arXiv:" in one)
    assert all(re.search(r"\b(1[89]|20)\d\d\b", reference) for reference in lesson.references)
    assert 2 <= len(lesson.choices) <= 5
    assert 3 <= lesson.minutes <= 12
    assert lesson.question.endswith("?")
    assert lesson().params, "a lesson has at least one thing to break"


@pytest.mark.parametrize("id", IDS)
def test_the_answer_is_one_of_the_choices_and_says_its_numbers(id: str, here: Path) -> None:
    prepare(id)
    lab, lesson = lab_of(here, id), LESSONS.create(id)
    found = lesson.answer(lab)
    assert isinstance(found, Answer)
    assert found.choice in lesson.choices
    assert re.search(r"\d", found.says)
    kinds = {type(block) for block in found.blocks}
    assert kinds & {Bars, Curves, Maps, Pictures}
    for block in found.blocks + lesson.scene(lab):
        if isinstance(block, Bars):
            assert all(np.isfinite(value) for value in block.values.values())
        if isinstance(block, GoOn):
            assert re.fullmatch(r"[a-z_]+", block.page)


@pytest.mark.parametrize("id", IDS)
def test_a_lesson_from_prediction_to_what_to_keep(id: str, here: Path) -> None:
    prepare(id)
    ROOM.reset(id)
    app = open_page("lessons", lesson=id)
    held = LESSONS[id]
    assert held.question in said(app)
    assert app.button(key="turn_next").disabled
    choice = next(iter(held.choices))
    app.radio(key=f"predict_{id}").set_value(choice).run()
    assert sum(ROOM.counts(id, held.choices).values()) == 1
    app.button(key="turn_next").click().run()
    assert not app.exception, app.exception
    assert app.query_params["step"] == "answer"
    answer = LESSONS.create(id).answer(lab_of(here, id))
    assert answer.says in said(app)
    verdict = [*app.success, *app.warning]
    assert len(verdict) == 1
    assert ("As you predicted" in verdict[0].value) == (choice in (answer.choice, *answer.also))
    app.button(key="turn_next").click().run()
    assert not app.exception, app.exception
    assert held.task in said(app)
    assert app.get("plotly_chart") or html_of(app) or app.get("bidi_component")
    app.button(key="turn_next").click().run()
    assert held.takeaway[0] in said(app)
    assert app.query_params["step"] == "keep"


def test_a_link_to_the_answer_asks_for_a_prediction_first(here: Path) -> None:
    prepare("pixels_fail")
    app = open_page("lessons", lesson="pixels_fail", step="answer")
    assert "A prediction first" in said(app)
    assert not app.success
    next(button for button in app.button if button.label.startswith("Show it without")).click().run()
    assert LESSONS.create("pixels_fail").answer(lab_of(here, "pixels_fail")).says in said(app)


def test_a_dial_stands_in_the_address(here: Path) -> None:
    prepare("pixels_fail")
    app = open_page("lessons", lesson="pixels_fail:shift=40", step="break")
    assert app.slider(key="dial_pixels_fail_shift").value == 40
    app.slider(key="dial_pixels_fail_shift").set_value(0).run()
    assert app.query_params["lesson"] == "pixels_fail:shift=0"


def test_nonsense_in_the_address_is_said_and_the_first_lesson_stands(here: Path) -> None:
    prepare("pixels_fail")
    app = open_page("lessons", lesson="pixels_fall", step="end")
    text = "\n".join(warning.value for warning in app.warning)
    assert "did you mean" in text
    assert "Step must be one of" in text
    assert LESSONS["pixels_fail"].question in said(app)


def test_a_lesson_on_ones_own_pictures_and_on_too_few(here: Path, tmp_path: Path) -> None:
    own = folder_of(tmp_path / "own", [f"{n}.png" for n in range(6)])
    lesson_task.run({"lesson": "pixels_fail", "source": own}, silent)
    app = open_page("lessons", lesson="pixels_fail", step="answer", on=own)
    next(button for button in app.button if button.label.startswith("Show it without")).click().run()
    assert "Of 6 moved pictures" in said(app)
    few = folder_of(tmp_path / "few", ["a.png", "b.png"])
    lesson_task.run({"lesson": "pixels_fail", "source": few}, silent)
    with pytest.raises(InputError, match="three pictures or more, got 2"):
        assert Lab(Pipeline(Workspace(here)), few).collection
    app = open_page("lessons", lesson="pixels_fail", on=few)
    assert len(app.error) == 1
    next(button for button in app.button if button.label == "Hold it on its own collection").click().run()
    assert not app.error


@pytest.mark.parametrize("id", [lesson.id for lesson in course() if not lesson.fixed])
def test_a_lesson_that_is_not_fixed_is_held_on_ones_own_pictures(id: str, here: Path, tmp_path: Path) -> None:
    own = folder_of(tmp_path / "own", [f"{'ab'[n % 2]}/{n}.png" for n in range(64)])
    lesson_task.run({"lesson": id, "source": own}, silent)
    app = open_page("lessons", lesson=id, step="answer", on=own)
    next(button for button in app.button if button.label.startswith("Show it without")).click().run()
    assert not app.exception, app.exception
    assert not app.error, app.error
    found = LESSONS.create(id).answer(Lab(Pipeline(Workspace(here)), own))
    assert found.choice in LESSONS[id].choices
    assert found.says in said(app)
    app.button(key="turn_next").click().run()
    assert not app.exception, app.exception
    assert not app.error, app.error
    assert own in str(app.query_params["on"])


def test_a_lesson_that_is_fixed_says_why_and_stays(here: Path, tmp_path: Path) -> None:
    own = folder_of(tmp_path / "own", [f"{n}.png" for n in range(4)])
    fixed = [lesson for lesson in course() if lesson.fixed]
    assert {lesson.id for lesson in fixed} == {"colour_counts", "gradients", "learnt_features", "maps_lie", "words"}
    for lesson in fixed:
        assert lesson.fixed.startswith("Stays on ")
        assert LessonView(lesson.id, on=own).source == lesson.source
    prepare("colour_counts")
    app = open_page("lessons", lesson="colour_counts", on=own)
    assert LESSONS["colour_counts"].fixed in said(app)
    assert "lesson_on" not in app.session_state


def test_a_lesson_about_labels_says_what_is_missing(here: Path, tmp_path: Path) -> None:
    plain = folder_of(tmp_path / "plain", [f"{n}.png" for n in range(64)])
    lesson_task.run({"lesson": "pixels_fail", "source": plain}, silent)
    lab = Lab(Pipeline(Workspace(here)), plain)
    with pytest.raises(InputError, match="must have labels for this lesson, got none"):
        LESSONS.create("fair_measure").answer(lab)
    few = folder_of(tmp_path / "few", [f"{'ab'[n % 2]}/{n}.png" for n in range(8)])
    Pipeline(Workspace(here)).scan(few)
    lab = Lab(Pipeline(Workspace(here)), few)
    with pytest.raises(InputError, match="60 labelled pictures or more, got 8"):
        LESSONS.create("fair_measure").answer(lab)
    with pytest.raises(InputError, match="two classes or more of over 5 pictures each, got 0"):
        LESSONS.create("few_labels").scene(lab)


def test_a_missing_collection_is_one_sentence(here: Path, tmp_path: Path) -> None:
    app = open_page("lessons", lesson="pixels_fail", on=str(tmp_path / "gone"))
    assert len(app.error) == 1


def test_the_course_goes_on_and_back() -> None:
    first, last = course()[0].id, course()[-1].id
    assert lessons_state.before(LessonView(first)) is None
    assert lessons_state.after(LessonView(last, "keep")) is None
    assert lessons_state.after(LessonView(first, "keep")) == {"lesson": course()[1].id, "step": STEPS[0]}
    assert lessons_state.before(LessonView(course()[1].id)) == {"lesson": first, "step": "keep"}


def test_a_voter_has_one_vote_and_the_room_is_bounded() -> None:
    room, choices = Room(), {"a": "", "b": ""}
    room.vote("one", "me", "a")
    room.vote("one", "me", "b")
    room.vote("one", "you", "b")
    assert room.counts("one", choices) == {"a": 0, "b": 2}
    for number in range(MOST_VOTERS + 5):
        room.vote("one", f"voter {number}", "a")
    assert room.counts("one", choices) == {"a": MOST_VOTERS, "b": 0}
    room.reset("one")
    assert room.counts("one", choices) == {"a": 0, "b": 0}


def test_thirty_at_once_compute_once() -> None:
    once, start, calls = Once(2), threading.Barrier(30), []

    def visit() -> None:
        start.wait()
        once.get("key", lambda: calls.append(1) or len(calls))

    browsers = [threading.Thread(target=visit) for _ in range(30)]
    for browser in browsers:
        browser.start()
    for browser in browsers:
        browser.join()
    assert len(calls) == once.computed == 1
    with pytest.raises(ZeroDivisionError):
        once.get("bad", lambda: 1 // 0)
    assert once.get("bad", lambda: 5) == 5
    assert once.get("third", lambda: 6) == 6
    assert once.get("key", lambda: 7) == 7, "only two values are kept"


def test_a_lesson_opens_a_known_collection_without_scanning_it(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = folder_of(tmp_path / "own", [f"{n}.png" for n in range(3)])
    pipeline = Pipeline(Workspace(here))
    pipeline.scan(own)
    monkeypatch.setattr(pipeline, "scan", lambda *_: pytest.fail("thirty browsers would write one note at once"))
    assert len(Lab(pipeline, own).collection) == 3


def test_a_hand_out_shows_no_marks_of_markdown() -> None:
    assert handout.unmarked("We search for *a cat*. **All** of `hog`: 2 * 3 * 4") == (
        "We search for a cat. All of hog: 2 * 3 * 4"
    )


def test_equal_choices_are_equally_right() -> None:
    assert best_of({"a": 0.5, "b": 1.0, "c": 1.0}) == ("b", ("c",))
    assert best_of({"a": 0.5, "b": 0.2}) == ("a", ())


def test_choices_by_limits() -> None:
    limits = ((0.3, "few"), (0.7, "half"), (1.0, "all"))
    assert [choice_of(v, limits) for v in (0.0, 0.3, 0.31, 0.7, 1.0, 1.1)] == [
        "few",
        "few",
        "half",
        "half",
        "all",
        "all",
    ]


def test_a_picture_is_found_again_unless_another_is_as_near() -> None:
    rng = np.random.default_rng(0)
    originals = [rng.integers(0, 255, (20, 20, 3), dtype=np.uint8) for _ in range(4)]
    pixels = METHODS.create("pixels")
    assert found_again(pixels, originals, originals).tolist() == [1, 1, 1, 1]
    assert found_again(pixels, [*originals[:3], originals[0]], originals).tolist() == [0, 1, 1, 0]
    assert distances(np.array([[3.0, 4.0]]), np.array([[0.0, 0.0], [3.0, 0.0]]), "euclidean").tolist() == [[5.0, 4.0]]
