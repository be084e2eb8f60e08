"""Manipulation: where does a picture differ from its original, or repeat itself?"""

from imgsim.ui import manipulation

manipulation.page()
