"""`torchvision:NAME`: a data set of torchvision, fetched once into the workspace; `NAME/SPLIT` picks a split."""

from __future__ import annotations

import difflib
import inspect
import os
import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from imgsim.errors import InputError, UnavailableError, UnknownIdError, UnreadableImageError
from imgsim.home import home
from imgsim.images.decoding import from_pil
from imgsim.images.sources import SOURCES, Column, Contents, Listing, Source
from imgsim.images.sources.folder import stamp_of
from imgsim.types import key_of

_PREFIX = "torchvision:"
_NOT_BY_NAME = ("DatasetFolder", "ImageFolder", "VisionDataset")


@SOURCES.register
@dataclass(frozen=True)
class Torchvision(Source):
    """Images and labels of `torchvision.datasets.NAME`, looked for in IMGSIM_TORCHVISION or the workspace."""

    id: ClassVar[str] = "torchvision"
    dataset: str = ""
    split: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def matches(cls, text: str) -> bool:
        """Whether it begins with `torchvision:`."""
        return text.startswith(_PREFIX)

    @classmethod
    def open(cls, text: str) -> Self:
        """The data set of that name; a misspelt name gets the nearest one."""
        name, _, split = text.removeprefix(_PREFIX).partition("/")
        known = {known.lower(): known for known in _names()}
        if name.lower() not in known:
            near = difflib.get_close_matches(name.lower(), known)
            raise UnknownIdError("torchvision data set", name, [known[n] for n in near] or known.values())
        return cls(known[name.lower()], split)

    @property
    def canonical(self) -> str:
        """`torchvision:NAME`, with the split where one was asked for."""
        return f"{_PREFIX}{self.dataset}" + (f"/{self.split}" if self.split else "")

    @property
    def name(self) -> str:
        """The data set's name and split."""
        return f"{self.dataset} {self.split}".strip()

    def state(self) -> str:
        """Of torchvision's version and the files below the root."""
        from importlib.metadata import version

        files = [(str(p.relative_to(_root())), stamp_of(p)) for p in self._stored_files()]
        return key_of("torchvision", source=self.canonical, version=version("torchvision"), files=files)

    def listing(self) -> Listing:
        """Every image in the data set's own, fixed order; ids like `train/00042`."""
        width = max(5, len(str(len(self._images))))
        split = self.split or "images"
        ids = [f"{split}/{number:0{width}d}" for number in range(len(self._images))]
        return Listing(ids, [str(i) for i in range(len(ids))], [""] * len(ids), self._labels())

    def read(self, location: str) -> Contents:
        """The image as the data set gives it."""
        try:
            with self._lock:
                item = self._images[int(location)]
        except Exception as error:  # a data set's own code may raise anything
            raise UnreadableImageError(f"{self.dataset} cannot give it ({type(error).__name__}).") from None
        image = item[0] if isinstance(item, tuple) else item
        return from_pil(image) if not isinstance(image, np.ndarray) else np.ascontiguousarray(image)

    def shown_path(self, location: str) -> str:
        """The SOURCE and the number."""
        return f"{self.canonical}/{location}"

    def _stored_files(self) -> list[Path]:
        return sorted(path for path in _root().rglob("*") if path.is_file()) if _root().is_dir() else []

    @cached_property
    def _images(self) -> Any:
        import torchvision.datasets

        made = getattr(torchvision.datasets, self.dataset)
        options = _options(made, self.split)
        try:
            return made(**options, **({"download": False} if _takes(made, "download") else {}))
        except (RuntimeError, FileNotFoundError, OSError):
            return self._fetched(made, options)

    def _fetched(self, made: Any, options: dict[str, Any]) -> Any:
        if not _takes(made, "download"):
            raise UnavailableError(
                f"{self.dataset} must lie in {_root()}, got nothing; torchvision cannot fetch it, bring it by hand."
            )
        _root().mkdir(parents=True, exist_ok=True)
        try:
            return made(**options, download=True)
        except Exception as error:  # no network, a mirror that is gone, a missing package
            raise UnavailableError(
                f"{self.dataset} must lie in {_root()} or be fetched, got {type(error).__name__}; "
                f"bring its files there or connect to a network."
            ) from None

    def _labels(self) -> dict[str, Column]:
        targets: Any = getattr(self._images, "targets", getattr(self._images, "labels", None))
        if targets is None or len(targets) != len(self._images) or np.ndim(targets) != 1:
            return {}
        classes: Any = getattr(self._images, "classes", None)
        numbers = [int(target) for target in targets]
        named = classes is not None and all(0 <= number < len(classes) for number in numbers)
        return {"label": [str(classes[number]) if named else str(number) for number in numbers]}


def _names() -> list[str]:
    import torchvision.datasets

    return [
        name
        for name in torchvision.datasets.__all__
        if name not in _NOT_BY_NAME and inspect.isclass(getattr(torchvision.datasets, name))
    ]


def _root() -> Path:
    return Path(os.environ.get("IMGSIM_TORCHVISION") or home() / "torchvision").expanduser()


def _takes(made: Any, name: str) -> bool:
    return name in inspect.signature(made).parameters


def _options(made: Any, split: str) -> dict[str, Any]:
    """What the constructor needs for a split: `train=True` or `split="train"`, whichever it has."""
    options: dict[str, Any] = {"root": str(_root())} if _takes(made, "root") else {}
    if not split:
        return options
    if _takes(made, "train") and split in ("train", "test"):
        return options | {"train": split == "train"}
    if _takes(made, "split"):
        return options | {"split": split}
    raise InputError(f"a split of {made.__name__} must be one that it has, got {split!r}; leave it out.")
