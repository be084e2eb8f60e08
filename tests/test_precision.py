"""The precision that nobody chose: measured on a sample, remembered, and part of the key of what was computed in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgsim.methods import METHODS, _backends, settled_spec
from imgsim.methods import _precision as precisions
from imgsim.methods._precision import Verdict
from imgsim.pipeline import Pipeline

torch = pytest.importorskip("torch")
HARMLESS, HARMFUL = Verdict("bf16", 0.97, 2.1, 400), Verdict("fp32", 0.81, 2.1, 400)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only the tested functions move."""
    now = [0.0]
    monkeypatch.setattr(precisions.time, "perf_counter", lambda: now[0])
    return now


def taking(seconds: float, clock: list[float], turned: float = 0.0) -> Callable[[list[np.ndarray]], np.ndarray]:
    """An embedding of angles as points of a circle, every third turned on, that takes seconds a picture."""

    def run(prepared: list[np.ndarray]) -> np.ndarray:
        clock[0] += seconds * len(prepared)
        angles = np.array([float(one) + turned * (round(float(one) * 100) % 3 == 0) for one in prepared])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    return run


ANGLES = [np.float32(0.01 * i) for i in range(60)]


@pytest.mark.parametrize(
    ("seconds", "turned", "wanted"), [(0.5, 0.0, "bf16"), (0.9, 0.0, "fp32"), (0.5, 2.0, "fp32"), (2.0, 0.0, "fp32")]
)
def test_bf16_is_taken_where_it_is_faster_and_keeps_the_neighbours(
    seconds: float, turned: float, wanted: str, clock: list[float]
) -> None:
    verdict = precisions.judged(taking(1.0, clock), taking(seconds, clock, turned), "cosine", ANGLES, 16)
    assert (verdict.precision, verdict.n_images) == (wanted, 60)
    assert verdict.times == pytest.approx(1 / seconds)
    assert (verdict.kept == 1) == (turned == 0)
    assert f"auto took {wanted}: on 60 of your images bf16 keeps {verdict.kept:.1%} of the 10 nearest" in verdict.said


def test_the_share_that_is_kept_is_counted_by_hand(clock: list[float]) -> None:
    # 12 points, 10 nearest of each: all but the farthest. Reversed order of equal gaps keeps each list, so kept is 1;
    # with two far points exchanged, those whose farthest was one of the two lose one of ten.
    line = [np.float32(0.01 * i) for i in range(12)]
    exchanged = {0: 11, 11: 0}

    def swapped(prepared: list[np.ndarray]) -> np.ndarray:
        clock[0] += 0.1
        angles = np.array([0.01 * exchanged.get(round(float(one) * 100), float(one) * 100) for one in prepared])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    verdict = precisions.judged(taking(1.0, clock), swapped, "cosine", line, 12)
    # points 1 to 5 lose 11 and now lose 0, points 6 to 10 the other way round; 0 and 11 lack each other as before
    assert verdict.kept == pytest.approx((10 * 0.9 + 2 * 1.0) / 12)


def test_a_slow_network_is_judged_by_fewer_pictures(clock: list[float]) -> None:
    many = [np.float32(0.001 * i) for i in range(precisions.SAMPLE)]
    verdict = precisions.judged(taking(1.0, clock), taking(0.5, clock), "cosine", many, 16)
    assert precisions.ENOUGH <= verdict.n_images < precisions.ENOUGH + 16


@pytest.fixture
def own_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a person's own for squeezenet1_1."""
    from safetensors.torch import save_file

    from imgsim.methods import _torch_network

    folder = tmp_path / "brought"
    folder.mkdir()
    monkeypatch.setenv("IMGSIM_WEIGHTS", str(folder))
    save_file(_torch_network.build("squeezenet1_1", 224, None).state_dict(), folder / "squeezenet1_1_own.safetensors")


