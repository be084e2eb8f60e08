"""Layers and poolings in numbers worked out by hand; OpenVINO against torch; networks shared by threads."""

from __future__ import annotations

import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor

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
    pool = _torch_network._POOLS[pooling]
    for values, axes in ((cells, "nchw"), (cells.permute(0, 2, 3, 1), "nhwc"), (tokens, "tokens")):
        np.testing.assert_allclose(pool(values, axes).numpy(), [wanted], rtol=1e-5)
    assert _torch_network._POOLS["cls"](tokens, "tokens").tolist() == [[99.0, 99.0]]


def module(network: str = "mobilenet_v3_small", layer: str = "last") -> torch.nn.Module:
    size = facts.preprocessing(network, facts.default_tag(network))
    net = _torch_network.build(network, size.crop, None)
    return _torch_network.features(net, facts.layer(network, layer), "avg", size)


def pictures(n: int, side: int = 224) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (n, 3, side, side), dtype=np.uint8)


@pytest.mark.parametrize("layer", ["last", "early"])
def test_openvino_gives_torchs_features(layer: str) -> None:
    if importlib.util.find_spec("openvino") is None:
        pytest.skip("openvino is not installed")
    net, batch = module(layer=layer), pictures(3)
    ours = _backends.runner(net, 224, "openvino")(batch)
    theirs = _backends.runner(net, 224, "torch")(batch)
    assert ours.dtype == theirs.dtype == np.float32
    assert _backends._cosine(ours, theirs) > 0.999999
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4 * np.abs(theirs).max())
    assert "openvino_telemetry.main" not in sys.modules


def test_a_conversion_that_disagrees_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    net, batch = module(), pictures(2)
    monkeypatch.setattr(_backends, "_compiled", lambda *_: object())
    monkeypatch.setattr(_backends, "_compiled_runner", lambda _: lambda noise: np.ones((len(noise), 576), np.float32))
    with torch.inference_mode():
        wanted = net(torch.from_numpy(batch)).numpy()
    np.testing.assert_allclose(_backends.runner(net, 224)(batch), wanted, rtol=1e-4, atol=1e-4)


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
    monkeypatch.setattr(torchvision_networks, "_load", lambda method: loads.append(1) or load(method))
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
               ({}, {"layer": "late"}, {"pooling": "gem"}, {"pooling": "max"})]  # fmt: skip
    assert len({method.key for method in methods}) == 4
    assert [method.dim for method in methods] == [512, 256, 512, 512]
