"""How a component of ours is told what to show."""

from __future__ import annotations

import json
from typing import Any


def told(**values: Any) -> dict[str, str]:
    """The `data` of a component: values as one JSON text, which the script reads by `JSON.parse(data.told)`.

    In any list or mapping Streamlit would look for data frames, and import pandas for it: a quarter of a second of the
    first page.

    Raises:
        TypeError: a value is not JSON.
    """
    return {"told": json.dumps(values, separators=(",", ":"))}
