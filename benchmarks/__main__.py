"""Run the stages one after the other, each in a process of its own: `python -m benchmarks [NAME …] [--json] [--dry]`.

Prints a table a stage beside its last runs, and keeps the run in `benchmarks/results` (not with --dry). Exit status 1
when a ratio to a peer fell by more than a fifth.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import importlib.util
import json
import pkgutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import benchmarks
from benchmarks import _history
from benchmarks._rows import Row


def known() -> dict[str, str]:
    """The files of all stages by name; those without a function `stage` print figures of their own."""
    found = pkgutil.iter_modules(benchmarks.__path__)
    return {one.name: str(Path(benchmarks.__path__[0]) / f"{one.name}.py") for one in found if one.name[0] != "_"}


def main() -> None:
    """Run those named, else all quick ones."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", metavar="NAME")
    options.add_argument("--json", action="store_true", help="one JSON object of all stages on stdout, nothing else")
    options.add_argument("--dry", action="store_true", help="keep nothing")
    options.add_argument("--worker", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.worker:
        _answer(given.worker)
        return
    files = known()
    unknown = set(given.names) - set(files)
    if unknown:
        sys.exit(f"a benchmark must be one of {', '.join(files)}, got {', '.join(sorted(unknown))}.")
    quick = [name for name, file in files.items() if "\nSLOW = True" not in Path(file).read_text()]
    say = sys.stderr if given.json else sys.stdout
    print(_history.machine(), file=say)
    answers, fell = {}, False
    for name in given.names or quick:
        print(f"\n== {name}", file=say, flush=True)
        if "\ndef stage(" not in Path(files[name]).read_text():
            subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True, stdout=say)
            continue
        rows, before = _measured(name), _history.read(name)
        print(_history.table(rows, before, _history.machine()), file=say, flush=True)
        fell |= any(_history.regression(r, _history.earlier_ratios(r, before, _history.machine())) for r in rows)
        answers[name] = [asdict(row) for row in rows]
        if not given.dry:
            _history.keep(name, rows, datetime.date.today().isoformat())
    if given.json:
        print(json.dumps({"machine": _history.machine(), "stages": answers}))
    sys.exit(1 if fell else 0)


def _measured(name: str) -> list[Row]:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks", "--worker", name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]


def _answer(name: str) -> None:
    rows = importlib.import_module(f"benchmarks.{name}").stage()
    print("\n" + json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()
