"""Methods: which ways of seeing there are, what each sees and misses, and whether it runs here."""

import streamlit as st

from imgsim.ui import catalogue

st.header("Methods", anchor=False)
st.markdown("Each turns a picture into numbers; two pictures are alike when their numbers are close.")
catalogue.search_and_show()
