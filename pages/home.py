"""Home: what imgsim is, and which pictures there are to look at."""

from imgsim.ui import cards, hero, new_collection

hero.introduction()
hero.first_map()
cards.collections()
new_collection.form()
