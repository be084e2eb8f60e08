"""Weights files: found on this machine, else fetched once, checked and kept in the workspace.

Looked for in this order: the folders of IMGSIM_WEIGHTS (several are joined as in PATH), the workspace's `weights`
folder, torch's download cache. Only `fetch` touches the network, and with IMGSIM_OFFLINE=1 not even that.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import tempfile
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from imgsim.errors import InputError, UnavailableError
from imgsim.home import home
from imgsim.progress import Progress, silent

SUFFIXES = (".safetensors", ".pth", ".pt")


@dataclass(frozen=True)
class WeightsFile:
    """A published weights file.

    Attributes:
        network: the network it belongs to, such as `resnet50`.
        tag: which of the network's weights, such as `IMAGENET1K_V2`.
        url: where it is published; its last part is the file name, `name-0123abcd.pth` with the start of its sha256.
        megabytes: its size.
        saved_as: the name it is kept under, where its name at the source says nothing.
        licence: what is stated of its licence.
    """

    network: str
    tag: str
    url: str
    megabytes: float
    saved_as: str = ""
    licence: str = ""

    @property
    def name(self) -> str:
        """File name."""
        return self.saved_as or self._source_name

    @property
    def _source_name(self) -> str:
        return urllib.parse.unquote(urllib.parse.urlsplit(self.url).path.rsplit("/", 1)[-1])

    @property
    def sha256_start(self) -> str:
        """The first hexadecimal digits of its sha256; empty when the name does not tell."""
        match = re.search(r"-([0-9a-f]{8,64})\.\w+$", self._source_name)
        return match[1] if match else ""

    @property
    def missing(self) -> str:
        """One sentence for a machine that does not have it: how it comes, with and without a network."""
        return (
            f"the {self.described} are not on this machine; they are fetched at first use, or without a network: "
            f"{self.by_hand}."
        )

    @property
    def described(self) -> str:
        """Tag, network and size in words."""
        return f"{self.tag} weights of {self.network} ({self.megabytes:g} MB)"

    @property
    def by_hand(self) -> str:
        """How a person brings it."""
        under = f" as {self.name}" if self.saved_as else ""
        return f"download {self.url} elsewhere{under} and run: imgsim weights import {self.name} --for {self.network}"


def workspace_folder() -> Path:
    """Where fetched and imported weights are kept."""
    return home() / "weights"


def folders() -> tuple[Path, ...]:
    """Every folder that is searched, in order, whether it exists or not."""
    given = [Path(p).expanduser() for p in os.environ.get("IMGSIM_WEIGHTS", "").split(os.pathsep) if p]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    torch_home = Path(os.environ.get("TORCH_HOME") or cache / "torch").expanduser()
    return (*given, workspace_folder(), torch_home / "hub" / "checkpoints")


def find(file: WeightsFile) -> Path | None:
    """Where the published file lies under its own name; None when it is not on this machine."""
    here = next((path for folder in folders() if (path := folder / file.name).is_file()), None)
    return here or _in_hub_cache(file.url)


def hub_cache() -> Path:
    """Where Hugging Face's tools keep what they fetched."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = Path(os.environ.get("HF_HOME") or cache / "huggingface").expanduser()
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()


def _in_hub_cache(url: str) -> Path | None:
    """The newest copy of a file with a hub address, `…/OWNER/NAME/resolve/main/FILE`, in the hub's own cache."""
    repository, resolved, file = urllib.parse.urlsplit(url).path.strip("/").partition("/resolve/main/")
    if not resolved:
        return None
    folder = hub_cache() / ("models--" + repository.replace("/", "--")) / "snapshots"
    copies = sorted(folder.glob(f"*/{file}"), key=lambda path: path.stat().st_mtime_ns)
    return copies[-1] if copies else None


