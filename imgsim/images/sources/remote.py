"""A folder of images in object storage or wherever else fsspec reaches: `s3://bucket/photos`, `gs://…`, `memory://…`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

from imgsim.errors import InputError, UnavailableError, UnreadableImageError
from imgsim.images.labels import LABEL_FILES, Labels, is_companion, with_labels
from imgsim.images.sources import SOURCES, Contents, Listing, Source
from imgsim.images.sources._places import filesystem, is_url, stamp_of
from imgsim.images.sources.folder import MAX_FILE_BYTES
from imgsim.images.sources.shards import is_shards
from imgsim.types import Unreadable, key_of


@SOURCES.register
@dataclass(frozen=True)
class Remote(Source):
    """All images below a URL; labels as in a folder. The keys of the place are those that its own client finds."""

    id: ClassVar[str] = "remote"
    url: str = ""
    _fs: Any = field(default=None, repr=False, compare=False)
    _root: str = field(default="", repr=False, compare=False)

    @classmethod
    def matches(cls, text: str) -> bool:
        """Whether it is the URL of a folder of images; a web page is none."""
        return is_url(text) and not text.lower().endswith((".parquet", ".pq")) and not is_shards(text)

    @classmethod
    def open(cls, text: str) -> Self:
        """The folder at that URL."""
        fs, root = filesystem(text)
        if not fs.isdir(root):
            raise InputError(f"{text} must be a folder that can be listed, got none; check its name and your access.")
        return cls(text.rstrip("/"), fs, root)

    @property
    def canonical(self) -> str:
        """The URL."""
        return self.url

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.url.rpartition("/")[2] or self.url

    def state(self) -> str:
        """Over names, sizes and the place's own marks of change."""
        return key_of("remote", files=[(path, stamp_of(info)) for path, info in self._files])

    def listing(self) -> Listing:
        """Every file that may be an image, in the order of its path."""
        files = [(path, info) for path, info in self._files if not is_companion(path)]
        big = {path for path, info in files if (info.get("size") or 0) > MAX_FILE_BYTES}
        kept = [(path, info) for path, info in files if path not in big]
        ids = [path for path, _ in kept]
        tables = [self._labels(path) for path, _ in self._files if path.rpartition("/")[2].lower() in LABEL_FILES]
        fields = with_labels(ids, [table for table in tables if table is not None])
        refused = [Unreadable(path, f"it is larger than {MAX_FILE_BYTES >> 30} GiB.") for path in sorted(big)]
        return Listing(ids, ids, [stamp_of(info) for _, info in kept], fields, refused)

    def read(self, location: str) -> Contents:
        """The contents of one file.

        Raises:
            UnreadableImageError: it has gone, or it alone must not be read.
            UnavailableError: the place is out of reach, or the keys have expired, so that no other can be read either.
        """
        try:
            return bytes(self._fs.cat_file(f"{self._root}/{location}"))
        except FileNotFoundError:
            raise UnreadableImageError("the file is gone.") from None
        except UnavailableError as error:
            if isinstance(error.__cause__, PermissionError) and "expired" not in str(error):
                raise UnreadableImageError("access to the file was denied.") from None
            raise

    @cached_property
    def _files(self) -> list[tuple[str, dict[str, Any]]]:
        found = self._fs.find(self._root, detail=True)
        inside = [(path[len(self._root) :].lstrip("/"), info) for path, info in found.items()]
        return sorted((path, info) for path, info in inside if not any(p.startswith(".") for p in path.split("/")))

    def _labels(self, path: str) -> Labels | None:
        return Labels.parse(self._fs.cat_file(f"{self._root}/{path}"), path.rpartition("/")[0], path)
