"""The pages in the order of the navigation: a new file in pages/ is a new page."""

from __future__ import annotations

from pathlib import Path

# What a person does first comes first; a page that is not named here stands at the end.
ORDER = (
    "home",
    "explore",
    "compare",
    "pair",
    "robustness",
    "search",
    "duplicates",
    "manipulation",
    "anomalies",
    "products",
    "few_labels",
    "train",
    "lessons",
    "methods",
)


def pages(folder: Path) -> list[Path]:
    """The page files of a folder."""
    rank = {name: place for place, name in enumerate(ORDER)}
    return sorted(folder.glob("[!_]*.py"), key=lambda path: (rank.get(path.stem, len(rank)), path.stem))


def title(path: Path) -> str:
    """`few_labels.py` as "Few labels"."""
    return path.stem.replace("_", " ").capitalize()
