"""Run the benchmarks one after the other: `python -m benchmarks [NAME …]`; each prints its own figures."""

from __future__ import annotations

import os
import pkgutil
import platform
import subprocess
import sys

import benchmarks

SLOW = ("map",)  # only when asked for by name


def main() -> None:
    """Run those named, else all quick ones."""
    known = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name[0] != "_"]
    chosen = sys.argv[1:] or [name for name in known if name not in SLOW]
    unknown = set(chosen) - set(known)
    if unknown:
        sys.exit(f"a benchmark must be one of {', '.join(known)}, got {', '.join(sorted(unknown))}.")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name in chosen:
        print(f"\n== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


if __name__ == "__main__":
    main()
