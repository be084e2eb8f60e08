"""The Lessons page: one step of one lesson, what the learner predicts, and what the room does."""

from __future__ import annotations

import os
import re
import secrets
from typing import Any

import streamlit as st

from imgsim.errors import ImgsimError
from imgsim.images.transformations import TRANSFORMATIONS
from imgsim.lessons import LESSONS, STEPS, TITLES, Answer, Lesson, course
from imgsim.lessons.lab import Lab
from imgsim.methods import METHODS
from imgsim.plots.teaching import bars_figure
from imgsim.projections import PROJECTORS
from imgsim.ui import forms, handout, lesson_blocks, maps, progress
from imgsim.ui.charts import QUIET, chart
from imgsim.ui.lessons_state import LessonView, after, before, update
from imgsim.ui.once import Once
from imgsim.ui.predictions import ROOM
from imgsim.ui.progress import plain, sentence
from imgsim.worlds import WORLDS

RESULTS = Once(200)  # answers and what dials gave, by lesson, dials and collection, for all browsers
RESOLVERS = {"doi": "https://doi.org/", "arXiv": "https://arxiv.org/abs/"}
EVERY = 2.0  # seconds between two looks at the votes of the room


def sidebar(view: LessonView) -> None:
    """The course, the collection where a lesson can be held on another, and what a lecturer needs."""
    ids = [lesson.id for lesson in course()]
    with st.sidebar:
        st.session_state["lesson_choice"] = view.id
        st.radio(
            "Lessons",
            ids,
            key="lesson_choice",
            format_func=lambda id: f"{LESSONS[id].number}. {LESSONS[id].title}",
            on_change=lambda: update(lesson=st.session_state["lesson_choice"]),
        )
        done = len(_predictions())
        minutes = sum(lesson.minutes for lesson in course())
        st.caption(f"Predicted in {done} of {len(ids)}." if done else f"Predict, then see. {minutes} minutes in all.")
        if LESSONS[view.id].fixed:
            st.caption(LESSONS[view.id].fixed)
        else:
            _collection(view)
        with st.expander("For the room"):
            _lecturer(view)


def lesson(view: LessonView) -> None:
    """The step of the view; what it still waits for is a job beside the text."""
    held = view.held
    _head(view, held)
    lab = Lab(maps.pipeline(), view.source)
    try:
        _STEP[view.step](view, held, lab)
    except ImgsimError as error:
        st.error(plain(sentence(str(error))))
        if view.on:
            st.button("Hold it on its own collection", on_click=lambda: update(on=""))


def result(lab: Lab, spec: str, part: str) -> Any:
    """What a lesson shows in a part (`scene`, `answer` or `broken`), computed once for all browsers."""
    key = (os.environ.get("IMGSIM_HOME", ""), spec, part, lab.collection.fingerprint)
    return RESULTS.get(key, lambda: getattr(LESSONS.parse(spec), part)(lab))


def _head(view: LessonView, held: Lesson) -> None:
    st.header(f"{held.number}. {held.title}", anchor=False)
    on = held.place or next(
        (card.title for card in maps.pipeline().collections() if card.source == view.source), view.source
    )
    st.caption(f"Lesson {held.number} of {len(LESSONS)} · about {held.minutes} minutes · {plain(on)}")
    with st.container(horizontal=True, vertical_alignment="center", key="turns"):
        back, on_ = before(view), after(view)
        st.button("Back", key="turn_back", disabled=back is None, on_click=lambda: update(**(back or {})))
        st.session_state["lesson_step"] = view.step
        st.segmented_control(
            "Step",
            STEPS,
            key="lesson_step",
            format_func=lambda step: TITLES[step],
            label_visibility="collapsed",
            on_change=lambda: update(step=st.session_state["lesson_step"] or view.step),
        )
        waits = view.step == "question" and view.id not in _predictions()
        st.button(
            _next_label(view),
            key="turn_next",
            type="primary",
            disabled=on_ is None or waits,
            help="Choose what you expect first." if waits else None,
            on_click=lambda: update(**(on_ or {})),
        )


def _next_label(view: LessonView) -> str:
    place = STEPS.index(view.step) + 1
    return f"Next: {TITLES[STEPS[place]]}" if place < len(STEPS) else "Next lesson"


def _ready(view: LessonView, lab: Lab) -> bool:
    """Whether collection and needs are there; else the job that makes them is on the page."""
    spec = view.lesson if view.step == "break" else view.id
    arguments = {"lesson": spec, "source": view.source}
    if _there(lab, spec):
        return True
    progress.have_done("lesson", arguments, f"Lesson: {LESSONS[view.id].title}", until=lambda: _there(lab, spec))
    return False


def _there(lab: Lab, spec: str) -> bool:
    if lab.pipeline.collection_key(lab.source) is None:
        return False
    return all(need.is_there(lab) for need in LESSONS.parse(spec).needs(lab))


def _question(view: LessonView, held: Lesson, lab: Lab) -> None:
    text, live = _columns()
    with text:
        st.markdown(held.story)
        _ask(view, held)
    with live:
        if _ready(view, lab):
            lesson_blocks.draw(result(lab, view.id, "scene"), f"scene_{view.id}")
        if view.room:
            _room(view, held, "")


def _ask(view: LessonView, held: Lesson) -> None:
    st.subheader(held.question, anchor=False)
    given = _predictions().get(view.id)
    st.radio(
        "What do you expect?",
        list(held.choices),
        key=f"predict_{view.id}",
        index=list(held.choices).index(given) if given in held.choices else None,
        format_func=lambda choice: held.choices[choice],
        on_change=_predict,
        args=(view.id,),
    )
    if given:
        st.caption("Noted. Now see what is true; you may still change your mind.")


