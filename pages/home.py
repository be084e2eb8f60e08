"""Home: what imgsim is, and which pictures there are to look at."""

from imgsim.ui import cards, hero, new_collection, sessions, storage

hero.introduction()
hero.first_map()
cards.collections()
new_collection.form()
sessions.panel()
storage.panel()
