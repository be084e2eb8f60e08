"""A path or a URL through fsspec; what a far place's own client raises becomes one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from imgsim.errors import ImgsimError, InputError, UnavailableError

BUCKETS = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})  # folders are there once a file is in them
URL = re.compile(r"^(?!https?:)[a-z][a-z0-9+]*://", re.IGNORECASE)
KNOWN = (ImgsimError, FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError)


class Far:
    """Fsspec's file system of a URL, or a file of it, whose calls raise `UnavailableError` where it is out of reach.

    That a file is not there stays FileNotFoundError, except where one is written: then its bucket is not there.
    """

    def __init__(self, inner: Any, place: str) -> None:
        self.inner, self.place = inner, place

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        @wraps(found)
        def call(*arguments: Any, **named: Any) -> Any:
            with reaching(self.place, writing=name == "pipe_file"):
                answer = found(*arguments, **named)
            return Far(answer, self.place) if name == "open" else answer

        return call

    def __enter__(self) -> Far:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def reaching(place: str, writing: bool = False) -> Iterator[None]:
    """What goes wrong inside, other than a missing file, is said as a place that is out of reach.

    Raises:
        UnavailableError: no keys, no access, no answer; while writing also: no such bucket.
    """
    try:
        yield
    except Exception as error:
        own = type(error).__module__.partition(".")[0] in ("builtins", "pyarrow") and not isinstance(error, OSError)
        if own or (isinstance(error, KNOWN) and not (writing and isinstance(error, FileNotFoundError))):
            raise
        told = " ".join(str(error).split())[:160].rstrip(".")
        raise UnavailableError(
            f"{place} must be in reach, got {type(error).__name__}: {told}; check its name, your keys and the network."
        ) from error


def is_url(text: str) -> bool:
    """Whether it is a URL that may hold files; a web page is none."""
    return bool(URL.match(text))


def filesystem(place: str) -> tuple[Any, str]:
    """Fsspec's file system of a path or URL, and the path in it.

    Raises:
        InputError: the package for such URLs is missing.
    """
    from fsspec.core import url_to_fs

    try:
        fs, path = url_to_fs(place)
    except (ImportError, ValueError) as error:
        raise InputError(f"{place} must be a place that fsspec reaches, got: {error}") from None
    return fs if is_local(fs) else Far(fs, place), path.rstrip("/")


def is_local(fs: Any) -> bool:
    """Whether a file system is this machine's disk."""
    return "file" in _protocols(fs)


def make_folder(place: str) -> None:
    """Make a folder where the place has such; a bucket is never made."""
    fs, root = filesystem(place)
    if not BUCKETS.intersection(_protocols(fs)):
        fs.makedirs(root, exist_ok=True)


def look_again(place: str) -> None:
    """Forget what a URL's folders held when they were last listed by this process."""
    fs, _ = filesystem(place)
    if not is_local(fs):
        fs.invalidate_cache()


def stamp_of(info: dict[str, Any]) -> str:
    """What changes when a file does: its size and the first of ETag, times and checksum that the place tells."""
    told = next(
        (info[name] for name in ("ETag", "etag", "md5Hash", "mtime", "LastModified", "created") if name in info), ""
    )
    return f"{info.get('size')}-{told}"


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
