"""Fetch a file over the network, its hash checked; imported only when something is fetched, as TLS is slow to load."""

from __future__ import annotations

import hashlib
import http.client
import re
import urllib.error
import urllib.request
from typing import IO, Any

from imgsim.progress import Progress

_CHUNK = 1 << 20
_TIMEOUT = 20.0  # seconds without a byte


class DownloadError(Exception):
    """A file could not be fetched; the text says why, in a few words."""


def download(url: str, out: IO[bytes], sha256_start: str, stage: str, progress: Progress) -> None:
    """Write what lies at an address; progress counts bytes.

    Args:
        url: the address; redirects are followed.
        out: where it goes.
        sha256_start: how its sha256 must begin; where it is empty, the one that a model hub states is taken.
        stage: what progress is told.
        progress: may cancel.

    Raises:
        DownloadError: nobody answered, not all of it came, or it is another file.
    """
    hops = _Hops()
    try:
        with urllib.request.build_opener(hops).open(url, timeout=_TIMEOUT) as response:
            _copy(response, out, sha256_start or hops.sha256, stage, progress)
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(_reason(error)) from error


class _Hops(urllib.request.HTTPRedirectHandler):
    """Follows redirects and keeps the sha256 that a model hub states of a large file when it sends us to its store."""

    sha256 = ""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """The next request."""
        stated = str(headers.get("X-Linked-ETag", "")).strip('"')
        if re.fullmatch(r"[0-9a-f]{64}", stated):
            self.sha256 = stated
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _copy(response: Any, out: IO[bytes], sha256_start: str, stage: str, progress: Progress) -> None:
    total = int(response.headers.get("Content-Length") or 0)
    digest, done = hashlib.sha256(), 0
    progress(stage, 0, total)
    while chunk := response.read(_CHUNK):
        out.write(chunk)
        digest.update(chunk)
        done += len(chunk)
        progress(stage, done, total)
    if done < total:
        raise OSError(f"the connection ended after {done} of {total} bytes")
    if not digest.hexdigest().startswith(sha256_start):
        raise OSError(f"its sha256 starts with {digest.hexdigest()[:8]} instead of {sha256_start[:12]}")


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        error.close()  # it holds the connection
        return f"the server answered {error.code}"
    inner: Any = getattr(error, "reason", error)
    return str(inner.strerror).lower() if getattr(inner, "strerror", None) else str(inner)
