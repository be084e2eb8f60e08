"""Feature-map circuits on n qubits, simulated exactly: x (n,) angles in radians -> state (2^n,) complex.

Qubit 0 is the lowest bit of the index of an amplitude. Each circuit is repeated; time and memory grow as 2^n.

References: Havlicek et al.: Supervised learning with quantum-enhanced feature spaces, Nature 2019, arXiv:1804.11326
(ZZ, fidelity); Schuld, Killoran: Quantum machine learning in feature Hilbert spaces, PRL 2019, arXiv:1803.07128.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import combinations

import numpy as np

from imgsim.methods import Array

State = Array  # (2^n,) complex128 of unit length
Layer = Callable[[State, Array], State]


def feature_state(x: Array, circuit: str, repetitions: int) -> State:
    """The state that a circuit of `CIRCUITS` prepares from all zeros for (n,) angles."""
    angles = np.asarray(x, np.float64)
    state = np.zeros(2 ** len(angles), np.complex128)
    state[0] = 1
    for _ in range(repetitions):
        state = CIRCUITS[circuit](state, angles)
    return state


def fidelities(a: Array, b: Array) -> Array:
    """(A, B) squared overlaps |<a|b>|^2 of (A, 2^n) and (B, 2^n) states, 0 to 1."""
    return np.asarray(np.abs(np.conj(a) @ b.T) ** 2)


def density_vector(state: State) -> Array:
    """(4^n,) real coordinates of |s><s|: their inner product is exactly the fidelity of two states.

    The diagonal, then the real and the imaginary parts above it, times the root of 2 as they stand for two entries.
    """
    matrix = np.outer(state, np.conj(state))
    above = matrix[np.triu_indices(len(state), 1)] * np.sqrt(2)
    return np.concatenate([matrix.diagonal().real, above.real, above.imag])


def _separable(state: State, x: Array) -> State:
    return _hadamard(state) * _phases(2 * x, ())


def _zz(state: State, x: Array) -> State:
    return _hadamard(state) * _phases(2 * x, tuple(2 * (np.pi - a) * (np.pi - b) for a, b in combinations(x, 2)))


def _iqp(state: State, x: Array) -> State:
    # A rotation by t about Z, or by t about ZZ, is a phase of t on odd parity, up to a phase of the whole state.
    return _hadamard(state) * _phases(x, tuple(a * b for a, b in combinations(x, 2)))


def _angle(state: State, x: Array) -> State:
    n = len(x)
    for qubit, angle in enumerate(x):
        cosine, sine = np.cos(angle / 2), np.sin(angle / 2)
        pairs = state.reshape(-1, 2, 2**qubit)
        low, high = pairs[:, 0], pairs[:, 1]
        state = np.stack([cosine * low - sine * high, sine * low + cosine * high], axis=1).reshape(-1)
    return state * _ring_signs(n)


CIRCUITS: Mapping[str, Layer] = {"angle": _angle, "zz": _zz, "iqp": _iqp, "separable": _separable}


def _hadamard(state: State) -> State:
    """A Hadamard gate on each qubit."""
    for qubit in range(len(state).bit_length() - 1):
        pairs = state.reshape(-1, 2, 2**qubit)
        low, high = pairs[:, 0], pairs[:, 1]
        state = (np.stack([low + high, low - high], axis=1) * np.sqrt(0.5)).reshape(-1)
    return state


def _phases(single: Array, pair: tuple[float, ...]) -> State:
    """(2^n,) diagonal: a phase for each qubit that is 1, and for each pair of qubits that differ."""
    bits = _bits(len(single))
    total = single @ bits
    for (a, b), phase in zip(combinations(range(len(single)), 2), pair, strict=bool(pair)):
        total = total + phase * (bits[a] != bits[b])
    return np.exp(1j * total)


@cache
def _bits(n: int) -> Array:
    """(n, 2^n) the bits of every index."""
    return (np.arange(2**n) >> np.arange(n)[:, None]) & 1


@cache
def _ring_signs(n: int) -> Array:
    """(2^n,) diagonal of a controlled Z between each qubit and the next, the last and the first included from three."""
    bits = _bits(n)
    links = [(i, (i + 1) % n) for i in range(n if n > 2 else n - 1)]
    return np.asarray((-1.0) ** sum(bits[a] * bits[b] for a, b in links))
