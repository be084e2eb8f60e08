"""Forms made from the parameters of a method or projector: one widget a field, its help beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from imgsim.errors import InputError
from imgsim.parameters import Parameter, Scalar, format_spec, parameters, parse_spec
from imgsim.registry import Registry
from imgsim.ui.state import canonical

SLIDER_STEPS = 64  # a range of more steps is typed, not dragged


def choose(
    registry: Registry[Any],
    spec: str,
    *,
    key: str,
    label: str,
    order: Iterable[type[Any]],
    change: Callable[[str], None],
) -> None:
    """A picker of an item, and below it, folded, a form of its parameters; `change` gets the new spec."""
    id, given = parse_spec(spec)
    items = list(order)
    st.session_state[key] = id
    st.selectbox(
        label,
        [item.id for item in items],
        key=key,
        format_func=lambda id: registry[id].title,
        on_change=lambda: change(str(st.session_state[key])),
    )
    if parameters(registry[id]):
        changed = f" · {len(given)} changed" if given else ""
        with st.expander(f"Settings of {registry[id].title}{changed}"):
            parameter_form(registry, spec, key=f"{key}_{id}", change=change)


def parameter_form(
    registry: Registry[Any],
    spec: str,
    *,
    key: str,
    change: Callable[[str], None],
    sliders: bool = False,
    titles: Callable[[Any], str] | None = None,
) -> None:
    """A widget for each parameter; `change` gets the spec with the new values, defaults left out.

    With `sliders` every range is dragged, however long it is. With `titles`, which names a choice, the form is for a
    learner: what a parameter does stands above it instead of behind a question mark.
    """
    id, given = parse_spec(spec)
    known = parameters(registry[id])

    def changed() -> None:
        values = {p.name: st.session_state[f"{key}_{p.name}"] for p in known}
        try:
            change(canonical(registry, format_spec(id, values)))
        except InputError as error:
            st.session_state["notice"] = str(error)

    for parameter in known:
        value = parameter.check(given.get(parameter.name, parameter.default))
        _widget(parameter, value, f"{key}_{parameter.name}", changed, sliders, titles)
    if given:
        st.button("Back to defaults", key=f"{key}_reset", on_click=lambda: change(id), type="tertiary")


def _widget(
    parameter: Parameter,
    value: Scalar,
    key: str,
    changed: Callable[[], None],
    sliders: bool,
    titles: Callable[[Any], str] | None,
) -> None:
    st.session_state[key] = value
    facts: dict[str, Any] = {"label": words(parameter.name), "help": parameter.help, "key": key, "on_change": changed}
    if titles is not None:
        facts |= {"label": _told(parameter), "help": None}
    if parameter.choices is not None:
        st.selectbox(options=list(parameter.choices), format_func=titles or str, **facts)
    elif parameter.type is bool:
        st.toggle(**facts)
    elif parameter.type is str:
        st.text_input(**facts)
    else:
        _number(parameter, facts, sliders)


def _told(parameter: Parameter) -> str:
    """Name and what it does; the latter alone where the name is a letter or its own first word."""
    said = parameter.help.rstrip(".")
    name = parameter.name.lower()
    return said if len(name) == 1 or said.lower().startswith(name[:3]) else f"{words(parameter.name)} · {said}"


def _number(parameter: Parameter, facts: dict[str, Any], sliders: bool) -> None:
    kind = parameter.type
    low, high = (None if v is None else kind(v) for v in (parameter.minimum, parameter.maximum))
    step = 1 if kind is int else 0.01
    if low is not None and high is not None and (sliders or (high - low) / step <= SLIDER_STEPS):
        st.slider(min_value=low, max_value=high, step=step, **facts)
    else:
        st.number_input(min_value=low, max_value=high, step=step, **facts)


def words(name: str) -> str:
    """`n_neighbors` as "N neighbors"."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
