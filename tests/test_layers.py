"""The floors hold: a module imports only lower floors, heavy libraries stay inside functions, imports stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = [
    {"errors"},
    {"progress", "parameters", "types", "home"},
    {"downloading"},
    {"registry", "weights", "raster"},
    {"neighbors", "principal"},
    {"postprocess"},
    {"images", "methods", "projections", "evaluation", "plots", "store", "drafts", "pair_scores", "recommendation"},
    {"explanations", "sights", "labelling", "manipulation", "training", "embedding", "workspace", "tags", "uploads"},
    {"worlds", "steps"},
    {"pipeline"},
    {"ranking"},
    {"queries"},
    {"engine", "far", "exports", "session", "scorecard", "agreement", "robustness", "stability", "duplicates", "pairs"},
    {"anomalies"},
    {"lessons"},
    {"tasks"},
    {"cli", "worker"},
    {"ui", "__main__"},
]
LIGHT = {"numpy", "filelock", "imgsim"}
ONLY_IN = {"streamlit": ("ui", "app.py", "pages"), "plotly": ("plots",), "typer": ("cli",)}
MODULES = sorted((ROOT / "imgsim").rglob("*.py"))


def part(path: Path) -> str:
    """The part of the house a file belongs to: its folder or name below imgsim."""
    inside = path.relative_to(ROOT / "imgsim").parts
    return inside[0].removesuffix(".py")


def imports(path: Path, top_only: bool) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_only else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            deeper = {f"imgsim.{alias.name}" for alias in node.names} if node.module == "imgsim" else {node.module}
            names |= deeper
    return names


def floor(name: str) -> int:
    return next((i for i, parts in enumerate(FLOORS) if name in parts), -1)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_lower_floors(path: Path) -> None:
    own = part(path)
    if own == "__init__":
        return
    assert floor(own) >= 0, f"{own} is on no floor; put it on one in this test"
    for name in imports(path, top_only=False):
        if name.startswith("imgsim."):
            used = name.split(".")[1]
            assert used == own or used == "__version__" or floor(used) < floor(own), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_libraries_stay_in_their_part(path: Path) -> None:
    for name in imports(path, top_only=False):
        allowed = ONLY_IN.get(name.split(".")[0])
        assert allowed is None or part(path) in allowed, f"{path} imports {name}"


@pytest.mark.parametrize(
    "path", [*(ROOT / "imgsim/ui").glob("*.py"), *(ROOT / "pages").glob("*.py")], ids=lambda p: str(p.relative_to(ROOT))
)
def test_every_chart_has_words(path: Path) -> None:
    """`imgsim.ui.charts.chart` is the only caller of `plotly_chart`: it gives the text alternative."""
    called = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    assert ("plotly_chart" in called) == (path.name == "charts.py")


def test_importing_imgsim_and_its_registries_loads_nothing_heavy() -> None:
    heavy = ["torch", "torchvision", "umap", "openTSNE", "cv2", "sklearn", "skimage", "pandas", "plotly", "streamlit"]
    code = (
        "import sys, imgsim, imgsim.pipeline, imgsim.engine\n"
        "from imgsim.methods import METHODS; from imgsim.projections import PROJECTORS\n"
        "assert len(METHODS) > 10 and len(PROJECTORS) >= 3\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
