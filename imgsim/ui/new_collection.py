"""Bring pictures: a folder, zip or table on this computer, files dropped on the page, or a torchvision data set."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import streamlit as st

from imgsim.errors import ImgsimError
from imgsim.ui import hero, maps
from imgsim.ui.progress import plain, sentence
from imgsim.ui.state import View

HERE = "On this computer"
DROP = "Drop files"
TORCHVISION = "torchvision data set"


def form() -> None:
    """The three ways; what was brought opens at once."""
    st.subheader("Bring your own pictures", anchor=False)
    with st.container(border=True, key="bring"):
        way = st.segmented_control(
            "Where they are", [HERE, DROP, TORCHVISION], default=HERE, required=True, label_visibility="collapsed"
        )
        sources, files, name = {HERE: _local, DROP: _dropped, TORCHVISION: _torchvision}[str(way)]()
        name = st.text_input("Name of the collection", value=name, key=f"name_{way}_{name}")
        ready = bool(name.strip() and (sources or files))
        if st.button("Add and explore", type="primary", disabled=not ready):
            _add(name, sources, files)
    st.caption("Nothing leaves this computer. Your files are read, never changed.")


def _local() -> tuple[list[str], list[Any], str]:
    path = st.text_input(
        "Path of a folder, a zip, or a CSV or Parquet table with a column `path`",
        placeholder="for example ~/Pictures/holiday",
        help="Labels come from the names of subfolders, or from a labels.csv or metadata.csv beside the images.",
        key="local_path",
    ).strip()
    path = path.strip("\"'")
    return [path] if path else [], [], PurePath(path).stem if path else ""


def _dropped() -> tuple[list[str], list[Any], str]:
    files = st.file_uploader(
        "Pictures or a zip; for thousands of files the path of their folder is quicker", accept_multiple_files=True
    )
    name = "" if not files else PurePath(files[0].name).stem if len(files) == 1 else f"{len(files)} files"
    return [], list(files or []), name


def _torchvision() -> tuple[list[str], list[Any], str]:
    name = st.text_input(
        "Name of the data set",
        placeholder="for example CIFAR10",
        help="Fetched once from its own server, so it needs a network the first time.",
        key="torchvision_name",
    ).strip()
    return [f"torchvision:{name}"] if name else [], [], name


def _add(name: str, sources: list[str], files: list[Any]) -> None:
    library = maps.pipeline().library
    try:
        uploads = [(file.name, file.getvalue()) for file in files]
        slug = library.add_files(name, uploads) if uploads else library.add(name, sources)
    except ImgsimError as error:
        st.error(plain(sentence(str(error))))
        return
    hero.open_in_explore(View(collection=f"library:{slug}"))
