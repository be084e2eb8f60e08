"""The files of a collection that could not be read, on every page that shows the others."""

from __future__ import annotations

from pathlib import PurePath

import streamlit as st

from imgsim.types import Collection


def left_out(collection: Collection) -> None:
    """The files that could not be read, folded, each with its reason."""
    refused = collection.unreadable
    if not refused:
        return
    with st.expander(f"{len(refused):,} {'file was' if len(refused) == 1 else 'files were'} left out"):
        st.dataframe(
            [{"File": PurePath(bad.path).name, "Reason": bad.reason, "Path": bad.path} for bad in refused],
            hide_index=True,
            column_config={  # a file and why, also on a narrow screen; where it lies comes after
                "File": st.column_config.Column(width=150),
                "Reason": st.column_config.Column(width=420),
            },
        )


def none_readable(collection: Collection) -> None:
    """That there is nothing to show, what to do, and which files were tried."""
    st.info("This collection has no readable picture. Choose another one, or add pictures to it.")
    left_out(collection)
