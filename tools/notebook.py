"""Make the notebook of the docs from its script: `python -m tools.notebook`. Both say the same, cell by cell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
SCRIPT, NOTEBOOK = DOCS / "in_python.py", DOCS / "in_python.ipynb"
MARK = "# %%"


def main() -> None:
    """Write the notebook, without outputs."""
    NOTEBOOK.write_text(json.dumps(notebook(SCRIPT.read_text()), indent=1, ensure_ascii=False) + "\n")


def notebook(script: str) -> dict[str, Any]:
    """A notebook (format 4.5) of a script whose cells begin with `# %%`, or `# %% [markdown]` for text."""
    cells = [_cell(number, part) for number, part in enumerate(script.split(MARK)[1:])]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def _cell(number: int, part: str) -> dict[str, Any]:
    head, _, body = part.partition("\n")
    lines = body.strip("\n").split("\n")
    common: dict[str, Any] = {"id": f"cell-{number}", "metadata": {}}
    if "[markdown]" in head:
        text = [line.removeprefix("#").removeprefix(" ") for line in lines]
        return {"cell_type": "markdown", **common, "source": _source(text)}
    return {"cell_type": "code", **common, "source": _source(lines), "execution_count": None, "outputs": []}


def _source(lines: list[str]) -> list[str]:
    return [f"{line}\n" for line in lines[:-1]] + lines[-1:]


if __name__ == "__main__":
    main()
