"""Few labels: episodes by the nearest class mean, held against scikit-learn and numbers worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgsim.cli import run
from imgsim.errors import InputError
from imgsim.evaluation.few_shot import centred_to_length_one, few_shot, nearest_mean

NAMES = np.repeat(["a", "b", "c"], 12)


def clouds(spread: float, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    middles = np.repeat(np.eye(3, 8), 12, axis=0)
    return (middles + spread * random.standard_normal((36, 8))).astype(np.float32)


def test_the_nearest_mean_is_scikit_learns() -> None:
    from sklearn.neighbors import NearestCentroid

    random = np.random.default_rng(1)
    examples, queries = random.standard_normal((4, 5, 6)), random.standard_normal((40, 6))
    theirs = NearestCentroid().fit(examples.reshape(20, 6), np.repeat(np.arange(4), 5)).predict(queries)
    assert nearest_mean(examples, queries).tolist() == theirs.tolist()


def test_cl2n_by_hand() -> None:
    found = centred_to_length_one(np.array([[1, 0], [1, 4], [4, 2], [-2, 2]], np.float32))
    assert found == pytest.approx(np.array([[0, -1], [0, 1], [1, 0], [-1, 0]]), abs=1e-6)
    assert centred_to_length_one(np.ones((3, 2), np.float32)).tolist() == [[0, 0]] * 3


def test_clear_clouds_are_perfect_and_noise_is_chance() -> None:
    clear = few_shot(NAMES, clouds(0.001), ways=3, shots=1, n_episodes=50)
    assert (clear.accuracy, clear.ci95) == (1.0, (1.0, 1.0))
    noise = np.random.default_rng(3).standard_normal((600, 16)).astype(np.float32)
    told = few_shot(np.repeat([f"c{i}" for i in range(20)], 30), noise, ways=5, shots=1, n_episodes=300)
    assert told.chance == 0.2
    assert told.accuracy == pytest.approx(0.2, abs=0.02)
    assert told.ci95[0] < told.accuracy < told.ci95[1]


def test_more_shots_help_and_a_seed_repeats() -> None:
    one, five = (few_shot(NAMES, clouds(0.6), ways=3, shots=shots, n_episodes=200) for shots in (1, 5))
    assert five.accuracy > one.accuracy + 0.05
    assert few_shot(NAMES, clouds(0.6), ways=3, n_episodes=20, seed=4) == few_shot(
        NAMES, clouds(0.6), ways=3, n_episodes=20, seed=4
    )


def test_the_interval_is_that_of_a_mean_of_episodes() -> None:
    few, many = (few_shot(NAMES, clouds(0.6), ways=3, n_episodes=n) for n in (100, 1600))
    wide, narrow = (one.ci95[1] - one.ci95[0] for one in (few, many))
    assert wide / narrow == pytest.approx(4, rel=0.25)


def test_what_has_no_label_or_company_takes_no_part() -> None:
    labels = np.array([*NAMES, "", "alone"], dtype=object)
    vectors = np.vstack([clouds(0.001), np.ones((2, 8), np.float32)])
    assert few_shot(labels, vectors, ways=3, n_episodes=10).n_classes == 3
    with pytest.raises(InputError, match="must have 4 classes of more than 1 images, got 3"):
        few_shot(labels, vectors, ways=4)


@pytest.mark.parametrize(("ways", "shots", "episodes"), [(1, 1, 10), (2, 0, 10), (2, 1, 1)])
def test_nonsense_is_refused(ways: int, shots: int, episodes: int) -> None:
    with pytest.raises(InputError, match="or more, got"):
        few_shot(NAMES, clouds(1), ways=ways, shots=shots, n_episodes=episodes)


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name, color in (("red", (200, 20, 20)), ("blue", (20, 20, 200))):
        (tmp_path / name).mkdir()
        for number in range(4):
            Image.new("RGB", (40, 40), tuple(c + number for c in color)).save(tmp_path / name / f"{number}.png")
    asked = ["few-shot", str(tmp_path), "-m", "color_histogram", "--ways", "2", "--episodes", "20"]
    assert run([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ways"], told["shots"], told["n_classes"]) == (2, 1, 2)
    assert told["results"] == [
        {"method": "color_histogram", "accuracy": 1.0, "ci95": [1.0, 1.0], "chance": 0.5, "episodes": 20}
    ]
    assert run([*asked, "--shots", "9"]) == 2
    assert "ask for fewer --ways or --shots" in capsys.readouterr().err
