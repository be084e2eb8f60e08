"""Train: what can a small network learn from these pictures alone, in minutes?"""

import streamlit as st

from imgsim.ui import map_state, train
from imgsim.ui.train_state import ADDRESS

view, problems = ADDRESS.read()
with st.sidebar:
    train.form(view)
st.header("What can a network learn from your pictures alone?", anchor=False)
st.markdown(
    "It starts knowing nothing, sees each picture in distorted views and learns which views belong together. "
    "A few minutes on a processor teach it what varies in your pictures, not what things are: expect more than the "
    "untrained network, less than a network that learnt from many thousand photos, such as imgsim mini, and on "
    "photographs often less than HOG, which learns nothing."
)
map_state.notices(problems)
train.shown(view)
