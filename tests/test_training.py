"""Training: it learns, it goes on where it stopped, and its parts compute what their papers say."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from imgsim.errors import CancelledError, InputError, UnknownIdError
from imgsim.methods import METHODS
from imgsim.training import OBJECTIVES, checkpoints, collapsed, distortions, loop, photos, train
from imgsim.training.dino import Dino, balanced, told_apart
from imgsim.training.distillation import Distillation, neighbor_overlap
from imgsim.training.muon import orthogonal
from imgsim.training.network import Architecture, Student
from imgsim.training.selfsupervised import SimClr, VicReg, effective_rank
from imgsim.training.teacher import Targets

TINY = Architecture((8, 16, 24, 256), (1, 1, 1, 1), dim=8, n_classes=7)


def drawn(n: int = 48) -> tuple[list[np.ndarray], list[str]]:
    """Pictures of stripes in two directions and two colours, each different; the label is direction and colour."""
    rng = np.random.default_rng(0)
    images, labels = [], []
    for i in range(n):
        across, red = i % 2, i // 2 % 2
        wave = np.sin(np.arange(80) * rng.uniform(0.3, 0.5) + rng.uniform(0, 6)) * 60 + 120
        picture = np.broadcast_to(wave[None, :, None] if across else wave[:, None, None], (80, 80, 3)).copy()
        picture *= (1.0, 0.4, 0.4) if red else (0.4, 0.4, 1.0)
        images.append((picture + rng.normal(0, 4, picture.shape)).clip(0, 255).astype(np.uint8))
        labels.append(f"{across}{red}")
    return images, labels


@pytest.fixture
def few() -> photos.Photos:
    return photos.in_memory(drawn()[0])


def distillation(few: photos.Photos, seed: int = 0) -> Distillation:
    """A drawn teacher: its feature of an image is the mean and spread of each channel along both axes."""
    boxes = photos.center_boxes(few.shapes)[None]
    stack = few.crops(np.arange(len(few)), boxes[0], 32).astype(np.float32)
    features = np.concatenate([stack.mean((1, 2)), stack.mean(1).std(1), stack.mean(2).std(1)], axis=1)
    rng = np.random.default_rng(1)
    targets = Targets(
        boxes, [features.astype(np.float16)], rng.normal(0, 0.01, (7, 9)).astype(np.float32), np.zeros(7, np.float32)
    )
    torch.manual_seed(seed)
    return Distillation(Student(TINY), few, targets, n_held_out=12, batch_size=12)


SCHEDULE = loop.Schedule(steps=24, warmup=2, sides=((0.0, 32), (0.5, 64)), measure_every=6, save_every=100)


def test_distillation_lowers_its_loss_and_finds_the_teachers_neighbours(few):
    run = loop.fit(distillation(few), dataclasses.replace(SCHEDULE, averaging=0.5, steps=60, measure_every=15))
    assert [line["step"] for line in run.history] == [15, 30, 45, 60]
    assert run.history[-1]["loss"] < 0.7 * run.history[0]["loss"]
    assert run.history[-1]["cosine"] > 0.7


def test_a_stopped_run_goes_on_to_the_same_weights(few, tmp_path):
    whole = loop.fit(distillation(few), SCHEDULE)

    def stop(stage: str, done: int, total: int) -> None:
        if done == 13:
            raise CancelledError("enough for now")

    kept = tmp_path / "run.pt"
    with pytest.raises(CancelledError):
        loop.fit(distillation(few), SCHEDULE, kept, stop)
    assert checkpoints.load(kept)["step"] == 13
    resumed = loop.fit(distillation(few, seed=9), SCHEDULE, kept)
    for (name, a), b in zip(whole.average.state_dict().items(), resumed.average.state_dict().values(), strict=True):
        torch.testing.assert_close(b, a, atol=1e-6, rtol=1e-5, msg=name)


def test_a_checkpoint_that_is_none_is_refused(tmp_path):
    (tmp_path / "run.pt").write_text("no checkpoint")
    with pytest.raises(InputError, match="delete it to start anew"):
        checkpoints.load(tmp_path / "run.pt")


def test_the_schedule_rises_stays_and_falls():
    schedule = loop.Schedule(steps=100, lr=1.0, warmup=10, decay_from=0.8, sides=((0.0, 64), (0.5, 96)))
    assert [schedule.rate(step) for step in (0, 9, 50, 80, 90, 99)] == pytest.approx([0.1, 1, 1, 1, 0.5, 0.05])
    assert [schedule.side(step) for step in (0, 49, 50, 99)] == [64, 64, 96, 96]


def test_orthogonal_keeps_directions_and_levels_sizes():
    torch.manual_seed(0)
    left, _, right = torch.linalg.svd(torch.randn(6, 20), full_matrices=False)
    stretched = left @ torch.diag(torch.tensor([10.0, 5.0, 2.0, 1.0, 0.5, 0.3])) @ right
    sizes = torch.linalg.svdvals(orthogonal(stretched))
    assert sizes.min() > 0.5
    assert sizes.max() < 1.4
    torch.testing.assert_close(orthogonal(stretched.T), orthogonal(stretched).T)
    assert (
        torch.nn.functional.cosine_similarity(orthogonal(stretched).flatten(), (left @ right).flatten(), dim=0) > 0.95
    )


def test_neighbor_overlap_of_known_points():
    angles = torch.tensor([0.0, 0.1, 3.0, 3.2])
    points = torch.stack([angles.cos(), angles.sin()], 1)
    assert neighbor_overlap(points, points.clone(), k=1) == 1
    assert neighbor_overlap(points, points[[0, 2, 1, 3]], k=1) == 0
    assert neighbor_overlap(points, points[[0, 2, 1, 3]], k=10) == 1  # fewer points than k: all the others


def test_simclr_loss_of_known_vectors():
    goal = object.__new__(SimClr)
    first = torch.eye(2)
    # each vector: cosine 1 with its partner, 0 with the two others, temperature 0.2
    wanted = -np.log(np.exp(5) / (np.exp(5) + 2))
    assert goal.pair_loss(first, first.clone()).item() == pytest.approx(wanted, rel=1e-4)
    assert goal.pair_loss(first, first.flip(0)).item() > 5


def test_vicreg_loss_punishes_collapse_and_correlation():
    goal = object.__new__(VicReg)
    same = torch.ones(8, 4)
    assert goal.pair_loss(same, same).item() == pytest.approx(25 * (1 - 0.01), rel=1e-3)
    spread = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]) * 2
    assert goal.pair_loss(spread, spread).item() == pytest.approx(0, abs=1e-6)
    twice = spread[:, [0, 0]]  # covariance 16 / 3 off the diagonal, two entries over two dimensions, two views
    assert goal.pair_loss(twice, twice).item() == pytest.approx(2 * (16 / 3) ** 2, rel=1e-5)


def test_dino_loss_of_known_answers():
    goal = object.__new__(Dino)
    goal.student_temperature = 0.1
    scores = torch.tensor([[0.4, 0.0]])  # sharpened by the student: e^4 to 1
    sure = torch.tensor([[1.0, 0.0]])
    wanted = np.log1p(np.exp(-4))
    assert goal.answer_loss(scores.repeat(3, 1, 1), sure.repeat(2, 1, 1)).item() == pytest.approx(wanted, rel=1e-4)
    # a view is not compared with itself: the second view's student disagrees with the first view's teacher only
    answers, taught = torch.stack([scores, -scores]), torch.stack([sure, 1 - sure])
    assert goal.answer_loss(answers, taught).item() == pytest.approx(4 + wanted, rel=1e-4)


def test_balanced_answers_give_every_prototype_its_share():
    # both images prefer the first prototype, the second image less so: it gets the other one
    shares = balanced(torch.tensor([[0.9, 0.1], [0.9, 0.6]]), 0.5, rounds=50)
    torch.testing.assert_close(shares.sum(0), torch.ones(2), atol=1e-3, rtol=0)
    torch.testing.assert_close(shares.sum(1), torch.ones(2))
    # of doubly balanced [[a, b], [b, a]]: (a / b)^2 = e^((0.9 - 0.1 - 0.9 + 0.6) / 0.5) = e
    assert (shares[0, 0] / shares[0, 1]).item() == pytest.approx(np.exp(0.5), rel=1e-4)
    flat = balanced(torch.full((6, 3), 0.7), 0.05)
    torch.testing.assert_close(flat, torch.full((6, 3), 1 / 3))


def test_both_collapses_tell_no_images_apart():
    assert told_apart(torch.eye(4)) == pytest.approx(4)
    assert told_apart(torch.eye(4)[[0, 0, 1, 1]]) == pytest.approx(2)
    assert told_apart(torch.eye(4)[[2, 2, 2]]) == pytest.approx(1)  # one answer for everything
    assert told_apart(torch.full((5, 4), 0.25)) == pytest.approx(1)  # all answers for everything


def test_the_effective_rank_of_known_vectors():
    torch.manual_seed(0)
    turn = torch.linalg.qr(torch.randn(6, 6))[0]
    ends = torch.cat([torch.eye(6)[:3], -torch.eye(6)[:3]])  # the same spread in three directions
    assert effective_rank(ends @ turn) == pytest.approx(3, rel=1e-5)
    assert effective_rank(torch.outer(torch.tensor([1.0, -1.0]), turn[0])) == pytest.approx(1, rel=1e-5)
    assert effective_rank(torch.zeros(4, 6)) == pytest.approx(1)


def test_a_collapse_is_told_in_words():
    fine = {"step": 5.0, "loss": 1.0, "spread": 0.3, "effective_rank": 20.0, "answers_told": 30.0}
    assert collapsed(fine) is None
    assert collapsed({"step": 5.0, "loss": 1.0, "neighbor_overlap": 0.1}) is None
    for name in ("spread", "effective_rank", "answers_told"):
        said = collapsed({**fine, name: 1e-3})
        assert said is not None
        assert said.startswith("The network has collapsed")
        assert name.replace("_", " ") + " 0.001" in said
    assert collapsed({**fine, "step": 0.0, "spread": 0.0}) is None, "an untrained network has not collapsed"


def test_dino_does_not_collapse_and_its_neighbours_get_no_worse(tmp_path):
    images, labels = drawn(32)
    lines = []
    train(
        "dino", images, tmp_path / "n.safetensors", labels=labels, steps=20, report=lambda line, _: lines.append(line)
    )
    assert [collapsed(line) for line in lines] == [None] * 21
    assert lines[-1]["answers_told"] > 1.3
    assert lines[-1]["knn_accuracy"] >= lines[0]["knn_accuracy"]


def test_crops_are_what_their_boxes_say():
    image = np.zeros((40, 60, 3), np.uint8)
    image[:20, :30] = 200
    quarter = np.array([0, 0, 0.5, 0.5], np.float32)
    assert (photos.crop(image, quarter, 16) == 200).all()
    center = photos.center_boxes(np.array([[40, 60]]))[0]
    np.testing.assert_allclose(center, [1 / 6, 0, 2 / 3, 1], atol=1e-6)
    boxes = photos.random_boxes(np.tile([[40, 60]], (200, 1)), np.random.default_rng(0), smallest=0.3)
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= 1 + 1e-6).all()
    assert len(np.unique(boxes[:, 0])) > 150


def test_distorted_views_differ_but_stay_pictures():
    images = drawn(8)[0]
    first, second = (distortions.distorted(images, 32, np.random.default_rng(seed)) for seed in (0, 1))
    assert first.shape == (8, 32, 32, 3)
    assert first.dtype == np.uint8
    assert (first != second).any(axis=(1, 2, 3)).all()
    np.testing.assert_array_equal(first, distortions.distorted(images, 32, np.random.default_rng(0)))


@pytest.mark.parametrize("objective", ["simclr", "vicreg", "dino"])
def test_training_on_a_collection_gives_a_method(objective, workspace_root):
    images, labels = drawn(24)
    lines, maps = [], []

    def report(line, vectors):
        lines.append(line)
        maps.append(vectors().shape)

    out = workspace_root / "models" / "stripes.safetensors"
    done = train(objective, images, out, labels=labels, steps=24, report=report)
    assert done.path == out
    assert done.epochs == pytest.approx(24)
    assert [line["step"] for line in lines] == list(range(25))
    assert 0 <= lines[0].pop("knn_accuracy") <= 1
    lines = lines[1:]
    assert maps[0] == (24, 256)
    losses = [line["loss"] for line in lines]
    # the loss of dino also rises when its teacher's answers grow surer: only its collapse can be told, see above
    assert objective == "dino" or np.mean(losses[-5:]) < 0.97 * np.mean(losses[:5])
    vectors = METHODS.parse("trained:name=stripes").embed(images[:4])
    assert vectors.shape == (4, 128)
    assert np.isfinite(vectors).all()
    assert not out.with_name(out.name + ".run").exists()


@pytest.mark.parametrize("objective", ["simclr", "dino"])
def test_a_cancelled_training_goes_on_to_the_same_network(objective, tmp_path):
    images = drawn(24)[0]
    train(objective, images, tmp_path / "whole.safetensors", steps=8)

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "train" and done == 5:
            raise CancelledError("enough")

    with pytest.raises(CancelledError):
        train(objective, images, tmp_path / "parts.safetensors", steps=8, progress=stop)
    assert not (tmp_path / "parts.safetensors").exists()
    train(objective, [], tmp_path / "parts.safetensors", steps=8)
    whole, parts = (read(tmp_path / f"{name}.safetensors") for name in ("whole", "parts"))
    for name in whole:
        torch.testing.assert_close(parts[name], whole[name], atol=2e-3, rtol=2e-3)


def read(path: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(path)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_too_few_images_are_refused(objective, tmp_path):
    with pytest.raises(InputError, match=r"at least 8, got 3|teacher's weights"):
        train(objective, drawn(3)[0], tmp_path / "net.safetensors")


def test_an_unknown_objective_names_the_nearest(tmp_path):
    with pytest.raises(UnknownIdError, match="did you mean 'simclr'"):
        train("simcl", [], tmp_path / "net.safetensors")
