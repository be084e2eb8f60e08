"""Guests on a finished map: exact by PCA, near their own by t-SNE and UMAP, as the libraries' own transforms."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from imgsim.neighbors import nearest, search
from imgsim.projections import PROJECTORS
from imgsim.projections._fuzzy import widths
from imgsim.types import Neighbors

N = 500


class Fixed(np.ndarray):
    """A finished layout, as openTSNE's optimiser expects it."""

    interp_coeffs = box_x_lower_bounds = None


@pytest.fixture(scope="module")
def digits() -> SimpleNamespace:
    """500 digits for maps and 60 others as guests."""
    data = load_digits()
    mixed = np.random.default_rng(0).permutation(len(data.data))[: N + 60]
    vectors, labels = data.data[mixed].astype(np.float32), data.target[mixed]
    graph = Neighbors("g", *nearest(vectors[:N], "euclidean", 100), "euclidean")
    return SimpleNamespace(fitted=vectors[:N], guests=vectors[N:], of=labels[:N], own=labels[N:], graph=graph)


@pytest.fixture(scope="module", params=["pca", "tsne", "umap"])
def drawn(request: pytest.FixtureRequest, digits: SimpleNamespace) -> SimpleNamespace:
    projector = PROJECTORS.create(request.param)
    return SimpleNamespace(projector=projector, xy=projector.fit(digits.fitted, digits.graph, seed=0))


def placed(drawn: SimpleNamespace, digits: SimpleNamespace, guests: np.ndarray) -> np.ndarray:
    found = search(digits.fitted, guests, "euclidean", max(16, drawn.projector.k))
    return drawn.projector.place(digits.fitted, drawn.xy, guests, *found)


def test_guests_land_among_their_own_and_nothing_moves(drawn: SimpleNamespace, digits: SimpleNamespace) -> None:
    before = drawn.xy.copy()
    places = placed(drawn, digits, digits.guests)
    assert places.shape == (60, 2)
    assert places.dtype == np.float32
    assert (drawn.xy == before).all()
    nearest_on_map = np.linalg.norm(places[:, None] - drawn.xy, axis=2).argsort(axis=1)[:, :5]
    right = (digits.of[nearest_on_map] == digits.own[:, None]).mean()
    on_map = np.linalg.norm(drawn.xy[:, None] - drawn.xy, axis=2).argsort(axis=1)[:, 1:6]
    ceiling = (digits.of[on_map] == digits.of[:, None]).mean()  # what the map itself manages
    assert right > ceiling - 0.12
    again = placed(drawn, digits, digits.guests)
    assert (again == places).all()


def test_a_copy_lies_on_its_image(drawn: SimpleNamespace, digits: SimpleNamespace) -> None:
    places = placed(drawn, digits, digits.fitted[[7, 99]])
    assert places == pytest.approx(drawn.xy[[7, 99]], abs=float(1e-3 * np.abs(drawn.xy).max()))


def test_pca_places_exactly_as_scikit_learn(digits: SimpleNamespace) -> None:
    projector = PROJECTORS.create("pca")
    xy = projector.fit(digits.fitted, None)
    found = search(digits.fitted, digits.guests, "euclidean", 16)
    places = projector.place(digits.fitted, xy, digits.guests, *found)
    oracle = PCA(2, svd_solver="full").fit(digits.fitted)
    signs = np.sign((oracle.transform(digits.fitted) * xy).sum(axis=0))
    assert places == pytest.approx(oracle.transform(digits.guests) * signs, abs=1e-3)


def test_tsne_places_as_open_tsne(digits: SimpleNamespace) -> None:
    from openTSNE.affinity import joint_probabilities_nn
    from openTSNE.tsne import gradient_descent, kl_divergence_bh

    from imgsim.projections.tsne import _shares

    projector = PROJECTORS.create("tsne")
    xy = projector.fit(digits.fitted, digits.graph, seed=0)
    rows, far = search(digits.fitted, digits.guests, "euclidean", projector.k)
    facts = {"symmetrize": False, "normalization": "point-wise", "n_reference_samples": N}
    shares = joint_probabilities_nn(rows.astype(np.int64), far.astype(float), [30.0], **facts)
    ours = _shares(far.astype(float), 30.0)
    theirs = np.take_along_axis(shares.toarray(), rows.astype(np.int64), axis=1)
    assert ours == pytest.approx(theirs, abs=1e-4)
    start = np.median(xy[rows[:, :30]], axis=1).astype(float)
    settings = {"learning_rate": 0.1, "momentum": 0.8, "exaggeration": 1.5, "max_grad_norm": 0.25, "theta": 0.0}
    _, expected = gradient_descent()(
        start, shares, 1000, kl_divergence_bh, reference_embedding=xy.astype(float).view(Fixed), **settings
    )
    places = projector.place(digits.fitted, xy, digits.guests, rows, far)
    apart = np.linalg.norm(places - expected, axis=1) / np.ptp(xy, axis=0).max()
    assert np.median(apart) < 0.005
    assert (apart < 0.05).mean() > 0.9


def test_umap_places_where_umap_learns_descent_ends(digits: SimpleNamespace) -> None:
    from umap import umap_ as library

    projector = PROJECTORS.create("umap")
    xy = projector.fit(digits.fitted, digits.graph, seed=0)
    rows, far = search(digits.fitted, digits.guests, "euclidean", 14)
    weights = np.exp(-far / widths(far.astype(float), np.log2(15))[:, None]).astype(np.float32)
    starts = np.stack([np.average(xy[r], axis=0, weights=w) for r, w in zip(rows, weights, strict=True)])
    a, b = library.find_ab_params(1.0, 0.1)
    expected = library.optimize_layout_euclidean(
        starts.astype(np.float32),
        xy.copy(),
        np.repeat(np.arange(60, dtype=np.int32), 14),
        rows.ravel(),
        100,
        60,
        library.make_epochs_per_sample(weights.ravel(), 100),
        a,
        b,
        np.array([1, 2, 3], np.int64),
        initial_alpha=0.25,
        move_other=False,
    )
    places = projector.place(digits.fitted, xy, digits.guests, rows, far)
    apart = np.linalg.norm(places - expected, axis=1) / np.ptp(xy, axis=0).max()
    assert np.median(apart) < 0.02
    assert (apart < 0.06).mean() > 0.9


def test_a_projector_without_a_way_of_its_own_places_among_neighbours() -> None:
    from imgsim.projections import Projector

    xy = np.array([[0, 0], [2, 0], [9, 9]], np.float32)
    found = np.array([[0, 1, 2]], np.int32), np.array([[1, 1, 2]], np.float32)
    assert Projector.place(PROJECTORS.create("pca"), xy, xy, xy[:1], *found).tolist() == [[1, 0]]


def test_the_pipeline_places_an_upload(tmp_path: Path) -> None:
    from imgsim.pipeline import MapRequest, Pipeline
    from tests.test_pages import folder_of

    pipeline = Pipeline()
    result = pipeline.make_map(MapRequest(folder_of(tmp_path / "set", [f"{n}.png" for n in range(9)]), "hog", "tsne"))
    row = np.asarray(result.embeddings.vectors[4:5])
    assert pipeline.place(result.embeddings, result.projection, row)[0] == pytest.approx(result.projection.xy[4])
    assert np.isfinite(pipeline.place(result.embeddings, result.projection, 0 * row)).all()
