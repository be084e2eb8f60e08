"""Feature-map circuits: by hand on one and two qubits, from Kronecker products, and against Qiskit."""

from __future__ import annotations

from functools import reduce
from itertools import combinations

import numpy as np
import pytest
import skimage.data

from imgsim.methods._quantum import CIRCUITS, density_vector, feature_state, fidelities
from imgsim.methods.quantum_kernel import QuantumKernel

X = np.array([[0, 1], [1, 0]])
Z = np.diag([1, -1])
H = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
ANGLES = np.random.default_rng(0).uniform(-2, 2, (6, 3))


def on(gates, n):
    """The 2^n x 2^n matrix of gates by qubit; qubit 0 is the lowest bit, so the last factor."""
    return reduce(np.kron, [gates.get(qubit, np.eye(2)) for qubit in reversed(range(n))])


def rotation(pauli, angle):
    """exp(-i angle pauli / 2) of a matrix whose square is one."""
    return np.cos(angle / 2) * np.eye(len(pauli)) - 1j * np.sin(angle / 2) * pauli


def controlled_z(a, b, n):
    return (np.eye(2**n) + on({a: Z}, n) + on({b: Z}, n) - on({a: Z, b: Z}, n)) / 2


def dense_layer(circuit, x):
    """One layer of a circuit as a matrix, gate by gate."""
    n = len(x)
    hadamards = on(dict.fromkeys(range(n), H), n)
    pairs = list(combinations(range(n), 2))
    if circuit == "angle":
        y = 1j * X @ Z
        turns = on({i: rotation(y, angle) for i, angle in enumerate(x)}, n)
        links = [(0, 1)] if n == 2 else [(i, (i + 1) % n) for i in range(n)]
        return reduce(np.matmul, [controlled_z(a, b, n) for a, b in links], np.eye(2**n)) @ turns
    factor = 1 if circuit == "iqp" else 2
    gates = [rotation(on({i: Z}, n), factor * angle) for i, angle in enumerate(x)]
    if circuit == "zz":
        gates += [rotation(on({a: Z, b: Z}, n), 2 * (np.pi - x[a]) * (np.pi - x[b])) for a, b in pairs]
    if circuit == "iqp":
        gates += [rotation(on({a: Z, b: Z}, n), x[a] * x[b]) for a, b in pairs]
    return reduce(np.matmul, gates) @ hadamards


def overlap(a, b):
    return abs(np.vdot(a, b)) ** 2


@pytest.mark.parametrize("circuit", list(CIRCUITS))
@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("repetitions", [1, 3])
def test_states_are_those_of_the_matrices(circuit, n, repetitions):
    for x in ANGLES[:, :n]:
        zero = np.eye(2**n)[0]
        wanted = np.linalg.matrix_power(dense_layer(circuit, x), repetitions) @ zero
        state = feature_state(x, circuit, repetitions)
        assert np.linalg.norm(state) == pytest.approx(1)
        assert overlap(wanted, state) == pytest.approx(1, abs=1e-12)


def test_one_qubit_by_hand():
    a, b = 0.3, 1.1
    states = {name: [feature_state(np.array([x]), name, 1) for x in (a, b)] for name in CIRCUITS}
    assert overlap(*states["angle"]) == pytest.approx(np.cos((a - b) / 2) ** 2)
    assert overlap(*states["separable"]) == pytest.approx(np.cos(a - b) ** 2)
    assert overlap(*states["zz"]) == pytest.approx(np.cos(a - b) ** 2)
    assert overlap(*states["iqp"]) == pytest.approx(np.cos((a - b) / 2) ** 2)


def test_two_qubits_of_zz_by_hand():
    x = np.array([0.4, -0.7])
    pair = 2 * (np.pi - x[0]) * (np.pi - x[1])
    phases = [0, 2 * x[0] + pair, 2 * x[1] + pair, 2 * x[0] + 2 * x[1]]
    np.testing.assert_allclose(feature_state(x, "zz", 1), np.exp(1j * np.array(phases)) / 2)


@pytest.mark.parametrize("repetitions", [1, 2, 3])
def test_the_separable_control_is_a_product_over_qubits_and_zz_is_not(repetitions):
    def gap(circuit):
        whole = overlap(*(feature_state(x, circuit, repetitions) for x in ANGLES[:2]))
        qubits = [[feature_state(x[[i]], circuit, repetitions) for x in ANGLES[:2]] for i in range(3)]
        return abs(whole - np.prod([overlap(*pair) for pair in qubits]))

    assert gap("separable") < 1e-12
    assert gap("zz") > 1e-3
    assert gap("iqp") > 1e-3


