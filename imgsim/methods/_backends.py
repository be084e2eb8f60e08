"""What runs a torch module on this machine: the fastest of OpenVINO and torch, measured once and remembered."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.methods import Array
from imgsim.types import Float
from imgsim.weights import workspace_folder

if TYPE_CHECKING:
    import torch

Runner = Callable[[Array], Float]  # (B, 3, S, S) uint8 -> (B, D) float32

MapsRunner = Callable[[Array], tuple[Float, ...]]  # (B, 3, H, W) uint8 -> (B, h, w, C) of several layers

BACKENDS = ("openvino", "torch")
_AGREEMENT = {"fp32": 0.99999, "bf16": 0.95}  # least cosine to torch in fp32 that a backend must reach
_TRIAL = 4  # pictures in a trial batch


@dataclass(frozen=True)
class Choice:
    """What measuring found: the fastest backend, its images per second and its smallest cosine to torch in fp32.

    `native` says whether the processor itself computes in the precision; where it does not, bf16 gains nothing.
    """

    backend: str
    images_per_s: float
    cosine: float
    precision: str = "fp32"
    native: bool = True

    @property
    def said(self) -> str:
        """One sentence for people."""
        name = {"openvino": "OpenVINO"}.get(self.backend, self.backend)
        gains = "" if self.native else " This processor does not compute in bf16, so nothing is gained."
        return (
            f"Runs in {name}, {self.precision}: {self.images_per_s:.3g} images a second in a trial; "
            f"smallest cosine to fp32 {self.cosine:.4f}.{gains}"
        )


@dataclass(frozen=True)
class Note:
    """Where the choice for a method is remembered: on this machine with these packages, and what ran last."""

    folder: Path
    key: str

    @property
    def path(self) -> Path:
        """For this machine, these packages and this device."""
        versions = [importlib.metadata.version(p) for p in ("torch", "openvino") if importlib.util.find_spec(p)]
        facts = repr((self.key, platform.processor(), n_threads(), device(), versions))
        return self._file(hashlib.sha256(facts.encode()).hexdigest())

    @property
    def last(self) -> Path:
        """What ran last, found without importing torch."""
        return self._file(hashlib.sha256(f"last {self.key}".encode()).hexdigest())

    def _file(self, digest: str) -> Path:
        return self.folder / "backends" / f"{digest[:32]}.json"


def runner(
    module: torch.nn.Module, side: int | tuple[int, int], precision: str = "fp32", note: Note | None = None
) -> Runner:
    """The fastest way to run the module on (B, 3, side, side) pictures that agrees with torch in fp32.

    Args:
        module: (B, 3, side, side) uint8 -> (B, D).
        side: of the pictures in pixels, or their height and width.
        precision: fp32, or bf16 for about half the time on processors that have it.
        note: where the choice is remembered; without it the backends are measured every time.
    """
    known = remembered(note.path) if note is not None else None
    if known is not None and (run := backend_runner(module, known.backend, precision, side)) is not None:
        return run
    choice, run = fastest(module, side, precision)
    if note is not None:
        _remember(note.path, choice)
        _remember(note.last, choice)
    return run


def fastest(module: torch.nn.Module, side: int | tuple[int, int], precision: str) -> tuple[Choice, Runner]:
    """The backends that agree, measured on drawn pictures; the fastest of them."""
    pictures = _drawn(side)
    wanted = _in_torch(module, pictures)
    found: list[tuple[Choice, Runner]] = []
    for backend in BACKENDS:
        run = backend_runner(module, backend, precision, side)
        agreement = _cosine(run(pictures), wanted) if run is not None else -1.0
        if run is not None and (agreement >= _AGREEMENT[precision] or backend == "torch"):
            native = precision == "fp32" or has_bf16()
            found.append((Choice(backend, _rate(run, pictures), agreement, precision, native), run))
    return max(found, key=lambda pair: pair[0].images_per_s)


def backend_runner(module: torch.nn.Module, backend: str, precision: str, side: int | tuple[int, int]) -> Runner | None:
    """The module run by one backend; None where that is not possible here."""
    if backend == "torch":
        return _torch(module, precision)
    if device() != "cpu" or importlib.util.find_spec("openvino") is None:
        return None
    try:
        return _compiled_runner(_compiled(module, side, precision))
    except Exception:  # the converter raises many kinds; torch serves then
        return None


def remembered(path: Path) -> Choice | None:
    """An earlier choice."""
    try:
        return Choice(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None  # never measured, or half written: measure again


def runs_on(key: str) -> str | None:
    """What ran the method of that key last, in one sentence; None where it never ran here."""
    choice = remembered(Note(workspace_folder().parent, key).last)
    return choice.said if choice is not None else None


def n_threads() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def device() -> str:
    """cuda, mps or cpu, the first that is there."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def has_bf16() -> bool:
    """Whether the device computes in bf16 itself."""
    if device() != "cpu":
        return True
    if importlib.util.find_spec("openvino") is None:
        import torch

        return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", bool)())
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def torch_runner(module: torch.nn.Module) -> Runner:
    """The module run by torch in full precision; what it gives may have any shape."""
    return _torch(module, "fp32")


