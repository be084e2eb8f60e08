"""Labels in a CSV file, and predictions to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from imgsim.errors import InputError, UnknownIdError
from imgsim.labelling import NONE, Predictions

KEYS = ("id", "path", "file")
LABEL = "label"


def read_labels(path: Path, rows: Mapping[str, int]) -> dict[int, str]:
    """The label of each named row, from a CSV with a column id (or path or file) and a column label.

    Raises:
        InputError: the file cannot be read, lacks a column, or gives an image two labels.
        UnknownIdError: an image is not in the collection.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"labels must be a readable CSV file, got {path.name} ({error}); check the path.") from error
    key = next((name for name in KEYS if lines and name in lines[0]), "")
    if not key or LABEL not in lines[0]:
        got = ", ".join(map(str, lines[0])) if lines else "no line"
        raise InputError(
            f"{path.name} must have a column id and a column {LABEL}, got {got}; name them in its first line."
        )
    found: dict[int, str] = {}
    for line in lines:
        id, label = line[key] or "", (line[LABEL] or "").strip()
        if id not in rows:
            raise UnknownIdError("image id", id, rows)
        if label and found.setdefault(rows[id], label) != label:
            raise InputError(f"an image must have one label, got {found[rows[id]]!r} and {label!r} for {id!r}.")
    return found


def as_csv(ids: Sequence[str], labels: Mapping[int, str], found: Predictions, names: Sequence[str]) -> str:
    """One line an image: id, its own label, the predicted one, share and margin.

    A text that a spreadsheet would run as a formula gets a leading apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "label", "predicted", "share", "margin"])
    for row, (id, code) in enumerate(zip(ids, found.codes.tolist(), strict=True)):
        predicted = "" if code == NONE else names[code]
        told = [f"{found.share[row]:.4f}", f"{found.margin[row]:.4f}"]
        writer.writerow([_harmless(id), _harmless(labels.get(row, "")), _harmless(predicted), *told])
    return text.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
