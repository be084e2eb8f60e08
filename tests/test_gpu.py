"""On a GPU the vectors are those of the processor, to tolerance, and the graph is the same; skipped where none is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from imgsim import neighbors
from imgsim.methods import _backends
from imgsim.neighbors import halves, on_gpu


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


def test_the_neighbour_graph_is_that_of_the_processor(gpu: str, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    centres = random.normal(size=(40, 256))
    vectors = (centres[random.integers(0, 40, 12_000)] + 0.5 * random.normal(size=(12_000, 256))).astype(np.float32)
    vectors[50:70] = vectors[7]
    places, gather = [], on_gpu.gather

    def watched(candidates: halves.Candidates, place: str, *given: Any) -> None:
        places.append(place)
        gather(candidates, place, *given)
        assert candidates.crowded.mean() < 0.01

    monkeypatch.setattr(halves, "torch_pays", lambda _points: True)
    monkeypatch.setattr(on_gpu, "gather", watched)
    found = [neighbors.nearest(vectors, "cosine", 15)]
    monkeypatch.setattr(on_gpu, "gpu", lambda: None)
    found.append(neighbors.nearest(vectors, "cosine", 15))
    assert places == [gpu]
    assert (found[0][0] == found[1][0]).all()
    assert (found[0][1] == found[1][1]).all()
