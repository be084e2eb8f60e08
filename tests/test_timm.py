"""timm networks as methods, held against timm's own pipeline."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgsim.errors import InputError, UnavailableError
from imgsim.methods import METHODS, _backends, _timm_facts

needs_timm = pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is missing: pip install timm")


@pytest.fixture(autouse=True)
def torch_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time spent on measuring backends; that OpenVINO agrees is tested with them."""
    monkeypatch.setattr(_backends, "BACKENDS", ("torch",))


REGENERATE = "timm has changed; run: python -m tools.timm_facts"


def own_pipeline(name: str, path: Path, picture: Image.Image) -> np.ndarray:
    """(1, D) of timm's own network and transform, as its documentation has it."""
    import timm
    import torch
    from safetensors.torch import load_file

    net = timm.create_model(name, num_classes=0).eval()
    net.load_state_dict({key: value for key, value in load_file(path).items() if key in net.state_dict()})
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(net), is_training=False)
    with torch.inference_mode():
        return net(transform(picture)[None]).numpy()


def saved(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Random weights of a network as the file that would be published."""
    import timm
    import torch
    from safetensors.torch import save_file

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        state = timm.create_model(name).state_dict()
    path = folder / f"{name}.safetensors"
    save_file(state, path)
    monkeypatch.setenv("IMGSIM_WEIGHTS", str(folder))
    return path


@needs_timm
@pytest.mark.parametrize("name", ["test_vit.r160_in1k", "test_efficientnet.r160_in1k"])
@pytest.mark.parametrize("size", [(640, 480), (90, 231)])
def test_features_equal_timms_own(
    name: str, size: tuple[int, int], tmp_path: Path, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(name, tmp_path, monkeypatch)
    picture = Image.fromarray(astronaut).resize(size)
    method = METHODS.create(name)
    assert (method.id, method.unavailable()) == ("timm", None)
    got = method.embed([np.asarray(picture)])
    assert got.shape == (1, method.dim)
    np.testing.assert_allclose(got, own_pipeline(name, path, picture), atol=1e-4)


@needs_timm
def test_class_probabilities_equal_timms_own(
    tmp_path: Path, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    import timm
    import torch
    from safetensors.torch import load_file

    name = "test_vit.r160_in1k"
    path = saved(name, tmp_path, monkeypatch)
    net = timm.create_model(name).eval()
    net.load_state_dict(load_file(path))
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(net), is_training=False)
    with torch.inference_mode():
        expected = net(transform(Image.fromarray(astronaut))[None]).softmax(1).numpy()
    method = METHODS.create("conse", classifier=name)
    got = method.class_probabilities([method.prepare(astronaut)])
    np.testing.assert_allclose(got, expected, atol=1e-5)
    assert method.embed([astronaut]).shape == (1, method.dim)


@needs_timm
def test_a_network_of_other_classes_names_nothing(astronaut: np.ndarray) -> None:
    method = METHODS.create("vit_small_patch14_dinov2", weights="random")
    with pytest.raises(InputError, match="ends in 1k"):
        method.class_probabilities([method.prepare(astronaut)])


@needs_timm
@pytest.mark.parametrize("layer", ["early", "middle", "late", "last"])
@pytest.mark.parametrize("pooling", ["avg", "cls"])
def test_a_layer_is_timms_own_intermediate(layer: str, pooling: str, astronaut: np.ndarray) -> None:
    import torch

    from imgsim.methods._timm_network import build

    method = METHODS.create("test_vit", weights="random", layer=layer, pooling=pooling)
    got = method.embed([astronaut])
    look = _timm_facts.FACTS.look("test_vit")
    picture = torch.from_numpy(method.prepare(astronaut)).float() / 255
    picture = (picture - torch.tensor(look.mean).view(3, 1, 1)) / torch.tensor(look.std).view(3, 1, 1)
    net = build(_timm_facts.FACTS.full_name("test_vit"), None)
    with torch.inference_mode():
        _, steps = net.forward_intermediates(picture[None], norm=pooling == "cls", return_prefix_tokens=True)
    grid, tokens = steps[{"early": 1, "middle": 2, "late": 4, "last": 5}[layer]]  # of 6 blocks
    wanted = tokens[:, 0] if pooling == "cls" else grid.mean((2, 3))
    np.testing.assert_allclose(got, wanted.numpy(), atol=1e-4)
    assert got.shape == (1, method.dim)


@needs_timm
def test_another_networks_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, astronaut: np.ndarray):
    import torch
    from safetensors.torch import save_file

    save_file({"x": torch.ones(2)}, tmp_path / "test_vit.r160_in1k.safetensors")
    monkeypatch.setenv("IMGSIM_WEIGHTS", str(tmp_path))
    with pytest.raises(InputError, match="must be a state dict of timm's test_vit"):
        METHODS.create("test_vit").embed([astronaut])


@needs_timm
def test_absent_weights_are_one_sentence_and_the_hubs_cache_is_looked_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    method = METHODS.create("test_vit.r160_in1k")
    reason = method.unavailable() or ""
    assert "elsewhere as test_vit.r160_in1k.safetensors and run: imgsim weights import" in reason
    assert reason.endswith("--for test_vit.r160_in1k.")
    snapshot = tmp_path / "models--timm--test_vit.r160_in1k" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").write_bytes(b"x")
    assert METHODS.create("test_vit.r160_in1k").unavailable() is None


def test_without_the_package_the_install_command_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "timm" else find(name, *rest))
    assert (METHODS.create("timm").unavailable() or "").endswith("run: pip install 'timm>=1.0.20,<2'")
    with pytest.raises(UnavailableError, match="run: pip install"):  # before weights are fetched for nothing
        METHODS.create("timm").acquire()


def test_names_are_methods_with_a_near_miss() -> None:
    assert "test_vit" in METHODS
    assert METHODS.create("test_vit").key == METHODS.create("timm", network="test_vit").key
    assert METHODS.parse("test_vit+whiten:dims=8").id.startswith("timm+whiten")
    with pytest.raises(InputError, match="did you mean 'test_vit'"):
        METHODS.create("timm", network="test_vitt")
    with pytest.raises(InputError, match="class token for pooling cls, got none"):
        METHODS.create("test_efficientnet", pooling="cls")


@needs_timm
def test_looks_are_timms_own() -> None:
    import timm
    from timm.data import resolve_data_config

    if timm.__version__ != _timm_facts.FACTS.version:
        pytest.skip(f"the facts are of timm {_timm_facts.FACTS.version}, this is {timm.__version__}")
    for name in _timm_facts.FACTS.names:
        data = resolve_data_config(pretrained_cfg=timm.get_pretrained_cfg(name).to_dict())
        look = _timm_facts.FACTS.look(name)
        assert (3, look.height, look.width) == tuple(data["input_size"]), REGENERATE
        assert (look.kept, look.mode, look.interpolation) == (
            data["crop_pct"],
            data["crop_mode"],
            data["interpolation"],
        )
        assert (look.mean, look.std) == (tuple(data["mean"]), tuple(data["std"])), REGENERATE
