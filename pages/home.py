"""Home: what imgsim is, and which pictures there are to look at."""

from imgsim.ui import cards, hero, new_collection, storage

hero.introduction()
hero.first_map()
cards.collections()
new_collection.form()
storage.panel()
