"""The pages by what a person wants, in order: a new file in pages/ is a new page."""

from __future__ import annotations

from pathlib import Path

# What a person does first comes first. Pages of "" stand in the bar itself, those of a named section in its menu; a
# page that is not named here stands at the end of the last section.
SECTIONS = {
    "": ("home", "explore", "compare", "search"),
    "Understand": ("pair", "robustness", "inspector", "methods"),
    "Tasks": ("duplicates", "manipulation", "anomalies", "products", "few_labels", "train"),
    "Learn": ("lessons", "worlds"),
}
TITLES = {"inspector": "What a method sees", "worlds": "Known worlds"}


def sections(folder: Path) -> dict[str, list[Path]]:
    """The page files of a folder by section; sections without a page are left out."""
    files = {path.stem: path for path in sorted(folder.glob("[!_]*.py"))}
    found = {name: [files.pop(stem) for stem in stems if stem in files] for name, stems in SECTIONS.items()}
    found[next(reversed(SECTIONS))] += files.values()
    return {name: paths for name, paths in found.items() if paths}


def title(path: Path) -> str:
    """`few_labels.py` as "Few labels"."""
    return TITLES.get(path.stem, path.stem.replace("_", " ").capitalize())
