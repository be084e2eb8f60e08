"""A figure in words says what is drawn: every kind of chart, its numbers by hand."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from imgsim.plots import anomalies, comparison, duplicates, evidence, labelling, learning, robustness
from imgsim.plots.shepard import shepard_figure
from imgsim.plots.stability import multiples_figure
from imgsim.plots.teaching import bars_figure, curves_figure, truth_map, vector_figure
from imgsim.plots.words import MOST_ROWS, words

PLANE = np.stack([np.arange(50.0), np.arange(50.0) ** 2], axis=1).astype(np.float32)


def test_bars_are_named_with_their_values_and_their_baseline() -> None:
    told = words(bars_figure("How many?", {"pixels": 0.25, "HOG": 0.5}, "share", baseline=("chance", 0.1)))
    assert told.title == "How many?"
    assert told.label == "How many? pixels 25%, HOG 50%. A line marks chance 10%."
    assert told.columns == ("", "share")
    assert told.rows == (("pixels", "25%"), ("HOG", "50%"))


def test_many_bars_are_told_by_the_highest_and_the_lowest() -> None:
    told = words(bars_figure("Which?", {f"b{n}": n for n in range(9)}, "votes", share=False))
    assert told.summary == "9 bars, the highest b8 8, the lowest b0 0."
    assert len(told.rows) == 9


def test_pair_bars_have_a_column_for_each_image_and_no_markup() -> None:
    colors = ["#ff0000", "#00ff00"]
    a, b = np.array([1, 0.5], np.float32), np.array([0, 0.25], np.float32)
    told = words(evidence.pair_bars_figure(["red", "green"], a, b, title="Alike?", unit="share", colors=colors))
    assert told.columns == ("", "first image", "second image")
    assert told.rows == (("red", "1", "0"), ("green", "0.5", "0.25"))
    assert told.summary == "first image: red 1, green 0.5; second image: red 0, green 0.25."


def test_curves_say_where_they_begin_and_end() -> None:
    told = words(curves_figure("How fast?", [0, 45], {"a": [1, 0.5], "b": [0.2, 0.1]}, "degrees", "recall"))
    assert told.summary == "a from 100% at 0 to 50% at 45; b from 20% at 0 to 10% at 45, over degrees."
    assert told.columns == ("line", "degrees", "recall")
    assert told.rows[0] == ("a", "0", "100%")


def test_bands_of_an_interval_are_no_lines() -> None:
    rows = [
        {"method": "hog", "strength": at, "recall_at_1": 1 - at / 90, "recall_at_1_ci": (0.1, 0.9)} for at in (0, 45)
    ]
    figure = robustness.curve_figure(rows, {"hog": "HOG"}, "recall_at_1", title="T?", x="degrees", y="r", chance=0.125)
    told = words(figure)
    assert told.summary == "HOG from 1 at 0 to 0.5 at 45, over degrees. A line marks by chance: 0.125."
    assert len(told.rows) == 2


def test_a_heat_map_is_a_table_with_its_extremes() -> None:
    told = words(robustness.heat_map_figure(np.array([[0.5, np.nan], [1, 0]]), ["turn", "blur"], ["A", "B"], "What?"))
    assert told.summary == "2 rows by 2 columns, from 0 (blur, B) to 1 (blur, A)."
    assert told.columns == ("", "A", "B")
    assert told.rows == (("turn", "0.5", "–"), ("blur", "1", "0"))
    unknown = words(robustness.heat_map_figure(np.full((1, 1), np.nan), ["turn"], ["A"], "What?"))
    assert unknown.summary == "Nothing is known yet."


def test_distributions_are_told_by_their_quarters() -> None:
    kinds = {"normal": np.arange(5.0), "anomalous": np.arange(5.0) + 10}
    told = words(anomalies.histogram_figure(kinds, "distance", 7.5))
    assert told.summary.startswith(
        "Score: distance: 5 normal from 0 to 4, half of them from 1 to 3; 5 anomalous from 10"
    )
    assert told.summary.endswith("A line marks threshold: 7.5.")
    assert told.rows[0] == ("normal", "5", "0", "1", "2", "3", "4")
    pairs = words(duplicates.threshold_figure([1, 2, 3], 8, "bits that differ", "How near?", "copies"))
    assert "3 pairs from 1 to 3" in pairs.summary


def test_squares_and_named_points_are_rows() -> None:
    shares = np.array([[1, 0.25], [0.25, 1]], np.float32)
    told = words(comparison.agreement_figure(shares, ["A", "B"], "Agree?"))
    assert told.rows == (("A and B", "0.25"), ("B and A", "0.25"))
    row = {"map": 0.5, "map_low": 0.4, "map_high": 0.6, "ms_per_image": 2.0, "map_by_chance": 0.1}
    cost = words(comparison.quality_cost_figure([row, {**row, "ms_per_image": 20.0}], ["A", "B"], "Cost?"))
    assert cost.rows == (("A", "2", "0.5"), ("B", "20", "0.5"))
    assert "A line marks by chance: 0.1." in cost.summary


def test_clouds_are_counted_by_group_and_have_no_table() -> None:
    truth = np.repeat([0, 1], 25).astype(np.float32)
    told = words(truth_map("t-SNE", PLANE, truth, "groups", "trustworthiness 0.9"))
    assert told.title == "t-SNE"
    assert told.label.startswith("t-SNE. Trustworthiness 0.9. A map")
    assert told.summary == "Trustworthiness 0.9. A map of 50 points in groups: group 1 25, group 2 25."
    assert told.rows == ()
    learnt = words(learning.learning_map(PLANE, np.repeat(["cat", "dog"], 25), 100))
    assert "50 points in groups: cat 25, dog 25" in learnt.summary
    line = np.arange(50, dtype=np.float32)
    assert "correlation is 1.00" in words(shepard_figure(line, 2 * line, "Far?")).summary
    maps = words(multiples_figure([PLANE, PLANE], ["seed 1", "seed 2"], line / 50, "Same?"))
    assert maps.summary == "2 maps of 50 points: seed 1, seed 2."


def test_long_lines_are_thinned_and_every_other_figure_says_something() -> None:
    told = words(vector_figure(np.arange(1000, dtype=np.float32)))
    assert len(told.rows) == MOST_ROWS
    assert told.rows[0][1:] == ("0", "0")
    assert told.rows[-1][1:] == ("999", "999")
    point = {"n_labels": 5, "accuracy": 0.5, "ci95": (0.4, 0.6), "lowest": 0.3, "highest": 0.7, "majority": 0.2}
    few = words(labelling.learning_figure([point, {**point, "n_labels": 10}], 3))
    assert "mean from 50% at 5 to 50% at 10" in few.summary
    assert "always the commonest 20.0%" in few.summary
    roc = words(anomalies.roc_figure(np.array([0, 1]), np.array([0.0, 1.0]), 0.05))
    assert "this detector from 0% at 0% to 100% at 100%" in roc.summary
    assert "aimed at: 5%" in roc.summary
    assert words(learning.loss_curve([0, 1], [2.0, 1.5], 8)).summary == "Loss from 2 at 0 to 1.5 at 1, over Step."
    assert words(go.Figure()).label == "Nothing is drawn."