def _predict(id: str) -> None:
    choice = st.session_state[f"predict_{id}"]
    if choice in LESSONS[id].choices:
        _predictions()[id] = choice
        ROOM.vote(id, _voter(), choice)


def _answer(view: LessonView, held: Lesson, lab: Lab) -> None:
    given = _predictions().get(view.id)
    if given is None and not st.session_state.get(f"skip_{view.id}"):
        st.info("A prediction first: what you expect and then see otherwise is what you remember.")
        _ask(view, held)
        st.button("Show it without a prediction", on_click=lambda: st.session_state.update({f"skip_{view.id}": True}))
        return
    text, live = _columns()
    with text:
        st.subheader(held.question, anchor=False)
    with live:
        if not _ready(view, lab):
            return
    found: Answer = result(lab, view.id, "answer")
    with text:
        _verdict(held, found, given)
        st.markdown(found.says)
        st.markdown(held.why)
    with live:
        lesson_blocks.draw(found.blocks, f"answer_{view.id}")
        handout.button(held.question, lesson_blocks.figures(found.blocks), found.says, key="lesson_file")
        _room(view, held, found.choice)


def _verdict(held: Lesson, found: Answer, given: str | None) -> None:
    right = (found.choice, *found.also)
    true = "; equally: ".join(plain(held.choices[choice]) for choice in right)
    if given is None:
        st.markdown(f"**{true}**")
    elif given in right:
        st.success(f"As you predicted. {true}.")
    else:
        st.warning(f"You predicted: {plain(held.choices[given])}. It is: **{true}**.")


def _break(view: LessonView, held: Lesson, lab: Lab) -> None:
    text, live = _columns()
    with text:
        st.markdown(held.task)
        forms.parameter_form(
            LESSONS,
            view.lesson,
            key=f"dial_{view.id}",
            change=lambda spec: update(lesson=spec),
            sliders=True,
            titles=_choice_title,
        )
    with live:
        if _ready(view, lab):
            blocks = result(lab, view.lesson, "broken")
            lesson_blocks.draw(blocks, f"broken_{view.id}")
            drawn = lesson_blocks.figures(blocks)
            if drawn:
                dials = view.lesson.partition(":")[2].replace(",", ", ")
                handout.button(f"{held.title}: {dials}" if dials else held.title, drawn, held.task, key="lesson_file")


def _choice_title(choice: Any) -> str:
    """What people call a method, a change, a map or a world; anything else as it is."""
    known = next((items[choice] for items in (METHODS, TRANSFORMATIONS, PROJECTORS, WORLDS) if choice in items), None)
    return str(getattr(known, "title", choice))


def _keep(view: LessonView, held: Lesson, lab: Lab) -> None:  # noqa: ARG001
    for line in held.takeaway:
        st.subheader(line, anchor=False)
    st.markdown("Read more")
    for reference in held.references:
        st.markdown(_linked(reference))
    if after(view) is None:
        st.success("This was the last lesson. Go on with pictures of your own.")
        if st.button("Bring your own pictures", key="lesson_own"):
            st.switch_page(lesson_blocks.PAGES / "home.py")


def _linked(reference: str) -> str:
    """A reference with its doi or arXiv number as a link."""
    found = re.search(r"(doi|arXiv):(\S+)$", reference)
    if found is None:
        return plain(reference)
    return f"{plain(reference[: found.start()])}[{plain(found[0])}]({RESOLVERS[found[1]]}{found[2]})"


def _room(view: LessonView, held: Lesson, true: str) -> None:
    counts = ROOM.counts(view.id, held.choices)
    if view.room or sum(counts.values()) > 1:
        st.fragment(_votes, run_every=EVERY if view.room else None)(view.id, true)


def _votes(id: str, true: str) -> None:
    held = LESSONS[id]
    counts = ROOM.counts(id, held.choices)
    shown = {held.choices[choice].partition(":")[0]: float(count) for choice, count in counts.items()}
    marked = held.choices[true].partition(":")[0] if true else ""
    n = sum(counts.values())
    title = f"What the room predicts: {n} {'vote' if n == 1 else 'votes'}"
    figure = bars_figure(title, shown, "votes", share=False, marked=marked)
    chart(figure, width="stretch", key=f"votes_{id}", config=QUIET)


def _lecturer(view: LessonView) -> None:
    st.caption("Every browser on this server has one vote a lesson. No names; gone when the server stops.")
    st.session_state["lesson_room"] = bool(view.room)
    st.toggle(
        "Show predictions as they come",
        key="lesson_room",
        on_change=lambda: update(room="1" if st.session_state["lesson_room"] else ""),
    )
    st.button("Reset this lesson's predictions", on_click=ROOM.reset, args=(view.id,))


def _collection(view: LessonView) -> None:
    titles = {card.source: card.title for card in maps.pipeline().collections()}
    titles.setdefault(view.source, view.source)
    st.session_state["lesson_on"] = view.source
    st.selectbox(
        "Collection",
        list(titles),
        key="lesson_on",
        format_func=lambda source: titles[source],
        on_change=lambda: update(on=st.session_state["lesson_on"]),
        help="This lesson can be held on your own pictures too.",
    )


def _predictions() -> dict[str, str]:
    found: dict[str, str] = st.session_state.setdefault("predictions", {})
    return found


def _voter() -> str:
    return str(st.session_state.setdefault("voter", secrets.token_hex(8)))


def _columns() -> tuple[Any, Any]:
    with st.container(key="lesson"):
        text, live = st.columns([2, 3], gap="large")
    return text, live


_STEP = {"question": _question, "answer": _answer, "break": _break, "keep": _keep}