def entanglement(state, n):
    """1 minus the purity of qubit 0."""
    rows = state.reshape(2 ** (n - 1), 2).T
    return 1 - np.trace(np.linalg.matrix_power(rows @ rows.conj().T, 2)).real


@pytest.mark.parametrize("circuit", list(CIRCUITS))
def test_only_the_control_leaves_the_qubits_apart(circuit):
    mixed = entanglement(feature_state(ANGLES[0], circuit, 2), 3)
    assert mixed == pytest.approx(0, abs=1e-12) if circuit == "separable" else mixed > 1e-3


@pytest.mark.parametrize("repetitions", [1, 2])
def test_zz_and_separable_are_qiskits(repetitions):
    library = pytest.importorskip("qiskit.circuit.library", reason="qiskit is not installed")
    from qiskit.quantum_info import Statevector

    maps = {
        "zz": library.zz_feature_map(3, reps=repetitions, entanglement="full"),
        "separable": library.z_feature_map(3, reps=repetitions),
    }
    for circuit, made in maps.items():
        for x in ANGLES:
            wanted = Statevector(made.assign_parameters(x)).data
            assert overlap(wanted, feature_state(x, circuit, repetitions)) == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("repetitions", [1, 2])
def test_angle_and_iqp_are_qiskits_gate_by_gate(repetitions):
    pytest.importorskip("qiskit", reason="qiskit is not installed")
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import Statevector

    for x in ANGLES:
        angle, iqp = QuantumCircuit(3), QuantumCircuit(3)
        for _ in range(repetitions):
            for i in range(3):
                angle.ry(x[i], i)
                iqp.h(i)
                iqp.rz(x[i], i)
            for a, b in ((0, 1), (1, 2), (2, 0)):
                angle.cz(a, b)
                iqp.rzz(x[a] * x[b], a, b)
        for circuit, made in {"angle": angle, "iqp": iqp}.items():
            state = feature_state(x, circuit, repetitions)
            assert overlap(Statevector(made).data, state) == pytest.approx(1, abs=1e-10)


def test_the_inner_product_of_density_vectors_is_the_fidelity():
    states = np.stack([feature_state(x, "zz", 2) for x in ANGLES])
    vectors = np.stack([density_vector(state) for state in states])
    assert vectors.shape == (6, 4**3)
    assert not np.iscomplexobj(vectors)
    np.testing.assert_allclose(vectors @ vectors.T, fidelities(states, states), atol=1e-12)
    np.testing.assert_allclose(np.diag(vectors @ vectors.T), 1)


@pytest.fixture(scope="module")
def crops():
    photo = skimage.data.astronaut()
    return [photo[30 * i : 30 * i + 120, 40 * j : 40 * j + 160] for i in range(5) for j in range(4)]


@pytest.mark.parametrize(("qubits", "circuit"), [(4, "zz"), (4, "angle"), (7, "iqp")])
def test_cosine_of_the_embedding_is_the_kernel(crops, qubits, circuit):
    method = QuantumKernel(qubits=qubits, circuit=circuit, bandwidth=0.8)
    prepared = [method.prepare(image) for image in crops]
    fitted = method.fit(prepared)
    vectors = fitted.embed_batch(prepared).astype(np.float64)
    kernel = fitted.kernel(prepared, prepared)
    np.testing.assert_allclose(vectors @ vectors.T, kernel, atol=2e-4)
    assert np.ptp(kernel) > 0.3
    np.testing.assert_allclose(np.diag(kernel), 1)


def test_the_key_follows_the_descriptor(monkeypatch):
    from imgsim.methods.hog import Hog

    before = QuantumKernel().key, QuantumKernel(descriptor="gist").key
    monkeypatch.setattr(Hog, "version", Hog.version + 1)
    assert QuantumKernel().key != before[0]
    assert QuantumKernel(descriptor="gist").key == before[1]


def test_twelve_qubits_need_no_matrix_of_all_states():
    import time

    start = time.perf_counter()
    feature_state(np.linspace(-1, 1, 12), "zz", 2)
    assert time.perf_counter() - start < 20  # milliseconds on an idle machine
