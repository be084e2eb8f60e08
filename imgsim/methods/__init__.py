"""Methods: an image becomes a vector. One file each; `METHODS` finds them by scanning this package.

A method is a frozen dataclass whose fields *are* its parameters (`imgsim.parameters.param`); they give the cache key,
the form on the page, the option on the command line and the row in the docs. A method sees images in two steps:

    prepare(image)        one (H, W, 3) uint8 RGB image -> the small array it needs; runs in the decoding threads
    embed_batch(prepared) B prepared arrays -> (B, D) float32; the one abstract method

`fit(prepared)` returns a copy that has learnt from a sample (a vocabulary); its arrays live in `fitted()` fields.
"""

from __future__ import annotations

import dataclasses
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from imgsim.errors import InputError
from imgsim.parameters import format_spec, parse_spec, split_worn, values
from imgsim.progress import Progress, silent
from imgsim.registry import Registry
from imgsim.types import Float, Image, Metric, key_of
from imgsim.weights import WeightsFile

Array = npt.NDArray[Any]

FAMILIES = (  # the simple ones first
    "pixels",
    "colour",
    "texture",
    "gradients",
    "keypoints",
    "hashes",
    "learnt locally",
    "networks",
    "text and image",
    "quantum",
)


class Method(ABC):
    """Image -> vector. Subclasses are frozen dataclasses; class facts describe them to people."""

    id: ClassVar[str]
    title: ClassVar[str]
    family: ClassVar[str]  # one of FAMILIES, or a new one
    version: ClassVar[int] = 1  # raise it when the code gives other vectors
    sees: ClassVar[str]  # what makes two images close, one plain sentence
    blind_to: ClassVar[str]  # what it cannot tell apart, one plain sentence
    formula: ClassVar[str]  # what is computed and how two vectors are compared, in one line of plain text
    reference: ClassVar[str]  # paper or page
    licence: ClassVar[str]  # of weights or patented algorithm; "none needed" where it is a formula
    needs: ClassVar[tuple[str, ...]] = ()  # importable packages beyond the plain install
    batch_size: ClassVar[int] = 64
    crowd: ClassVar[str] = ""  # the package whose many networks it is one of: lists show them as one table
    reads_text: ClassVar[bool] = False  # whether `embed_text` puts words into the space of the images

    @property
    @abstractmethod
    def metric(self) -> Metric:
        """The distance that belongs to the vectors."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """D, known before any image is seen."""

    @property
    def min_side(self) -> int:
        """Short side in pixels below which `prepare` would lose something; decoding may shrink down to twice it."""
        return 256

    @property
    def needs_fit(self) -> bool:
        """Whether `fit` must run before `embed_batch`."""
        return bool(self._fitted_names()) and not self.fitted_arrays()

    def unavailable(self) -> str | None:
        """Why it cannot run here and what to do about it in one sentence; None when it can."""
        return self.missing_package()

    @classmethod
    def missing_package(cls) -> str | None:
        """How to install what is needed; None when it is here."""
        missing = [name for name in cls.needs if importlib.util.find_spec(name) is None]
        return f"{cls.id} needs the package {missing[0]}; run: pip install {missing[0]}" if missing else None

    def standing(self) -> str:
        """Whether it runs here, in a word or two; `unavailable` says what to do where it does not."""
        if self.missing_package():
            return "to install"
        if self.download is not None:
            return "to fetch"
        return "not yet" if self.unavailable() else "ready"

    @classmethod
    def published_weights(cls) -> tuple[WeightsFile, ...]:
        """The weights files that exist for it, the recommended first."""
        return ()

    @property
    def download(self) -> WeightsFile | None:
        """The weights file that `acquire` would fetch; None when nothing is missing or nothing can be fetched."""
        return None

    def acquire(self, progress: Progress = silent) -> None:  # noqa: B027 - most need nothing
        """Fetch what it needs and does not have yet, such as a weights file; call it before `unavailable`.

        Raises:
            UnavailableError: it cannot be fetched; the message says how to bring it.
        """

    @property
    def undecided(self) -> bool:
        """Whether `decide` must see a sample before it is known how it runs best here."""
        return False

    def decide(self, prepared: Sequence[Array], progress: Progress = silent) -> None:  # noqa: B027 - most have no choice
        """Measure on prepared sample images what is left to be chosen on this machine, and remember it."""

    def settled(self) -> Self:
        """Itself with all that is left to be chosen spelled out, as it stands: what the vectors are stored under."""
        return self

    def runs_on(self) -> str | None:
        """What ran it last here, how fast and how exactly, in one sentence; None where nothing was chosen."""
        return None

    def prepare(self, image: Image) -> Array:
        """The array that `embed_batch` needs from one (H, W, 3) uint8 RGB image of any size from 1 x 1."""
        return image

    @abstractmethod
    def embed_batch(self, prepared: Sequence[Array]) -> Float:
        """(B, D) float32, finite. A vector does not depend on its batch."""

    def embed(self, images: Sequence[Image]) -> Float:
        """(B, D) vectors of B images, in one go; the pipeline does the same in overlapping stages."""
        return self.embed_batch([self.prepare(image) for image in images])

    def embed_text(self, texts: Sequence[str]) -> Float:  # noqa: ARG002 - for those that read
        """(T, D) float32 vectors of T texts, comparable with those of images by `metric`.

        Raises:
            InputError: the method does not read.
        """
        raise InputError(f"a text must be searched for with a method that reads, got {self.id}; try conse or clip.")

    def fit(self, prepared: Sequence[Array]) -> Self:  # noqa: ARG002 - for those that learn
        """A copy that has learnt from prepared sample images; itself where there is nothing to learn."""
        return self

    def identity(self) -> Mapping[str, Any]:
        """What else decides the vectors, such as the hash of a weights file; part of the key."""
        return {}

    @property
    def params(self) -> dict[str, Any]:
        """Parameter values by name."""
        return values(self)

    @property
    def key(self) -> str:
        """Content key of id, version, parameters and identity."""
        return key_of("method", id=self.id, version=self.version, params=self.params, **self.identity())

    def fitted_arrays(self) -> dict[str, Array]:
        """What `fit` learnt, by field name; empty before."""
        pairs = ((name, getattr(self, name)) for name in self._fitted_names())
        return {name: np.asarray(array) for name, array in pairs if array is not None}

    def with_fitted(self, arrays: Mapping[str, Array]) -> Self:
        """A copy with what an earlier `fit` learnt."""
        return dataclasses.replace(self, **arrays)  # type: ignore[type-var]

    def learnt(self, name: str) -> Array:
        """The fitted array of that field.

        Raises:
            InputError: `fit` has not run.
        """
        array = getattr(self, name)
        if array is None:
            raise InputError(f"{self.id} must be fitted before it embeds, got no {name}; call fit first.")
        return np.asarray(array)

    @classmethod
    def _fitted_names(cls) -> tuple[str, ...]:
        return tuple(f.name for f in dataclasses.fields(cls) if "fitted" in f.metadata)  # type: ignore[arg-type]


class MethodRegistry(Registry[Method]):
    """Methods by id, and by the id of a method with what it wears, such as `hog+whiten:dims=64`."""

    def __contains__(self, id: object) -> bool:
        bare = split_worn(str(id))[0]
        return super().__contains__(bare) or _package_of(bare) is not None

    def create(self, id: str, **params: Any) -> Method:
        """An instance with checked parameters; the name of a timm network is the method `timm` with that network.

        So is that of an open_clip network the method `clip`.

        Raises:
            InputError: unknown id, unknown parameter or a value that is not allowed.
        """
        bare, worn = split_worn(id)
        if not super().__contains__(bare) and (package := _package_of(bare)):
            return super().create(package + worn, **{"network": bare, **params})
        return super().create(id, **params)

    def __getitem__(self, id: str) -> type[Method]:
        """The class of that id.

        Raises:
            UnknownIdError: there is none, or no such post-processing; the message names the nearest.
        """
        bare, worn = split_worn(id)
        if not super().__contains__(bare):
            bare = _package_of(bare) or bare
        if not worn:
            return super().__getitem__(bare)
        from imgsim.methods.worn import worn_class

        return worn_class(super().__getitem__(bare), worn[1:])


def _package_of(name: str) -> str | None:
    """The method that runs a network of that name; where two have it, timm."""
    from imgsim.methods import _clip_facts, _timm_facts

    known = {"timm": _timm_facts.FACTS, "clip": _clip_facts.FACTS}
    return next((method for method, facts in known.items() if facts.known(name)), None)


def ordered(methods: Iterable[type[Method]]) -> list[type[Method]]:
    """By family, the simple ones first, and within one by title; the networks of one package after all others."""
    rank = {family: place for place, family in enumerate(FAMILIES)}
    return sorted(methods, key=lambda m: (rank.get(m.family, len(rank)), bool(m.crowd), m.title.lower()))


def settled_spec(spec: str) -> str:
    """The spec with all that is left to be chosen spelled out; the same text where nothing is."""
    method = METHODS.parse(spec)
    settled = method.settled().params
    changed = {name: value for name, value in settled.items() if value != method.params[name]}
    id, given = parse_spec(spec)
    return format_spec(id, {**given, **changed}) if changed else spec


METHODS: Registry[Method] = MethodRegistry("method", __name__)
DEFAULT = "imgsim_mini"  # what is used before anybody has chosen
