"""How arrays travel to the browser: a JSON header, then the arrays in its order, each starting at a multiple of four.

    uint32 length of the header | header, padded with spaces | array | array | …      little endian throughout

The header has the `arrays`: name, type (`f4`, `i4`, `u2`, `u1`) and count of each. `map/wire.js` reads it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_ALIGN = 4


def pack(facts: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Facts and one-dimensional arrays as one message."""
    columns = {name: np.ascontiguousarray(a, dtype=a.dtype.newbyteorder("<")) for name, a in arrays.items()}
    layout = [{"name": name, "type": a.dtype.str[1:], "count": a.size} for name, a in columns.items()]
    header = _padded(json.dumps({**facts, "arrays": layout}, ensure_ascii=False, allow_nan=False).encode(), b" ")
    return b"".join([struct.pack("<I", len(header)), header, *(_padded(a.tobytes()) for a in columns.values())])


def _padded(data: bytes, fill: bytes = b"\0") -> bytes:
    return data + fill * (-len(data) % _ALIGN)
