"""Lessons: predict, see, break, keep. How do machines find pictures alike, one question at a time?"""

from imgsim.ui import lessons, map_state
from imgsim.ui.lessons_state import ADDRESS

view, problems = ADDRESS.read()
lessons.sidebar(view)
map_state.notices(problems)
lessons.lesson(view)
