"""Every torchvision classification network and weight tag as a method, without a download or a weight in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models
from torchvision.models import regnet

from imgsim.methods import METHODS
from imgsim.methods import _network_facts as facts
from imgsim.methods.torchvision_networks import LAYERS, POOLINGS, TorchvisionNetwork
from imgsim.parameters import parameters

NETWORKS = models.list_models(module=models)
TAGS = [(name, weights) for name in NETWORKS for weights in models.get_model_weights(name)]
every_network = pytest.mark.parametrize("network", NETWORKS)
every_tag = pytest.mark.parametrize(("network", "weights"), TAGS, ids=lambda value: getattr(value, "name", value))


@pytest.fixture(autouse=True)
def nothing_is_here_and_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("urllib.request.OpenerDirector.open", refuse)
    monkeypatch.setenv("IMGSIM_WEIGHTS", "")
    for name in ("TORCH_HOME", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name))


@every_network
def test_its_name_is_a_method_whose_every_parameter_value_is_valid(network: str) -> None:
    method = METHODS.create(network)
    assert isinstance(method, TorchvisionNetwork)
    choices = {parameter.name: parameter.choices or () for parameter in parameters(type(method))}
    assert set(choices) == {"weights", "layer", "pooling", "precision"}
    assert set(choices["weights"]) == {"auto", "random", *(w.name for w in models.get_model_weights(network))}
    assert set(choices["layer"]) == set(LAYERS)
    assert set(choices["pooling"]) >= set(POOLINGS)
    both = itertools.product(choices["layer"], choices["pooling"])
    made = [METHODS.create(network, layer=layer, pooling=pooling) for layer, pooling in both]
    assert len({one.key for one in made}) == len(made)
    assert {one.layer: one.dim for one in made} == {name: facts.layer(network, name).dim for name in LAYERS}
    assert method.metric == "cosine"
    assert METHODS.create(network, weights="random").unavailable() is None


@every_tag
def test_weights_that_are_not_here_are_one_sentence(network: str, weights: models.WeightsEnum) -> None:
    method = METHODS.create(network, weights=weights.name)
    said = method.unavailable() or ""
    name = weights.url.rsplit("/", 1)[-1]
    assert said.startswith(f"the {weights.name} weights of {network} (")
    assert f"download {weights.url} elsewhere and run: imgsim weights import {name} --for {network}" in said
    assert said.endswith(f"--for {network}.")
    assert "\n" not in said
    assert method.download is not None
    assert method.download.url == weights.url


@pytest.fixture(scope="module")
def photo(astronaut: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(astronaut[:400, 40:300])


@every_tag
def test_pictures_are_prepared_as_the_tags_own_transforms_do(
    network: str, weights: models.WeightsEnum, photo: np.ndarray
) -> None:
    method = METHODS.create(network, weights=weights.name)
    size = facts.preprocessing(network, weights.name)
    assert method.min_side == size.resize
    mean, std = (np.array(values, np.float32)[:, None, None] for values in (size.mean, size.std))
    ours = (method.prepare(photo).astype(np.float32) / 255 - mean) / std
    theirs = weights.transforms()(Image.fromarray(photo)).numpy()
    assert ours.shape == theirs.shape == (3, size.crop, size.crop)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.fixture(scope="module")
def widths_on_the_processor() -> Iterator[None]:
    """RegNet computes its widths with tensors, which must have values while its layers have none."""
    compute = regnet.BlockParams.from_init_params.__func__

    def computed(cls: type, *args: object, **kwargs: object) -> object:
        with torch.device("cpu"):
            return compute(cls, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(regnet.BlockParams, "from_init_params", classmethod(computed))
        yield


@every_network
@pytest.mark.usefixtures("widths_on_the_processor")
def test_its_layers_are_where_the_method_reads_them(network: str) -> None:
    crop = facts.preprocessing(network, facts.default_tag(network)).crop
    options = {"image_size": crop} if network.startswith("vit") else {}
    if network in ("googlenet", "inception_v3"):
        options = {"init_weights": False}
    with torch.device("meta"):
        net = models.get_model(network, weights=None, **options).eval()
    sizes = {name: p.numel() for name, p in net.named_parameters()}
    without_auxiliary = sum(n for name, n in sizes.items() if not name.lower().startswith("aux"))
    assert facts.networks()[network]["n_params"] in (sum(sizes.values()), without_auxiliary)
    layers = {name: facts.layer(network, name) for name in LAYERS}
    shapes: dict[str, torch.Size] = {}
    modules = dict(net.named_modules())
    for layer in layers.values():
        node = "features" if layer.node == "relu" else layer.node  # DenseNet's last step is no module
        modules[node].register_forward_hook(lambda _, __, out, key=layer.node: shapes.update({key: out.shape}))
    with torch.inference_mode():
        net(torch.empty(1, 3, crop, crop, device="meta"))
    for layer in layers.values():
        assert shapes[layer.node][{"nchw": 1, "nhwc": 3, "tokens": 2}[layer.axes]] == layer.dim
