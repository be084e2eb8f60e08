"""Known worlds: the shape of the data is known; what does each map keep of it?"""

from imgsim.ui import map_state, worlds
from imgsim.ui.worlds_state import ADDRESS

view, problems = ADDRESS.read()
worlds.sidebar(view)
map_state.notices(problems)
worlds.page(view)
