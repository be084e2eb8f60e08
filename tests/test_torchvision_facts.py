"""torchvision_networks.json says what the installed torchvision says."""

from __future__ import annotations

import pytest
import torch
from torchvision import models

from imgsim.methods import METHODS
from imgsim.methods import _network_facts as facts

REGENERATE = "torchvision has changed; run: python tools/torchvision_facts.py"


def test_every_classification_network_is_there_and_no_other() -> None:
    assert list(facts.networks()) == models.list_models(module=models), REGENERATE
    assert set(facts.networks()) <= {cls.id for cls in METHODS}


@pytest.mark.parametrize("network", facts.networks())
def test_weights_and_preprocessing_are_torchvisions(network: str) -> None:
    enum = models.get_model_weights(network)
    assert facts.tags(network) == tuple(w.name for w in enum), REGENERATE
    assert facts.default_tag(network) == enum.DEFAULT.name, REGENERATE
    assert facts.networks()[network]["n_params"] == enum.DEFAULT.meta["num_params"]
    for weights in enum:
        transform, size = weights.transforms(), facts.preprocessing(network, weights.name)
        assert [size.resize] == transform.resize_size
        assert [size.crop] == transform.crop_size
        assert size.crop <= size.resize, "prepare never pads"
        assert size.interpolation == transform.interpolation.value
        assert (list(size.mean), list(size.std)) == (transform.mean, transform.std)
        assert facts.weights_file(network, weights.name).url == weights.url


SMALL = ("alexnet", "googlenet", "mnasnet0_5", "mobilenet_v3_small", "regnet_x_400mf", "resnet18",
         "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t")  # fmt: skip


@pytest.mark.parametrize("network", SMALL)
def test_layers_are_where_the_facts_say(network: str) -> None:
    from torchvision.models.feature_extraction import create_feature_extractor

    layers = {name: facts.layer(network, name) for name in ("early", "middle", "late", "last")}
    net = models.get_model(network, weights=None, **({"init_weights": False} if network == "googlenet" else {})).eval()
    trunk = create_feature_extractor(
        net, {layer.node: name for name, layer in layers.items()}, suppress_diff_warning=True
    )
    with torch.inference_mode():
        maps = trunk(torch.zeros(1, 3, 96, 96))
    for name, layer in layers.items():
        assert maps[name].shape[{"nchw": 1, "nhwc": 3, "tokens": 2}[layer.axes]] == layer.dim
    sides = [maps[name].shape[1 if layers[name].axes == "nhwc" else 2] for name in layers]
    assert sides == sorted(sides, reverse=True), "deeper layers see larger parts"
    assert sides[0] > sides[1] > sides[3]
