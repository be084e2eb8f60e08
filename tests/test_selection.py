from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from imgsim.errors import InputError
from imgsim.ui.selection import rows_in, selected_rows

SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2]]
XY = np.array([[1, 1], [3, 1], [-1, 1], [1, 3], [1.5, 0.5]], np.float32)


def box(mode: str, x: list[float], y: list[float], **more: object) -> dict[str, object]:
    return {"panel": 0, "kind": "box", "mode": mode, "x": x, "y": y, **more}


def test_points_inside_a_square_are_found() -> None:
    assert rows_in(SQUARE, XY).tolist() == [0, 4]


def test_the_direction_and_the_start_of_the_line_do_not_matter() -> None:
    turned = [*SQUARE[2:], *SQUARE[:2]][::-1]
    assert rows_in(turned, XY).tolist() == [0, 4]


def test_the_inner_part_of_a_line_that_goes_round_twice_is_a_hole() -> None:
    twice = [[0, 0], [6, 0], [6, 6], [0, 6], [0, 0], [2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]
    assert rows_in(twice, np.array([[3, 3], [1, 3], [5, 5]], np.float32)).tolist() == [1, 2]


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_matplotlib_on_star_shaped_lines(seed: int) -> None:
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 40))
    line = np.column_stack([np.cos(angle), np.sin(angle)]) * rng.uniform(0.3, 2, (40, 1))
    xy = rng.normal(size=(5000, 2)).astype(np.float32)
    expected = np.flatnonzero(Outline(np.vstack([line, line[:1]]), closed=True).contains_points(xy))
    assert rows_in(line, xy).tolist() == expected.tolist()
    assert 0 < len(expected) < 5000


def test_a_corner_on_the_ray_counts_once() -> None:
    diamond = [[0, -1], [1, 0], [0, 1], [-1, 0]]
    assert rows_in(diamond, np.array([[0, 0], [-2, 0], [2, 0]], np.float32)).tolist() == [0]


def test_a_line_of_two_corners_holds_nothing_and_no_points_are_no_rows() -> None:
    assert rows_in(SQUARE[:2], XY).tolist() == []
    assert rows_in(SQUARE, np.zeros((0, 2), np.float32)).tolist() == []


def test_a_polygon_of_another_shape_is_refused() -> None:
    with pytest.raises(InputError, match="corners"):
        rows_in([1, 2, 3], XY)


def test_strokes_replace_add_and_remove_in_their_order() -> None:
    first, second = box("replace", [0, 2], [0, 2]), box("add", [2, 4], [0, 2])
    assert selected_rows([first], [XY]).tolist() == [0, 4]
    assert selected_rows([first, second], [XY]).tolist() == [0, 1, 4]
    assert selected_rows([first, second, box("remove", [1.2, 1.8], [0, 1])], [XY]).tolist() == [0, 1]
    assert selected_rows([first, box("replace", [2, 4], [0, 2])], [XY]).tolist() == [1]


def test_nothing_drawn_selects_nothing() -> None:
    assert selected_rows(None, [XY]).tolist() == []
    assert selected_rows([], [XY]).tolist() == []


def test_a_stroke_counts_on_its_own_panel() -> None:
    stroke = {**box("replace", [0, 2], [0, 2]), "panel": 1}
    assert selected_rows([stroke], [XY, XY[::-1]]).tolist() == [0, 4]
    assert selected_rows([stroke], [XY, XY + 10]).tolist() == []


def test_hidden_categories_stay_out() -> None:
    stroke = box("replace", [0, 2], [0, 2], hidden=[7])
    assert selected_rows([stroke], [XY], np.array([7, 0, 0, 0, 1])).tolist() == [4]


@pytest.mark.parametrize("broken", [{}, {"panel": 9, "x": [], "y": []}, box("replace", [0, 1], [0])])
def test_a_broken_stroke_is_one_sentence(broken: dict[str, object]) -> None:
    with pytest.raises(InputError, match="stroke"):
        selected_rows([broken], [XY])


def test_strokes_go_on_from_rows_that_are_selected_already() -> None:
    everything = {"panel": 0, "kind": "box", "x": [-9, 9], "y": [-9, 9]}
    nothing = {"panel": 0, "kind": "box", "x": [90, 91], "y": [90, 91]}
    assert selected_rows([nothing | {"mode": "add"}], [XY], start=[1, 2]).tolist() == [1, 2]
    assert selected_rows([everything | {"mode": "remove"}], [XY], start=[1, 2]).tolist() == []
    assert selected_rows([nothing | {"mode": "replace"}], [XY], start=[1, 2]).tolist() == []