def maps_runner(module: torch.nn.Module, side: int | tuple[int, int]) -> MapsRunner:
    """What runs a module that gives several maps, in full precision: OpenVINO where it is there, else torch."""
    if device() == "cpu" and importlib.util.find_spec("openvino"):
        try:
            return _compiled_maps(_compiled(module, side, "fp32"))
        except Exception:  # the converter raises many kinds; torch serves then
            pass
    return _torch_maps(module)


def _torch_maps(module: torch.nn.Module) -> MapsRunner:
    import torch

    place = device()
    module = module.to(place, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(batch: Array) -> tuple[Float, ...]:
        with torch.inference_mode():
            images = torch.from_numpy(batch).to(place, memory_format=torch.channels_last)
            return tuple(np.ascontiguousarray(map.cpu().numpy(), dtype=np.float32) for map in module(images))

    return run


def _torch(module: torch.nn.Module, precision: str) -> Runner:
    import torch

    place = device()
    module = module.to(place, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(batch: Array) -> Float:
        with torch.inference_mode(), torch.autocast(place, torch.bfloat16, enabled=precision == "bf16"):
            images = torch.from_numpy(batch).to(place, memory_format=torch.channels_last)
            return np.ascontiguousarray(module(images).cpu().numpy(), dtype=np.float32)

    return run


def _compiled(module: torch.nn.Module, side: int | tuple[int, int], precision: str) -> Any:
    """OpenVINO's compiled model with a free batch size."""
    import torch

    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # its import alone reports home
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    example = torch.zeros((2, 3, *_height_and_width(side)), dtype=torch.uint8)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # tracing is deprecated, and is what OpenVINO's front end reads
        traced = torch.jit.trace(module, example, check_trace=False)  # type: ignore[no-untyped-call]
    front = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(traced)  # named: the front end reads it through a pointer that it does not own
    model = front.convert(front.load(decoder))
    model.reshape([-1, *example.shape[1:]])
    return _compile(model, precision)


def openvino_runner(model: Any) -> Runner:
    """What runs an OpenVINO model of (B, 3, S, S) uint8 -> (B, D) in full precision."""
    return _compiled_runner(_compile(model, "fp32"))


def _compile(model: Any, precision: str) -> Any:
    import openvino

    options = {"INFERENCE_NUM_THREADS": n_threads(), "NUM_STREAMS": n_threads()}
    hint = {"fp32": "f32", "bf16": "bf16"}[precision]
    return openvino.Core().compile_model(model, "CPU", options | {"INFERENCE_PRECISION_HINT": hint})


def _compiled_runner(compiled: Any) -> Runner:
    run = _compiled_maps(compiled)
    return lambda batch: run(batch)[0]


def _compiled_maps(compiled: Any) -> MapsRunner:
    # One stream a core, each on its own part of the batch: cores that decode meanwhile hold up no others.
    def run(batch: Array) -> tuple[Float, ...]:
        parts = np.array_split(batch, min(n_threads(), len(batch)))
        requests = [compiled.create_infer_request() for _ in parts]  # threads that call at once share no buffers
        for request, part in zip(requests, parts, strict=True):
            request.start_async([part])
        for request in requests:
            request.wait()
        return tuple(
            np.concatenate([request.get_output_tensor(i).data for request in requests]).astype(np.float32)
            for i in range(len(compiled.outputs))
        )

    return run


def _in_torch(module: torch.nn.Module, pictures: Array) -> Float:
    import torch

    with torch.inference_mode():
        return np.asarray(module.cpu()(torch.from_numpy(pictures)).numpy())


def _height_and_width(side: int | tuple[int, int]) -> tuple[int, int]:
    return side if isinstance(side, tuple) else (side, side)


def _drawn(side: int | tuple[int, int]) -> Array:
    """Pictures to measure with: smooth coloured patches, (4, 3, H, W) uint8, always the same."""
    height, width = _height_and_width(side)
    coarse = np.random.default_rng(0).integers(0, 256, (_TRIAL, 3, 8, 8), dtype=np.uint8)
    times = -(-max(height, width) // 8)
    return np.ascontiguousarray(np.kron(coarse, np.ones((1, 1, times, times), np.uint8))[:, :, :height, :width])


def _rate(run: Runner, pictures: Array) -> float:
    """Images per second, the better of two goes."""
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        run(pictures)
        seconds.append(time.perf_counter() - start)
    return len(pictures) / min(seconds)


def _remember(note: Path, choice: Choice) -> None:
    note.parent.mkdir(parents=True, exist_ok=True)
    draft = note.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(asdict(choice)))
    draft.replace(note)


def _cosine(a: Float, b: Float) -> float:
    """The smallest cosine between rows."""
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(1) / np.maximum(norms, 1e-30)).min())
