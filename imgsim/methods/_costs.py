"""What one photo costs by each method, as `python -m tools.method_costs` measured it; other computers differ."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

FILE = "method_costs.json"


@functools.cache
def told() -> dict[str, Any]:
    """`photo`, its height and width in pixels, and by method id the `milliseconds` of processor time."""
    return dict(json.loads(resources.files(__package__).joinpath(FILE).read_text()))


def usual_milliseconds(id: str) -> float | None:
    """Of one decoded photo, all threads together; None where weights or a package were missing when it was measured."""
    spent: float | None = told()["milliseconds"].get(id)
    return spent
