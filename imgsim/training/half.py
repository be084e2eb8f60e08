"""Half precision where the processor computes in it; emulated, it is slower than full precision."""

from __future__ import annotations

from functools import cache

import torch


@cache
def is_native() -> bool:
    """Whether the processor multiplies bfloat16 itself."""
    return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", bool)())


def autocast() -> torch.autocast:
    """Networks inside compute in bfloat16 where that is native, else in float32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=is_native())
