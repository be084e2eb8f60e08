"""The command line: `imgsim …` or `python -m imgsim …`. One file a group of commands.

With `--json` a command prints one JSON object on stdout and nothing else there. Progress and errors go to stderr. Exit
status 0: done; 2: usage or bad input, one sentence on stderr; 130: interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from imgsim.errors import CancelledError, ImgsimError

USAGE, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status."""
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit status."""
    import typer

    if list(arguments) in ([], ["--help"]):
        from imgsim.cli.overview import overview

        app = overview()
    else:
        from imgsim.cli.app import app
    try:
        status = app(list(arguments) or ["--help"], prog_name="imgsim", standalone_mode=False) or 0
        return _fail("Stopped.", INTERRUPTED) if status == INTERRUPTED else status
    except typer.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, typer.Abort, CancelledError):
        return _fail("Stopped.", INTERRUPTED)
    except typer.TyperException as error:
        named = getattr(getattr(error, "param", None), "name", None)
        return _fail(f"{named + ': ' if named else ''}{error} See: imgsim --help", USAGE)
    except ImgsimError as error:
        return _fail(str(error), USAGE)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _fail(sentence: str, status: int) -> int:
    print(" ".join(sentence.split()), file=sys.stderr)
    return status
