"""Studies: splits without leaks, the promise of the threshold, planted lesions, two sources, masks, command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil

from imgsim import anomalies as core
from imgsim.anomalies.cohort import cohort, groups_of, guess_where
from imgsim.anomalies.heat import full
from imgsim.cli import run
from imgsim.errors import InputError
from imgsim.evaluation.conformal import Rate, false_alarms, fewest, threshold
from imgsim.evaluation.sensitivity import sensitivity
from imgsim.images.sources import open_source
from imgsim.images.sources.scans import SIDE, TISSUES, lesion, patches
from imgsim.pipeline import Pipeline
from imgsim.workspace import Workspace

random = np.random.default_rng(0)


# --- splits


def test_no_group_is_on_both_sides_and_normals_are_spread_evenly() -> None:
    groups = np.repeat(np.arange(30), 5)
    normal = random.random(150) < 0.7
    found = cohort(normal, np.where(normal, 0, 1), groups)
    parts = [set(groups[found.folds == part].tolist()) for part in range(found.n_folds)]
    assert found.n_folds == 5
    assert sum(len(part) for part in parts) == 30
    assert set.union(*parts) == set(range(30))
    counts = [int(normal[found.folds == part].sum()) for part in range(5)]
    assert max(counts) - min(counts) <= 5


def test_copies_and_equal_values_belong_together_across_each_other() -> None:
    values = np.array(["a", "b", "b", "", "", np.nan], object)
    codes = groups_of(["1", "1", "2", "3", "3", "4"], values)
    assert codes[0] == codes[1] == codes[2]  # a and b share a copy
    assert codes[3] == codes[4] != codes[0]
    assert len(set(codes.tolist())) == 3
    assert len(set(groups_of(["1", "2", "1"]).tolist())) == 2


def test_too_few_normal_pictures_are_said_in_one_sentence() -> None:
    with pytest.raises(InputError, match="at least 4 to learn from, got 3"):
        cohort(np.arange(9) < 3, np.zeros(9, int), np.arange(9))
    with pytest.raises(InputError, match="at least 2 groups, got 1 with 9 pictures"):
        cohort(np.ones(9, bool), np.zeros(9, int), np.zeros(9, int))


# --- thresholds


def test_the_threshold_by_hand() -> None:
    scores = np.arange(1.0, 20)  # 19 of them: of 20, one may lie above
    found = threshold(scores, 0.05)
    assert found is not None
    assert (found.value, found.expected, found.n) == (19.0, pytest.approx(0.05), 19)
    assert threshold(scores[:18], 0.05) is None
    assert fewest(0.05) == 19
    assert threshold(scores, 0.1).value == 18.0  # type: ignore[union-attr]
    with pytest.raises(InputError, match="between 0 and 1"):
        threshold(scores, 0.0)


def test_the_false_alarm_rate_holds_on_simulated_normals() -> None:
    draws = random.exponential(size=(4000, 50))
    rates = [np.mean(draw[40:] > threshold(draw[:40], 0.1).value) for draw in draws]  # type: ignore[union-attr]
    assert np.mean(rates) == pytest.approx(4 / 41, abs=0.006)  # the largest k / 41 up to .1


def test_observed_false_alarms_come_from_the_thresholds_of_the_other_parts() -> None:
    scores, folds = random.normal(size=3000), np.arange(3000) % 5
    seen = false_alarms(scores, folds, 0.05)
    assert seen is not None
    assert seen.interval[0] < 0.05 < seen.interval[1]
    shifted = scores + 5 * (folds == 0)  # one part is of another kind: the others' thresholds do not know it
    assert false_alarms(shifted, folds, 0.05).value > 0.19  # type: ignore[union-attr]
    assert false_alarms(scores[:20], folds[:20], 0.05) is None
    assert Rate(0, 0).interval == (0.0, 1.0)


def test_sensitivity_by_level() -> None:
    found = sensitivity(np.array([1.0, 5, 5, 9]), np.array([6.0, 6, 10, np.nan]), np.array([0.0, 2, 3]), 4.0)
    assert [(one.low, one.found.hits, one.found.n) for one in found] == [(6.0, 1, 2), (10.0, 1, 1)]
    assert found[0].auroc.value == pytest.approx((1 / 3 + 1) / 2)
    many = sensitivity(np.arange(100.0), np.arange(100.0), np.zeros(3), 49.5)
    assert len(many) == 8
    assert [one.low for one in many[1:]] > [one.high for one in many[:-1]]
    assert sum(one.found.n for one in many) == 100


# --- the packaged scans


def test_lesions_have_the_size_and_contrast_that_is_said() -> None:
    source = open_source("builtin:scans")
    for id, one in list(patches().items()):
        share = lesion(one)
        if not one.size:
            continue
        assert share.sum() == pytest.approx(np.pi * one.size**2 / 4, rel=0.06)
        mask = np.asarray(source.mask(id, ""))[..., 0] > 0
        assert 0.85 < mask.sum() / (np.pi * one.size**2 / 4) < 1.15
        assert not mask[[0, -1]].any()
        assert not mask[:, [0, -1]].any()
    id = next(id for id, one in patches().items() if (one.tissue, one.size, one.contrast) == ("retina", 24, 24))
    mask = np.asarray(source.mask(id, ""))[..., 0] > 0
    picture = np.asarray(source.read(id)).astype(float).mean(axis=2)
    ring = np.asarray(lesion(patches()[id])) == 0
    y, x = np.nonzero(mask)
    near = np.zeros_like(mask)
    near[max(y.min() - 5, 0) : y.max() + 6, max(x.min() - 5, 0) : x.max() + 6] = True
    assert picture[ring & near].mean() - picture[mask].mean() == pytest.approx(24, abs=8)


def test_patches_of_two_regions_share_no_pixel() -> None:
    for one in patches().values():
        side = TISSUES[one.tissue].region
        assert all(r * side <= c and c + SIDE <= (r + 1) * side for r, c in zip(one.region, one.corner, strict=True))


@pytest.fixture(scope="module")
def retina(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pipeline, core.StudyRequest, core.Findings]:
    pipeline = Pipeline(Workspace(tmp_path_factory.mktemp("scans")))
    request = core.StudyRequest(
        "builtin:scans", normal_where="label=normal", only="tissue=retina", group="group", detector="padim:dims=40"
    )
    return pipeline, request, core.study(pipeline, request)


def test_a_large_dark_lesion_is_found_where_it_is(retina) -> None:
    pipeline, _, found = retina
    assert len(found.rows) == 288
    fields = found.collection.fields
    strong = np.flatnonzero((fields["lesion_size"][found.rows] >= 16) & (fields["contrast"][found.rows] == 48))
    hits = []
    for row in strong.tolist():
        mask = pipeline.true_mask(found.collection, int(found.rows[row]))
        heat = full(found.maps[row], *mask.shape)
        hits.append(mask[np.unravel_index(heat.argmax(), heat.shape)])
    assert len(hits) == 16
    assert np.mean(hits) >= 0.6
    judged = core.verdict(found)
    assert judged.auroc is not None
    assert judged.auroc.interval[0] > 0.55
    by = core.sensitivity_by(found, judged.threshold, "lesion_size", "contrast")
    assert list(by) == ["12", "24", "48"]
    assert [one.low for one in by["48"]] == [6, 10, 16, 24]
    assert by["48"][-1].auroc.value > by["12"][0].auroc.value + 0.3


def test_the_heat_of_planted_lesions_lies_on_their_masks(retina) -> None:
    pipeline, _, found = retina
    measured = core.measure_masks(pipeline, found)
    assert measured is not None
    assert (measured.n, measured.n_marked) == (288, 96)
    assert measured.pixel_auroc > 0.7
    assert measured.pro > 0.3  # noise gives .15


def test_no_picture_was_judged_by_what_had_learnt_from_its_group(retina) -> None:
    from imgsim.anomalies.request import concrete

    pipeline, request, _ = retina
    setup = concrete(pipeline, request)
    groups = setup.parts[0][0].field("group")[setup.parts[0][1]]
    for part in range(setup.cohort.n_folds):
        learns = set(groups[setup.cohort.normal & (setup.cohort.folds != part)])
        assert not learns & set(groups[setup.cohort.folds == part])


def test_a_study_is_kept_and_read_again(retina) -> None:
    pipeline, request, found = retina
    again = core.found(pipeline, request)
    assert again is not None
    assert (again.scores == found.scores).all()
    assert core.found(pipeline, core.StudyRequest("builtin:scans", method="hog", detector="knn")) is None


# --- small sources on disk


def picture(path: Path, number: int, spot: bool = False, side: int = 40) -> None:
    """Stripes with noise; a spot is an anomaly."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(number).normal(0, 6, (side, side, 1))
    values = 120 + 30 * np.sin(np.arange(side) / 2 + number)[None, :, None] + noise
    if spot:
        values[12:24, 12:24] = 250
    Pil.fromarray(np.repeat(values.clip(0, 255), 3, axis=2).astype(np.uint8)).save(path)


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    for number in range(24):
        picture(tmp_path / "good" / f"{number}.png", number)
    for number in range(6):
        picture(tmp_path / "new" / "ok" / f"{number}.png", 100 + number)
        picture(tmp_path / "new" / "bad" / f"{number}.png", 200 + number, spot=True)
    return str(tmp_path / "good"), str(tmp_path / "new")


