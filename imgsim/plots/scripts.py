"""The map's scripts: where they lie, and all of them as one script for a file that opens offline."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "map"

_IMPORT = re.compile(r"^import \{([^}]*)\} from '\./([\w.]+)';$", re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:function|class|const) (\w+)", re.MULTILINE)


def flat_plotly_path() -> Path:
    """plotly.js with flat point plots only, a third of it, which starts in a sixth of the time; see tools/plotly."""
    return Path(__file__).parent / "vendor" / "plotly-2d.min.js"


def plotly_path() -> Path:
    """Where plotly's wheel keeps all of plotly.js; plotly itself is not imported."""
    spec = importlib.util.find_spec("plotly")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("plotly must be installed; run: pip install plotly.")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


def bundle(entry: str) -> str:
    """One of our modules with all that it imports, as a plain script whose exports are in `imgsim`.

    Our modules keep to named imports and exports, one a line, so each becomes a function that returns its exports.
    """
    done: dict[str, str] = {}
    _collect(entry, done)
    return "const imgsim = (() => {\n" + "\n".join(done.values()) + f"\nreturn {_name(entry)};\n}})();"


def _collect(file: str, done: dict[str, str]) -> None:
    source = (FOLDER / file).read_text(encoding="utf-8")
    for _, needed in _IMPORT.findall(source):
        if needed not in done:
            _collect(needed, done)
    body = _IMPORT.sub(lambda found: f"const {{{found[1]}}} = {_name(found[2])};", source)
    body = re.sub(r"^export ", "", body, flags=re.MULTILINE)
    done[file] = f"const {_name(file)} = (() => {{\n{body}\nreturn {{ {', '.join(_EXPORT.findall(source))} }};\n}})();"


def _name(file: str) -> str:
    return "module_" + file.removesuffix(".js")
