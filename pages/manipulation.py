"""Manipulation: where does a picture differ from its original, or repeat itself?"""

import streamlit as st

from imgsim.ui import manipulation

st.header("Where was this picture changed?", anchor=False)
manipulation.page()
