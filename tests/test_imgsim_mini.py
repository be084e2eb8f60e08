"""The packaged backbone and the methods made of network files: right numbers, right file, and what its card claims."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from imgsim.errors import InputError, UnavailableError
from imgsim.methods import METHODS, _backends, _residual, _residual_openvino
from imgsim.methods.imgsim_mini import FILE
from imgsim.training import export
from imgsim.training.network import Architecture, Student

ROOT = Path(__file__).resolve().parent.parent
CARD = ROOT / "data" / "weights" / "MODEL_CARD.md"


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def photographs() -> list[np.ndarray]:
    names = ("astronaut", "chelsea", "coffee", "rocket")
    return [np.ascontiguousarray(getattr(skimage.data, name)()) for name in names]


@pytest.fixture
def student() -> Student:
    """A small student whose norms are far from the identity, so that folding them shows."""
    torch.manual_seed(0)
    made = Student(Architecture((8, 16, 32, 256), (1, 1, 1, 1), dim=8, n_classes=5))
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1)
            module.bias.data.uniform_(-1, 1)
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    return made.eval()


@pytest.fixture
def pixels() -> torch.Tensor:
    return torch.randint(0, 256, (3, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_a_written_network_gives_what_the_student_gave(student, pixels, tmp_path):
    torch.manual_seed(2)
    weight, bias = torch.randn(8, 256), torch.randn(8)
    path = tmp_path / "net.safetensors"
    export.write(student, path, (weight, bias), side=64, resize=72)
    with torch.inference_mode():
        pooled = student.pooled(pixels.float())
        wanted, logits = pooled @ weight.T + bias, student.logits(pooled)
        got, got_logits = _residual.build(path)(pixels), _residual.build(path, with_head=True)(pixels)
    assert (got - wanted).abs().max() < 2e-3 * wanted.abs().max()
    assert (got_logits - logits).abs().max() < 2e-3 * logits.abs().max()
    assert _residual.read_shape(path) == _residual.Shape((1, 1, 1, 1), side=64, resize=72, dim=8, n_classes=5)


@pytest.mark.parametrize("with_head", [False, True])
def test_the_openvino_graph_gives_what_torch_gives(student, pixels, tmp_path, with_head):
    path = tmp_path / "net.safetensors"
    export.write(student, path, (torch.randn(8, 256), torch.randn(8)), side=64, resize=72)
    with torch.inference_mode():
        wanted = _residual.build(path, with_head)(pixels).numpy()
    got = _backends.openvino_runner(_residual_openvino.graph(path, with_head))(pixels.numpy())
    np.testing.assert_allclose(got, wanted, atol=1e-4 * np.abs(wanted).max())


def test_the_packaged_backbone_needs_no_torch():
    code = (
        "import sys, numpy; from imgsim.methods import METHODS;"
        "m = METHODS.create('imgsim_mini'); m.embed([numpy.zeros((9, 9, 3), numpy.uint8)]);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_file_that_is_no_network_is_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    path.write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{not a header")
    with pytest.raises(InputError, match=r"other\.safetensors must be a network file"):
        _residual.read_shape(path)


def test_the_principal_embedding_keeps_the_cosines_of_predictions():
    generator = torch.Generator().manual_seed(0)
    pooled, matrix = torch.randn(50, 6, generator=generator), torch.randn(20, 6, generator=generator)
    weight, bias = export.principal_embedding(matrix, pooled, 6)
    predictions = (pooled - pooled.mean(0)) @ matrix.T
    wanted = torch.nn.functional.normalize(predictions)
    got = torch.nn.functional.normalize(pooled @ weight.T + bias)
    torch.testing.assert_close(got @ got.T, wanted @ wanted.T, atol=1e-4, rtol=0)
    spread = (pooled @ weight.T + bias).var(0)
    assert (spread[:-1] >= spread[1:]).all()


def test_photographs_stay_nearest_to_their_own_edits():
    method = METHODS.create("imgsim_mini")
    photos = photographs()
    edits = [np.ascontiguousarray(np.clip(photo[8:, -5:3:-1] * 0.9, 0, 255).astype(np.uint8)) for photo in photos]
    similarity = unit(method.embed(photos)) @ unit(method.embed(edits)).T
    assert similarity.shape == (4, 4)
    assert (similarity.argmax(axis=1) == np.arange(4)).all()
    assert np.diag(similarity).min() > 0.8
    assert (similarity - 2 * np.eye(4)).max() < 0.7


def test_class_probabilities_name_a_cat():
    method = METHODS.create("imgsim_mini")
    cat, rocket = method.class_probabilities([method.prepare(photographs()[1]), method.prepare(photographs()[3])])
    assert cat.shape == (1000,)
    assert abs(cat.sum() - 1) < 1e-4
    cats = slice(281, 294)  # ImageNet's domestic and wild cats
    assert cat[cats].sum() > 0.3
    assert cat[cats].sum() > 10 * rocket[cats].sum()


def test_the_file_is_small_enough_to_ship():
    assert 1_000_000 < (ROOT / "data" / "weights" / FILE).stat().st_size <= 8_000_000


class TestTrained:
    def test_without_a_network_it_says_how_to_get_one(self):
        method = METHODS.create("trained")
        assert "imgsim train" in str(method.unavailable())
        with pytest.raises(UnavailableError, match="imgsim train"):
            method.embed(photographs()[:1])

    def test_it_reads_the_workspace_by_name_and_by_age(self, student, workspace_root):
        for name, sign in (("first", 1.0), ("second", -1.0)):
            embedding = sign * torch.eye(256)[:8], torch.zeros(8)
            export.write(student, workspace_root / "models" / f"{name}.safetensors", embedding, 64, 64)
        vectors = {
            n: METHODS.parse(f"trained:name={n}").embed(photographs()[:2]) for n in ("first", "second", "latest")
        }
        assert vectors["first"].shape == (2, 8)
        np.testing.assert_allclose(vectors["second"], -vectors["first"], rtol=1e-3)
        np.testing.assert_array_equal(vectors["latest"], vectors["second"])
        assert METHODS.parse("trained:name=first").key != METHODS.parse("trained:name=second").key
        assert "choose from" in str(METHODS.parse("trained:name=third").unavailable())


def card_figures(collection: str) -> tuple[float, float]:
    """1-NN and mAP that the card's table of measured figures gives for imgsim_mini."""
    row = re.search(rf"^\| {collection} \| ([.\d]+) \| ([.\d]+) \|", CARD.read_text(), re.MULTILINE)
    assert row is not None, f"the card has no figures for {collection}"
    return float(row[1]), float(row[2])


@pytest.mark.shared
@pytest.mark.parametrize(("collection", "pattern"), [("clothing", "*.jpg"), ("coil20", "*.png")])
def test_the_card_tells_the_truth(shared_data, collection, pattern):
    files = sorted((shared_data / collection).rglob(pattern))
    labels = np.array([file.parent.name for file in files])
    method = METHODS.create("imgsim_mini")
    prepared = [method.prepare(np.asarray(Image.open(file).convert("RGB"))) for file in files]
    vectors = unit(np.concatenate([method.embed_batch(prepared[i : i + 50]) for i in range(0, len(files), 50)]))
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -2)
    same = labels[np.argsort(-similarity, axis=1, kind="stable")[:, :-1]] == labels[:, None]
    precision = same.cumsum(axis=1) / np.arange(1, same.shape[1] + 1)
    mean_precision = ((precision * same).sum(axis=1) / same.sum(axis=1)).mean()
    wanted = card_figures(collection)
    assert abs(same[:, 0].mean() - wanted[0]) < 0.01
    assert abs(mean_precision - wanted[1]) < 0.005