def own_files(network: str, networks: frozenset[str], published: frozenset[str]) -> Iterator[Path]:
    """Files that a person brought for a network: named `<network>….safetensors`, `.pth` or `.pt`, in folder order.

    Args:
        network: its name.
        networks: all names; `vgg16_bn_mine.pth` belongs to `vgg16_bn`, not to `vgg16`.
        published: names of published files, which are not anybody's own.
    """
    for folder in folders()[:-1]:  # torch's cache holds published files only
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.suffix in SUFFIXES and path.name not in published and owner(path.stem, networks) == network:
                yield path


def owner(stem: str, networks: frozenset[str]) -> str | None:
    """The longest network name that a file name starts with, as a whole word."""
    fitting = [n for n in networks if stem == n or (stem.startswith(n) and not stem[len(n)].isalnum())]
    return max(fitting, key=len, default=None)


def sha256(path: Path) -> str:
    """sha256 of a file; computed again only when its size or date changed."""
    stat = path.stat()
    return _sha256(str(path), stat.st_size, stat.st_mtime_ns)


def fetch(file: WeightsFile, progress: Progress = silent) -> Path:
    """The file, found or downloaded once into the workspace, its hash checked; progress counts bytes.

    Raises:
        UnavailableError: the download failed or is not the published file; the message says how to bring the file.
        CancelledError: raised by `progress`; nothing is left behind.
    """
    if (found := find(file)) is not None:
        return found
    from imgsim.downloading import DownloadError, download

    target = workspace_folder() / file.name
    try:
        if os.environ.get("IMGSIM_OFFLINE", "0") != "0":
            raise DownloadError("IMGSIM_OFFLINE is set")
        with _written(target) as out:
            download(file.url, out, file.sha256_start, f"fetching {file.name}", progress)
    except (DownloadError, OSError) as error:
        raise UnavailableError(f"the {file.described} could not be fetched ({error}); {file.by_hand}.") from error
    return target


def import_file(source: Path, network: str, published: tuple[WeightsFile, ...]) -> Path:
    """Copy a weights file into the workspace under a name that `find` or `own_files` recognises.

    A published file (also one that cuts texts) must have the published hash; any other is kept as the person's own
    weights of that network.

    Raises:
        InputError: no such file, an unknown kind of file, or a published name with other contents.
    """
    if not source.is_file():
        raise InputError(f"a weights file must exist, got {str(source)!r}; check the path.")
    known = next((f for f in published if f.name == source.name), None)
    if known is None and source.suffix not in SUFFIXES:
        raise InputError(f"a weights file must be one of {', '.join(SUFFIXES)}, got {source.name!r}; convert it first.")
    digest = sha256(source)
    if known is not None and not digest.startswith(known.sha256_start):
        raise InputError(
            f"{source.name} must have a sha256 that starts with {known.sha256_start}, got {digest[:12]}; "
            "download it again."
        )
    same = next((f.name for f in published if f.sha256_start and digest.startswith(f.sha256_start)), None)
    named = known is not None or owner(source.stem, frozenset((network,))) is not None
    name = same or (source.name if named else f"{network}_{source.name}")
    target = workspace_folder() / name
    with _written(target) as out, source.open("rb") as opened:
        shutil.copyfileobj(opened, out)
    return target


def load_state(path: Path) -> dict[str, Any]:
    """The tensors of a safetensors file or a torch checkpoint, by name; no code in the file is ever run.

    Raises:
        InputError: the file cannot be read or holds no state dict.
    """
    import torch

    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch, pickle, zip and safetensors each raise their own
        raise InputError(
            f"{path.name} must be a readable weights file, got {type(error).__name__}; bring it again."
        ) from error
    state = state.get("state_dict", state) if isinstance(state, dict) else state
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise InputError(f"{path.name} must hold a state dict, got {type(state).__name__}; save model.state_dict().")
    return {name.removeprefix("module."): value for name, value in state.items()}


@functools.lru_cache(maxsize=256)
def _sha256(path: str, size: int, modified: int) -> str:  # noqa: ARG001 - both are part of the cache key
    with open(path, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def _written(target: Path) -> Iterator[IO[bytes]]:
    """A file that takes its name only when it was written whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(prefix=".partial-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
        os.replace(partial, target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