def test_two_sources_with_labels_from_the_command_line(two, tmp_path, capsys) -> None:
    normal, test = two
    arguments = ["anomalies", "--normal", normal, "--test", test, "-m", "pixels", "-d", "knn:k=1", "--label", "label"]
    assert run([*arguments, "--json", "--csv", str(tmp_path / "scores.csv")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["auroc"] == 1.0
    assert told["auroc_ci"] == [pytest.approx(0.025 ** (1 / 6)), 1.0]
    assert told["false_alarm_rate"] == pytest.approx(1 / 25)
    assert told["n_normal"] == 24
    assert [row["truth"] for row in told["results"][:6]] == ["anomalous"] * 6
    assert told["results"][0]["id"].startswith("bad/")
    assert told["detection_rate"] == 1.0
    assert "Not a medical device" in " ".join(told["notes"])
    assert (tmp_path / "scores.csv").read_text().startswith("id,score,flagged,truth,normal_sample\nbad/")


def test_without_labels_there_are_scores_and_no_auroc(two, capsys) -> None:
    normal, test = two
    assert run(["anomalies", "--normal", normal, "--test", test, "-m", "pixels", "-d", "knn", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["auroc"] is None
    assert told["threshold"] > 0
    assert len(told["results"]) == 12
    assert run(["anomalies", test, "-m", "pixels", "-d", "knn", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["threshold"] is None
    assert "all were taken as such" in " ".join(told["notes"])


def test_a_test_picture_that_is_a_copy_of_a_normal_one_gets_no_score_of_0(two, capsys) -> None:
    normal, test = two
    picture(Path(test) / "ok" / "copy.png", 3)
    arguments = ["anomalies", "--normal", normal, "--test", test, "-m", "pixels", "-d", "knn:k=1", "--json"]
    assert run(arguments) == 0
    scores = {row["id"]: row["score"] for row in json.loads(capsys.readouterr().out)["results"]}
    assert scores["ok/copy.png"] > 0.1 * scores["ok/0.png"]


def test_a_new_picture_is_judged_and_its_heat_lies_on_the_spot(two, tmp_path, capsys) -> None:
    normal = two[0]
    for name, number, spot in (("plain", 400, False), ("odd", 401, True)):
        picture(tmp_path / f"{name}.png", number, spot)
    new = [str(tmp_path / f"{name}.png") for name in ("plain", "odd")]
    arguments = ["anomalies", "--normal", normal, "-d", "padim", "--heat", str(tmp_path / "heat")]
    assert run([*arguments, "--picture", new[0], "--picture", new[1], "--json"]) == 0
    plain, odd = json.loads(capsys.readouterr().out)["new"]
    assert odd["path"] == new[1]
    assert odd["flagged"] is True
    assert odd["stranger_than"] == 1.0
    assert plain["score"] < odd["score"]
    drawn = np.asarray(Pil.open(tmp_path / "heat" / "002_odd.png").convert("RGB")).astype(int)
    orange = drawn[..., 0] - drawn[..., 2]
    assert orange[14:22, 14:22].mean() > orange[:, :6].mean() + 30


def test_a_normal_picture_as_a_new_one_is_at_the_nearest_and_is_kept(two, tmp_path) -> None:
    pipeline = Pipeline(Workspace(tmp_path / "home"))
    request = core.StudyRequest(two[0], two[1], detector="knn:k=1", method="pixels")
    core.study(pipeline, request)
    pixels = np.asarray(Pil.open(Path(two[0]) / "3.png"))
    assert core.judged(pipeline, request, pixels) is None
    [known] = core.judge(pipeline, request, [pixels])
    assert known.score == pytest.approx(0, abs=1e-5)
    assert known.map is None
    again = core.judged(pipeline, request, pixels)
    assert again is not None
    assert again.score == known.score


def test_heat_without_pictures_or_places_and_a_broken_picture_are_refused(two, tmp_path, capsys) -> None:
    arguments = ["anomalies", two[0], "-d", "knn", "-m", "pixels"]
    assert run([*arguments, "--heat", str(tmp_path)]) == 2
    assert "got no --picture" in capsys.readouterr().err
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert run([*arguments, "--picture", str(tmp_path / "broken.png")]) == 2
    picture(tmp_path / "new.png", 7)
    assert run([*arguments, "--picture", str(tmp_path / "new.png"), "--heat", str(tmp_path)]) == 2
    assert "padim or patchcore" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "one SOURCE or as --normal with --test"),
        (["--normal", "builtin:scans"], "one SOURCE or as --normal with --test"),
        (["{}", "--normal-where", "label=nice"], "one of the field, got 'nice'"),
        (["{}", "--normal-where", "label"], "field=value"),
        (["{}", "-d", "magic"], "detector must be a known id"),
        (["{}", "-m", "hog", "-d", "padim"], "patches must come from a network"),
        (["{}", "--group", "patient"], "field must be a known id"),
    ],
)
def test_what_makes_no_sense_is_answered_in_one_sentence(two, capsys, arguments, said) -> None:
    assert run(["anomalies", *(part.format(two[1]) for part in arguments)]) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert said in told


def test_masks_that_a_table_names_are_read_and_are_no_pictures(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 1, spot=True)
    picture(tmp_path / "b.png", 2)
    mask = np.full((40, 40), 3, np.uint8)  # a little noise on black
    mask[12:24, 12:24] = 255
    (tmp_path / "masks").mkdir()
    Pil.fromarray(mask).save(tmp_path / "masks" / "a_mask.png")
    (tmp_path / "labels.csv").write_text("path,kind,mask\na.png,bad,masks/a_mask.png\nb.png,good,\n")
    pipeline = Pipeline()
    for source in (tmp_path, tmp_path / "labels.csv"):
        collection = pipeline.open(str(source))
        assert collection.ids == ("a.png", "b.png")
        found = pipeline.true_mask(collection, 0)
        assert found is not None
        assert found.sum() == 144
        assert pipeline.true_mask(collection, 1) is None
    assert guess_where(collection) == ("kind", "good")
