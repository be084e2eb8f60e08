"""A zip of images, read in place: nothing is unpacked to disk, and no member can write or expand without bound."""

from __future__ import annotations

import stat
import threading
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

from imgsim.errors import InputError, UnreadableImageError
from imgsim.images.labels import LABEL_FILES, MAX_TABLE_BYTES, Labels, above, is_companion, mask_rows, with_labels
from imgsim.images.sources import SOURCES, Contents, Listing, Source
from imgsim.images.sources.folder import readable, stamp_of
from imgsim.types import Unreadable, key_of

MAX_MEMBER_BYTES = 512 << 20
SUSPICIOUS_BYTES = 32 << 20  # beyond it a member must not be packed more tightly than real pictures ever are
SUSPICIOUS_RATIO = 100
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst", ".jar")


@SOURCES.register
@dataclass(frozen=True)
class Zip(Source):
    """A .zip on this machine; labels as in a folder."""

    id: ClassVar[str] = "zip"
    path: Path = Path()
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def matches(cls, text: str) -> bool:
        """Whether it is a file named .zip."""
        return text.lower().endswith(".zip") and Path(text).expanduser().is_file()

    @classmethod
    def open(cls, text: str) -> Self:
        """The archive at that path."""
        path = Path(text).expanduser().resolve()
        if not zipfile.is_zipfile(path):  # its list of members is long: read when it is needed, not at every look
            raise InputError(_damaged(path))
        return cls(path)

    @property
    def canonical(self) -> str:
        """The absolute path."""
        return str(self.path)

    @property
    def name(self) -> str:
        """The file name without .zip."""
        return readable(self.path.stem)

    def state(self) -> str:
        """Size and times of the archive."""
        return key_of("zip", stamp=stamp_of(self.path))

    def listing(self) -> Listing:
        """Every member that may be an image, in the order of its name; the others with what is wrong with them."""
        members = [m for m in self._members if not _passed_over(m.filename)]
        reasons = _refusals(members)
        refused = [Unreadable(m.filename, r) for m, r in zip(members, reasons, strict=True) if r]
        ids = [m.filename for m, reason in zip(members, reasons, strict=True) if not reason]
        masks = mask_rows(ids, self._fields(ids).get("mask", ()))
        ids = [id for row, id in enumerate(ids) if row not in masks]
        return Listing(ids, ids, [stamp_of(self.path)] * len(ids), self._fields(ids), refused)

    def read(self, location: str) -> Contents:
        """The contents of one member."""
        try:
            with self._archive.open(location) as member:
                return member.read(MAX_MEMBER_BYTES)
        except KeyError:
            raise UnreadableImageError("the archive has changed and holds it no more.") from None
        except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError, NotImplementedError, ValueError):
            raise UnreadableImageError("it is damaged inside the archive.") from None

    def mask(self, location: str, named: str) -> Contents | None:
        """The member that the column `mask` names, from the table's folder."""
        names = {member.filename for member in self._members if not _refusal(member)}
        found = next((path for path in above(location, named) if path in names), None) if named else None
        return self.read(found) if found else None

    def shown_path(self, location: str) -> str:
        """The archive and the name in it."""
        return f"{readable(str(self.path))}/{location}"

    @cached_property
    def _archive(self) -> zipfile.ZipFile:
        # ZipFile lets many threads read: each member seeks under a lock of the shared file.
        with self._lock:
            found = self.__dict__.get("_opened")
            if found is None:
                found = self.__dict__["_opened"] = zipfile.ZipFile(self.path)
        return found

    @cached_property
    def _members(self) -> list[zipfile.ZipInfo]:
        try:
            members = self._archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise InputError(_damaged(self.path)) from None
        return sorted((m for m in members if not m.is_dir()), key=lambda member: member.filename)

    def _fields(self, ids: list[str]) -> dict[str, list[str] | list[float]]:
        tables = []
        for member in self._members:
            folder, _, name = member.filename.rpartition("/")
            if name.lower() in LABEL_FILES and not _refusal(member) and member.file_size <= MAX_TABLE_BYTES:
                data = self.read(member.filename)
                assert isinstance(data, bytes)
                tables.append(Labels.parse(data, folder, member.filename))
        return with_labels(ids, [table for table in tables if table is not None], _common_top(ids))


def _damaged(path: Path) -> str:
    return f"{path} must be a zip archive, got a damaged one; pack it again."


def _passed_over(name: str) -> bool:
    hidden = any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in name.split("/"))
    return hidden or is_companion(name)


def _refusals(members: list[zipfile.ZipInfo]) -> list[str]:
    """For each member why it must not be read; "" where it may."""
    last = {member.filename: member for member in members}
    overlapping = _overlapping(members)
    return [
        "its name occurs twice in the archive; only the last is taken."
        if last[member.filename] is not member
        else "it shares its bytes with another member; refused as a zip bomb."
        if id(member) in overlapping
        else _refusal(member)
        for member in members
    ]


def _refusal(member: zipfile.ZipInfo) -> str:
    name, size = member.filename, member.file_size
    if name.startswith("/") or "\\" in name or ".." in name.split("/") or name[1:2] == ":":
        return "its name leads out of the archive."
    if stat.S_ISLNK(member.external_attr >> 16):
        return "it is a link."
    if member.flag_bits & 1:
        return "it is encrypted; unpack it with its password first."
    if name.lower().endswith(_ARCHIVES):
        return "it is an archive inside an archive; unpack it first."
    if member.compress_type not in _METHODS:
        return "it is packed by an unusual method; pack it again as an ordinary zip."
    if size > MAX_MEMBER_BYTES or (size > SUSPICIOUS_BYTES and size > SUSPICIOUS_RATIO * member.compress_size):
        return f"it would unpack to {size >> 20} MiB; refused as a zip bomb."
    return ""


def _overlapping(members: list[zipfile.ZipInfo]) -> set[int]:
    """Members whose packed bytes lie within those of another (object ids)."""
    found: set[int] = set()
    end, previous = 0, None
    for member in sorted(members, key=lambda m: (m.header_offset, m.compress_size)):
        if member.header_offset < end and previous is not None:
            found |= {id(member), id(previous)}
        if member.header_offset + member.compress_size > end:
            end, previous = member.header_offset + member.compress_size, member
    return found


def _common_top(ids: list[str]) -> str:
    """`photos/` where every id begins with it: the folder that was packed, no label."""
    tops = {id.partition("/")[0] if "/" in id else "" for id in ids}
    return f"{tops.pop()}/" if len(tops) == 1 and "" not in tops else ""
