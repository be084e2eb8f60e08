"""Compare: which method sees what, and which one serves these pictures best?"""

import streamlit as st

from imgsim.ui import (
    compare,
    compare_agree,
    compare_controls,
    compare_disagree,
    compare_find,
    compare_honesty,
    compare_maps,
    compare_morph,
    compare_scores,
    compare_stable,
    map_state,
)
from imgsim.ui.compare_state import ADDRESS, AGREE, DISAGREE, FIND, HONEST, MORPH, SCORES, STABLE

SECTIONS = {
    FIND: compare_find.section,
    DISAGREE: compare_disagree.section,
    AGREE: compare_agree.section,
    SCORES: compare_scores.section,
    HONEST: compare_honesty.section,
    STABLE: compare_stable.section,
    MORPH: compare_morph.section,
}

view, problems = ADDRESS.read()
with st.sidebar:
    compare_controls.sidebar(view)
map_state.notices(problems)
if compare_maps.ready(view):
    compare.compare(SECTIONS)
