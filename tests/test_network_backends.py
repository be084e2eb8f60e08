"""Layers and poolings in numbers worked out by hand; OpenVINO against torch; networks shared by threads."""

from __future__ import annotations

import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from imgsim.methods import METHODS, _backends, _torch_network
from imgsim.methods import _network_facts as facts

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("pooling", "wanted"), [("avg", [2.0, 5.0]), ("max", [4.0, 5.0]), ("gem", [(92 / 4) ** (1 / 3), 5.0])]
)
def test_poolings_of_a_map_known_by_heart(pooling: str, wanted: list[float]) -> None:
    cells = torch.tensor([[[[1.0, 3.0], [0.0, 4.0]], [[5.0, 5.0], [5.0, 5.0]]]])  # (1, 2, 2, 2)
    tokens = torch.cat([torch.full((1, 1, 2), 99.0), cells.flatten(2).transpose(1, 2)], dim=1)
    for values, axes in ((cells, "nchw"), (cells.permute(0, 2, 3, 1), "nhwc"), (tokens, "tokens")):
        np.testing.assert_allclose(_torch_network.pooled(values, axes, pooling).numpy(), [wanted], rtol=1e-5)
    assert _torch_network.pooled(tokens, "tokens", "cls").tolist() == [[99.0, 99.0]]


def test_rmac_of_a_map_known_by_heart() -> None:
    assert _torch_network.regions(7)[:5] == [(0, 0, 7), (0, 0, 4), (0, 3, 4), (3, 0, 4), (3, 3, 4)]
    assert [side for *_, side in _torch_network.regions(7)] == [7] + [4] * 4 + [3] * 9
    halves = torch.zeros(1, 2, 6, 6)
    halves[:, 0, :, :3], halves[:, 1, :, 3:] = 2.0, 7.0  # left half of one channel, right half of the other
    # Whole: both. 4 x 4 at 0 and 2: both, in all four. 3 x 3 at 0, 1, 3: left, both, right, in three rows.
    both, alone = 1 + 4 + 3, 3
    whole = np.array([2.0, 7.0]) / np.hypot(2, 7) * both + alone
    np.testing.assert_allclose(_torch_network.pooled(halves, "nchw", "rmac").numpy(), [whole], rtol=1e-5)


def module(network: str = "mobilenet_v3_small", layer: str = "last") -> torch.nn.Module:
    size = facts.preprocessing(network, facts.default_tag(network))
    net = _torch_network.build(network, size.crop, None)
    return _torch_network.features(net, facts.layer(network, layer), "avg", size)


def pictures(n: int, side: int = 224) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (n, 3, side, side), dtype=np.uint8)


needs_openvino = pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="openvino is not installed")


@needs_openvino
@pytest.mark.parametrize("layer", ["last", "early"])
def test_openvino_gives_torchs_features(layer: str) -> None:
    net, batch = module(layer=layer), pictures(3)
    run = _backends.backend_runner(net, "openvino", "fp32", 224)
    assert run is not None
    ours, theirs = run(batch), _backends.backend_runner(net, "torch", "fp32", 224)(batch)
    assert ours.dtype == theirs.dtype == np.float32
    assert _backends._cosine(ours, theirs) > 0.999999
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4 * np.abs(theirs).max())
    assert "openvino_telemetry.main" not in sys.modules


@pytest.mark.parametrize("backend", ["torch", pytest.param("openvino", marks=needs_openvino)])
def test_bf16_stays_close_to_fp32_and_is_not_it(backend: str) -> None:
    net, batch = module(), _backends._drawn(224)
    wanted = _backends._in_torch(net, batch)
    got = _backends.backend_runner(net, backend, "bf16", 224)(batch)
    assert got.dtype == np.float32
    assert _backends._cosine(got, wanted) > 0.999
    if "amx_bf16" in cpu_flags() or "avx512_bf16" in cpu_flags() or backend == "torch":
        assert np.abs(got - wanted).max() > 1e-5 * np.abs(wanted).max()


def cpu_flags() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


def test_a_backend_that_disagrees_is_not_used_however_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    net, batch = module(), pictures(2)
    monkeypatch.setattr(_backends, "_compiled", lambda *_: object())
    monkeypatch.setattr(_backends, "_compiled_runner", lambda _: lambda noise: np.ones((len(noise), 576), np.float32))
    choice, run = _backends.fastest(net, 224, "fp32")
    assert choice.backend == "torch"
    np.testing.assert_allclose(run(batch), _backends._in_torch(net, batch), rtol=1e-4, atol=1e-4)


def test_the_choice_is_measured_once_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, measured = module(), []
    fastest = _backends.fastest
    monkeypatch.setattr(_backends, "BACKENDS", ("torch",))
    monkeypatch.setattr(_backends, "fastest", lambda *given: measured.append(1) or fastest(*given))
    note = _backends.Note(tmp_path, "key")
    first, second = (_backends.runner(net, 224, "fp32", note) for _ in range(2))
    assert measured == [1]
    choice = _backends.remembered(note.path)
    assert choice is not None
    assert (choice.backend, choice.images_per_s > 0, choice.cosine > 0.99999) == ("torch", True, True)
    assert _backends.remembered(note.last) == choice
    np.testing.assert_array_equal(first(pictures(2)), second(pictures(2)))
    note.path.write_text("{half")
    _backends.runner(net, 224, "fp32", note)
    assert measured == [1, 1]
    assert _backends.Note(tmp_path, "other").path != note.path


def test_random_weights_are_the_same_every_time_and_leave_torchs_own_random_state_alone() -> None:
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    first = _torch_network.build("squeezenet1_1", 224, None).state_dict()
    assert torch.equal(torch.rand(3), wanted)
    second = _torch_network.build("squeezenet1_1", 224, None).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_threads_share_one_network(monkeypatch: pytest.MonkeyPatch) -> None:
    from imgsim.methods import torchvision_networks

    loads = []
    load = torchvision_networks._load
    monkeypatch.setattr(torchvision_networks, "_load", lambda *given: loads.append(1) or load(*given))
    torchvision_networks._loaded.clear()
    method = METHODS.create("squeezenet1_1", weights="random")
    batches = [list(pictures(4)[i : i + 2]) for i in range(3)]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(method.embed_batch, batches))
    assert loads == [1]
    for batch, vectors in zip(batches, together, strict=True):
        np.testing.assert_allclose(vectors, method.embed_batch(batch), rtol=1e-5, atol=1e-6)


def test_parameters_change_the_key() -> None:
    methods = [METHODS.create("resnet18", weights="random", **given) for given in
               ({}, {"layer": "late"}, {"pooling": "gem"}, {"precision": "bf16"})]  # fmt: skip
    assert len({method.key for method in methods}) == 4
    assert [method.dim for method in methods] == [512, 256, 512, 512]


def test_a_person_is_told_what_runs_a_network_and_how_exactly(astronaut: np.ndarray) -> None:
    method = METHODS.create("squeezenet1_1", weights="random", precision="bf16")
    assert method.runs_on() is None
    method.embed([astronaut])
    said = method.runs_on() or ""
    assert "bf16" in said
    assert "smallest cosine to fp32 0.9" in said or "smallest cosine to fp32 1.0" in said
    assert ("nothing is gained" in said) != _backends.has_bf16()
    assert METHODS.create("hog").runs_on() is None
