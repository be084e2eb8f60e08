"""torchvision networks as methods, held against torchvision's own pipeline."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgsim.errors import InputError
from imgsim.methods import METHODS
from imgsim.methods import _network_facts as facts
from imgsim.methods._crop import resized_center, resized_size


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_listing_the_methods_loads_no_torch() -> None:
    code = "import sys; from imgsim.methods import METHODS; print(len(METHODS), METHODS.create('resnet50').dim);"
    code += "assert not {'torch', 'torchvision', 'openvino', 'PIL'} & set(sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert int(out[0]) >= 80
    assert out[1] == "2048"


@pytest.mark.parametrize(
    ("height", "width", "network"),
    [(300, 451, "resnet50"), (77, 31, "resnet50"), (480, 640, "vit_b_16"), (1, 1, "resnet50"), (5, 900, "swin_t"),
     (401, 233, "efficientnet_b1"), (232, 224, "mobilenet_v2"), (1200, 1600, "inception_v3")],
)  # fmt: skip
def test_prepare_is_bit_equal_to_torchvision(height: int, width: int, network: str, astronaut: np.ndarray) -> None:
    from torchvision.transforms import functional
    from torchvision.transforms.functional import InterpolationMode

    image = np.resize(astronaut, (height, width, 3)) if height * width > 100 else noise(height, width)
    size = facts.preprocessing(network, facts.default_tag(network))
    picture = functional.resize(Image.fromarray(image), [size.resize], InterpolationMode(size.interpolation))
    wanted = np.asarray(functional.center_crop(picture, [size.crop])).transpose(2, 0, 1)
    difference = np.abs(METHODS.create(network).prepare(image).astype(int) - wanted)
    assert difference.max() <= (1 if max(height, width) > 4 * min(height, width) else 0)
    assert (difference > 0).mean() < 0.01


@pytest.mark.parametrize("shape", [(2, 30_000), (30_000, 1)])
def test_a_strip_is_cropped_before_it_is_resized(shape: tuple[int, int]) -> None:
    import tracemalloc

    assert max(resized_size(shape[1], shape[0], 232)) >= 232 * 15_000
    tracemalloc.start()
    prepared = resized_center(np.full((*shape, 3), 77, np.uint8), 232, 224, "bilinear")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert prepared.shape == (3, 224, 224)
    assert (prepared == 77).all()
    assert peak < 8 * 2**20


@pytest.mark.shared
@pytest.mark.parametrize(
    ("size", "kind"), [((640, 480), "JPEG"), ((333, 500), "PNG"), ((224, 700), "JPEG"), ((90, 60), "PNG")]
)
def test_mobilenet_features_equal_torchvisions_own(
    size: tuple[int, int], kind: str, shared_data: Path, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from safetensors.torch import load_file
    from torchvision.models import MobileNet_V2_Weights, mobilenet_v2

    monkeypatch.setenv("IMGSIM_WEIGHTS", str(shared_data / "weights"))
    encoded = io.BytesIO()
    Image.fromarray(astronaut).resize(size).save(encoded, kind)
    picture = Image.open(encoded).convert("RGB")
    net = mobilenet_v2()
    net.load_state_dict(load_file(shared_data / "weights" / "mobilenet_v2_imagenet.safetensors"))
    with torch.inference_mode():
        batch = MobileNet_V2_Weights.IMAGENET1K_V1.transforms()(picture)[None]
        wanted = net.eval().features(batch).mean((2, 3)).numpy()
    method = METHODS.create("mobilenet_v2")
    assert method.unavailable() is None
    got = method.embed([np.asarray(picture)])
    assert got.shape == (1, method.dim)
    np.testing.assert_allclose(got, wanted, atol=1e-4)


def test_unknown_names_and_values_are_explained() -> None:
    with pytest.raises(InputError, match="did you mean 'resnet50'"):
        METHODS.create("resnet5O")
    with pytest.raises(InputError, match="weights must be one of auto, IMAGENET1K_V1, IMAGENET1K_V2, random"):
        METHODS.create("resnet50", weights="mine")
    with pytest.raises(InputError, match="pooling must be one of avg"):
        METHODS.create("resnet50", pooling="cls")
