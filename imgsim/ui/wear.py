"""The choice of what a method wears: post-processing steps, each with its parameters folded below."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.parameters import parameters, split_worn
from imgsim.postprocess import POSTPROCESS, Step, parse_steps
from imgsim.ui import forms

_KEY = "worn"


def choose(spec: str, change: Callable[[str], None]) -> None:
    """A multi-choice of the steps that the method can wear; `change` gets the new spec."""
    bare, worn = split_worn(spec)
    steps = parse_steps(worn[1:]) if worn else ()
    st.session_state[_KEY] = [step.id for step in steps]
    st.multiselect(
        "Post-processing",
        wearable(bare),
        key=_KEY,
        format_func=lambda id: POSTPROCESS[id].title,
        placeholder="None",
        help="\n\n".join(f"**{cls.title}**: {cls.changes}" for cls in _ordered()),
        on_change=lambda: change(dressed(bare, [*st.session_state[_KEY]], steps)),
    )
    for step in steps:
        _settings(bare, step, steps, change)


def wearable(bare: str) -> list[str]:
    """Ids of the steps that a method can wear: bits cannot be averaged."""
    return [cls.id for cls in _ordered() if keep(bare, f"+{cls.id}") != bare]


def keep(bare: str, worn: str) -> str:
    """A method's spec with what another one wore, or without it where it cannot wear that."""
    try:
        METHODS.parse(bare + worn)
    except InputError:
        return bare
    return bare + worn


def dressed(bare: str, ids: Sequence[str], steps: Sequence[Step]) -> str:
    """The spec with the steps of these ids, in their only meaningful order; those known keep their parameters."""
    known = {step.id: step for step in steps}
    chosen = sorted((known.get(id) or POSTPROCESS.create(id) for id in ids), key=lambda step: step.order)
    return "+".join([bare, *(step.spec for step in chosen)])


def _settings(bare: str, step: Step, steps: Sequence[Step], change: Callable[[str], None]) -> None:
    if not parameters(type(step)):
        return

    def changed(spec: str) -> None:
        new = [POSTPROCESS.parse(spec) if other is step else other for other in steps]
        change(dressed(bare, [other.id for other in new], new))

    with st.expander(f"Settings of {step.title}{' · changed' if step.spec != step.id else ''}"):
        forms.parameter_form(POSTPROCESS, step.spec, key=f"{_KEY}_{step.id}", change=changed)


def _ordered() -> list[type[Step]]:
    return sorted(POSTPROCESS, key=lambda cls: (cls.order, cls.title))
