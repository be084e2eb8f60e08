"""On a GPU the vectors are those of the processor, to tolerance; skipped where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from imgsim.methods import _backends


@pytest.fixture
def gpu() -> str:
    """cuda or mps."""
    place = _backends.device()
    if place == "cpu":
        pytest.skip("there is no GPU on this machine")
    return place


@pytest.mark.parametrize(("precision", "least"), [("fp32", 0.9999), ("bf16", 0.99)])
def test_a_network_gives_the_same_vectors_on_a_gpu(gpu: str, precision: str, least: float) -> None:
    from imgsim.methods import _torch_network
    from imgsim.methods._network_facts import default_tag, layer, preprocessing

    size = preprocessing("resnet18", default_tag("resnet18"))
    net = _torch_network.build("resnet18", size.crop, None)
    module = _torch_network.features(net, layer("resnet18", "last"), "avg", size)
    pictures = np.random.default_rng(0).integers(0, 256, (8, 3, size.crop, size.crop), dtype=np.uint8)
    wanted = _backends._in_torch(module, pictures)
    run = _backends.backend_runner(module, "torch", precision, size.crop)
    assert run is not None
    found = run(pictures)
    cosines = (found * wanted).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(wanted, axis=1)
    assert cosines.min() > least, gpu
