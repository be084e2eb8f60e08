"""What runs a torch module on this machine: OpenVINO where it is there and agrees with torch, else torch itself."""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from imgsim.methods import Array
from imgsim.types import Float

if TYPE_CHECKING:
    import torch

Runner = Callable[[Array], Float]  # (B, 3, S, S) uint8 -> (B, D) float32

BACKENDS = ("auto", "openvino", "torch")
_AGREEMENT = 0.99999  # least cosine between OpenVINO and torch on noise


def runner(module: torch.nn.Module, side: int, backend: str = "auto") -> Runner:
    """The fastest way to run the module on (B, 3, side, side) pictures that gives torch's own results."""
    import torch

    if backend != "torch" and not torch.cuda.is_available() and importlib.util.find_spec("openvino") is not None:
        noise = np.random.default_rng(0).integers(0, 256, (2, 3, side, side), dtype=np.uint8)
        compiled = _openvino(module, noise)
        if compiled is not None:
            return compiled
    return _torch(module)


def n_threads() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def device() -> str:
    """cuda, mps or cpu, the first that is there."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _torch(module: torch.nn.Module) -> Runner:
    import torch

    place = device()
    module = module.to(place, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(batch: Array) -> Float:
        with torch.inference_mode():
            images = torch.from_numpy(batch).to(place, memory_format=torch.channels_last)
            return np.ascontiguousarray(module(images).cpu().numpy(), dtype=np.float32)

    return run


def _openvino(module: torch.nn.Module, noise: Array) -> Runner | None:
    """The module compiled by OpenVINO; None when it cannot be converted or does not agree with torch."""
    import torch

    try:
        compiled = _compiled(module, torch.from_numpy(noise))
        run = _compiled_runner(compiled)
        got = run(noise)
    except Exception:  # the converter raises many kinds; torch serves then
        return None
    with torch.inference_mode():
        wanted = module(torch.from_numpy(noise)).numpy()
    return run if _cosine(got, wanted) >= _AGREEMENT else None


def _compiled(module: torch.nn.Module, example: torch.Tensor) -> Any:
    """OpenVINO's compiled model with a free batch size."""
    import torch

    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # its import alone reports home
    import openvino
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # tracing is deprecated, and is what OpenVINO's front end reads
        traced = torch.jit.trace(module, example, check_trace=False)  # type: ignore[no-untyped-call]
    front = FrontEndManager().load_by_framework("pytorch")
    model = front.convert(front.load(TorchScriptPythonDecoder(traced)))
    model.reshape([-1, *example.shape[1:]])
    options = {"INFERENCE_NUM_THREADS": n_threads(), "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    return openvino.Core().compile_model(model, "CPU", options)


def _compiled_runner(compiled: Any) -> Runner:
    def run(batch: Array) -> Float:
        request = compiled.create_infer_request()  # one a call: threads do not share buffers
        return np.array(request.infer([batch])[0], dtype=np.float32)

    return run


def _cosine(a: Float, b: Float) -> float:
    """The smallest cosine between rows."""
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(1) / np.maximum(norms, 1e-30)).min())
