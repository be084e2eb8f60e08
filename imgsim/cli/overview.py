"""`imgsim --help` at once: the names and first sentences of all commands, read from the sources without running them.

Importing every command takes most of a second, and the overview needs none of them. A test holds the text equal to what
the commands themselves give.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def overview() -> Any:
    """The Typer application with empty commands of the same names and docstrings."""
    import typer

    tree = ast.parse((FOLDER / "app.py").read_text(encoding="utf-8"))
    app = typer.Typer(**_options(next(_calls(tree, "Typer"))))
    for module, function in _listed(tree):
        app.command()(_stub(function, _docstring(module, function)))
    for call in _calls(tree, "add_typer"):
        group = call.args[0]
        assert isinstance(group, ast.Attribute)
        assert isinstance(group.value, ast.Name)
        inner = typer.Typer(**_options(next(_calls(_tree(group.value.id), "Typer"))))
        inner.command()(_stub("stub", ""))
        app.add_typer(inner, **_options(call))
    return app


def _listed(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(module, function) of each command in the loop of `app.py`."""
    loop = next(node for node in tree.body if isinstance(node, ast.For))
    assert isinstance(loop.iter, ast.Tuple)
    for one in loop.iter.elts:
        assert isinstance(one, ast.Attribute)
        assert isinstance(one.value, ast.Name)
        yield one.value.id, one.attr


def _calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
            yield node


def _options(call: ast.Call) -> dict[str, Any]:
    return {option.arg: ast.literal_eval(option.value) for option in call.keywords if option.arg}


def _tree(module: str) -> ast.Module:
    return ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))


def _docstring(module: str, function: str) -> str:
    found = next(node for node in _tree(module).body if isinstance(node, ast.FunctionDef) and node.name == function)
    return ast.get_docstring(found) or ""


def _stub(name: str, docstring: str) -> Callable[[], None]:
    def stub() -> None: ...

    stub.__name__, stub.__doc__ = name, docstring
    return stub