@pytest.mark.usefixtures("own_weights")
def test_auto_has_the_key_of_the_precision_that_is_used() -> None:
    auto, exact, fast = (METHODS.create("squeezenet1_1", precision=name) for name in precisions.PRECISIONS)
    assert auto == METHODS.create("squeezenet1_1")
    assert auto.undecided
    assert (auto.key, auto.settled()) == (exact.key, exact)
    assert settled_spec("squeezenet1_1:layer=late") == "squeezenet1_1:layer=late,precision=fp32"
    precisions.remember(exact.key, HARMLESS)
    assert not auto.undecided
    assert (auto.key, auto.settled()) == (fast.key, fast)
    assert fast.key != exact.key
    assert settled_spec("squeezenet1_1") == "squeezenet1_1:precision=bf16"
    assert settled_spec("squeezenet1_1:precision=fp32") == "squeezenet1_1:precision=fp32"
    assert "bf16 keeps 97.0% of the 10 nearest and is 2.1 times as fast" in (auto.runs_on() or "")
    worn = METHODS.parse("squeezenet1_1+whiten")
    assert worn.settled().params["precision"] == "bf16"
    assert worn.settled().key == worn.key == METHODS.parse("squeezenet1_1:precision=bf16+whiten").key
    assert METHODS.create("squeezenet1_1", layer="late").undecided, "each layer is judged by itself"
    precisions.remember(exact.key, HARMFUL)
    assert auto.key == exact.key
    assert settled_spec("hog:cell=8") == "hog:cell=8"


def test_untrained_weights_stay_in_fp32() -> None:
    method = METHODS.create("squeezenet1_1", weights="random")
    assert not method.undecided
    precisions.remember(dataclasses.replace(method, precision="fp32").key, HARMLESS)
    assert method.settled().precision == "fp32"


@pytest.fixture
def pictures(tmp_path: Path) -> str:
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(24):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
        coarse.resize((96, 96), Image.Resampling.BICUBIC).save(folder / f"{i:02}.png")
    return str(folder)


@pytest.mark.usefixtures("own_weights")
@pytest.mark.parametrize(("kept", "wanted"), [(0.0, "bf16"), (1.1, "fp32")])
def test_the_pipeline_measures_once_and_keeps_precisions_apart(
    kept: float, wanted: str, pictures: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precisions, "FEWEST", 20)
    monkeypatch.setattr(precisions, "KEPT", kept)
    monkeypatch.setattr(precisions, "FASTER", 0.0)
    has_bf16 = _backends.has_bf16
    monkeypatch.setattr(_backends, "has_bf16", lambda: True)
    measured = []
    judged = precisions.judged
    monkeypatch.setattr(precisions, "judged", lambda *given: measured.append(1) or judged(*given))
    pipeline, method = Pipeline(), METHODS.create("squeezenet1_1")
    collection = pipeline.open(pictures)
    made = pipeline.embed(collection, [method])[0]
    assert made.params["precision"] == wanted
    assert pipeline.embed(collection, [method])[0].key == made.key
    assert measured == [1]
    explicit = {name: METHODS.create("squeezenet1_1", precision=name) for name in ("fp32", "bf16")}
    found = {name: pipeline.embed(collection, [one])[0] for name, one in explicit.items()}
    assert found[wanted].key == made.key
    assert found["fp32"].key != found["bf16"].key
    if has_bf16():  # other processors may compute in fp32 whatever is asked for
        assert not np.array_equal(found["fp32"].vectors, found["bf16"].vectors)
    again = pipeline.find_embeddings(collection, method)
    assert again is not None
    assert again.key == made.key
    assert pipeline.method_of(made) == explicit[wanted]
    assert f"auto took {wanted}" in (method.runs_on() or "")


@pytest.mark.usefixtures("own_weights")
def test_vectors_that_are_there_are_not_measured_again(pictures: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> None:
        raise AssertionError("a sample was measured")

    pipeline, method = Pipeline(), METHODS.create("squeezenet1_1")
    collection = pipeline.open(pictures)
    before = pipeline.embed(collection, [method])[0]  # too few to judge by
    assert before.params["precision"] == "fp32"
    monkeypatch.setattr(precisions, "FEWEST", 20)
    monkeypatch.setattr(precisions, "judged", refuse)
    assert pipeline.embed(collection, [method])[0].key == before.key
    monkeypatch.setattr("imgsim.methods._backends.has_bf16", lambda: False)
    other = pipeline.embed(collection, [METHODS.create("squeezenet1_1", layer="late")])[0]
    assert other.params["precision"] == "fp32"
