"""Post-processing: contracts over the registry, hand-computed cases, scikit-learn as oracle, and its way to people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from imgsim.cli import run
from imgsim.engine import ImageSimilarityEngine
from imgsim.errors import InputError, UnknownIdError
from imgsim.methods import METHODS
from imgsim.methods.worn import reranked
from imgsim.neighbors import nearest, with_guest
from imgsim.parameters import format_spec, parse_spec
from imgsim.pipeline import MapRequest, Pipeline
from imgsim.postprocess import POSTPROCESS, GraphStep, QueryStep, VectorStep
from imgsim.postprocess.alpha_qe import AlphaQe
from imgsim.postprocess.centre import Centre
from imgsim.postprocess.database_augmentation import DatabaseAugmentation
from imgsim.postprocess.k_reciprocal import KReciprocal
from imgsim.postprocess.whiten import Whiten
from imgsim.ui.state import canonical

CLASSES = list(POSTPROCESS)
every_step = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.id)


def points(n: int = 60, dim: int = 12) -> np.ndarray:
    random = np.random.default_rng(3)
    return (random.normal(1, 1, (n, dim)) * np.linspace(3, 0.2, dim)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 noisy pictures of three stripe directions."""
    root = tmp_path_factory.mktemp("worn")
    random = np.random.default_rng(0)
    y, x = np.mgrid[:64, :64]
    for label, wave in {"across": x, "down": y, "slanted": x + y}.items():
        (root / label).mkdir()
        for i in range(8):
            grey = 128 + 90 * np.sin((wave + 3 * i) / 5)[..., None] + random.normal(0, 25, (64, 64, 3))
            Pillow.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(root / label / f"{i}.png")
    return root


@every_step
def test_every_step_describes_itself(cls) -> None:
    assert cls.id.isidentifier()
    assert cls.title
    assert cls.changes.endswith(".")
    assert cls.reference
    assert (
        cls.order
        == {VectorStep: 0, QueryStep: 1, GraphStep: 2}[
            next(b for b in cls.__mro__ if b in (VectorStep, QueryStep, GraphStep))
        ]
    )
    assert POSTPROCESS.parse(cls().spec) == cls()


@every_step
@pytest.mark.parametrize("method", ["hog", "color_histogram", "pixels"])
def test_every_method_can_wear_every_step(cls, method: str, folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    worn = METHODS.parse(f"{method}+{cls.id}")
    plain, changed = pipeline.embed(collection, [METHODS.parse(method), worn])
    assert changed.vectors.shape == (24, worn.dim)
    assert changed.key != plain.key
    assert changed.metric == worn.metric
    graph = pipeline.neighbors(changed)
    assert graph.indices.shape == (24, 23)
    assert (graph.indices != np.arange(24)[:, None]).all()
    assert (np.diff(graph.distances, axis=1) >= 0).all()
    assert [sorted(row) for row in graph.indices.tolist()] == [[j for j in range(24) if j != i] for i in range(24)]
    again = Pipeline().embed(collection, [worn])[0]
    assert again.key == changed.key
    assert np.array_equal(again.vectors, changed.vectors)


@every_step
def test_a_step_changes_what_is_found(cls, folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    plain, changed = pipeline.embed(collection, [METHODS.parse("pixels"), METHODS.parse(f"pixels+{cls.id}")])
    assert (pipeline.neighbors(plain).indices != pipeline.neighbors(changed).indices).any()


@pytest.mark.parametrize("worn", ["centre", "whiten:dims=8", "whiten:power=1.0,dims=6+centre"])
def test_an_image_of_the_collection_asked_from_outside_has_its_stored_vector(worn: str, folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    embeddings = pipeline.embed(collection, [METHODS.parse("hog+" + worn)])[0]
    for row in (0, 13):
        vector = pipeline.embed_image(embeddings, pipeline.read_image(collection, row))
        assert np.allclose(vector, embeddings.vectors[row], atol=1e-5)


@pytest.mark.parametrize("worn", ["alpha_qe:n=3", "k_reciprocal:k1=5,k2=2", "centre+alpha_qe:n=2+k_reciprocal:k1=4"])
def test_asking_by_file_or_by_id_finds_the_same(worn: str, folder: Path) -> None:
    index = ImageSimilarityEngine("hog+" + worn).index(folder)
    by_id = index.search("down/3.png", 6)
    graph = index.pipeline.neighbors(index.embeddings)
    row = index.collection.row("down/3.png")
    assert [m.id for m in by_id] == [index.collection.ids[j] for j in graph.indices[row, :6]]
    by_file = index.search(folder / "down" / "3.png", 8)
    assert by_file[0].id == "down/3.png"
    if "k_reciprocal" not in worn:  # a copy that joins the lists changes them
        assert [m.id for m in by_file[1:7]] == [m.id for m in by_id]


def test_database_augmentation_leaves_the_question_alone(folder: Path) -> None:
    pipeline = Pipeline()
    collection = pipeline.open(str(folder))
    plain, changed = pipeline.embed(
        collection, [METHODS.parse("pixels"), METHODS.parse("pixels+database_augmentation")]
    )
    vector = pipeline.embed_image(changed, pipeline.read_image(collection, 5))
    assert np.allclose(vector, plain.vectors[5], atol=1e-6)
    assert not np.allclose(vector, changed.vectors[5], atol=1e-3)


def test_centring_by_hand() -> None:
    learnt = Centre().fit(np.array([[3, 0], [0, 2]], np.float32), "cosine")
    assert np.allclose(learnt.query(np.array([[0, 5]], np.float32), "cosine"), [[-0.5, 0.5]])
    learnt = Centre().fit(np.array([[4, 0], [0, 16]], np.float32), "hellinger")
    assert np.allclose(learnt.mean, [1, 2])


def test_full_whitening_agrees_with_scikit_learn() -> None:
    from sklearn.decomposition import PCA

    vectors = points()
    ours = Whiten(dims=5, power=1.0).fit(vectors, "euclidean").collection(vectors, "euclidean")
    theirs = PCA(5, whiten=True, svd_solver="full").fit_transform(vectors.astype(np.float64))
    assert np.allclose(np.abs(ours), np.abs(theirs), atol=1e-4)
    turned = Whiten(dims=5, power=0.0).fit(vectors, "euclidean").collection(vectors, "euclidean")
    assert np.allclose(np.abs(turned), np.abs(PCA(5, svd_solver="full").fit_transform(vectors)), atol=1e-3)


def test_query_expansion_by_hand() -> None:
    database = np.array([[1, 0], [0.6, 0.8], [-1, 0]], np.float32)
    # the nearest of (1, 0) other than itself is (.6, .8) at cosine .6; .6^2 = .36
    found = AlphaQe(n=1, alpha=2.0).expand(
        np.array([[2, 0]], np.float32), np.vstack([database, [[2, 0]]]).astype(np.float32), "cosine"
    )
    assert np.allclose(found, [[1, 0]])  # its twin (1, 0) at weight 1: the mean of two equal ones
    found = AlphaQe(n=1, alpha=2.0).expand(database[:1], database, "cosine")
    assert np.allclose(found, [[(1 + 0.36 * 0.6) / 1.36, 0.36 * 0.8 / 1.36]], atol=1e-6)


def test_database_augmentation_by_hand() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8], [-1, 0]], np.float32)
    found = DatabaseAugmentation(n=1, alpha=1.0).collection(vectors, "cosine")
    assert np.allclose(found[0], [1.36 / 1.6, 0.48 / 1.6], atol=1e-6)
    assert np.allclose(found[2], [-1, 0])  # a similarity below 0 has no weight


def test_k_reciprocal_by_hand() -> None:
    # on a line: 0, 1 | 3, 3.5. Lists of one: 0-1 and 3-3.5 find each other; 1 is nearer to 0 than to 3.
    indices, distances = nearest(np.array([[0], [1], [3], [3.5]], np.float32), "euclidean", 3)
    rank = KReciprocal(k1=1, k2=1, weight=0.0).ranker(indices, distances)
    # encodings: 0 and 1 have members {0, 1} with weights 1 and exp(-d / last of list)
    first, second = np.exp(-1 / 3.5), np.exp(-1 / 2.5)
    a, b = np.array([1, first]) / (1 + first), np.array([second, 1]) / (1 + second)
    common = np.minimum(a, b).sum()
    assert np.allclose(rank(0, np.array([1, 2, 3], np.int32)), [1 - common / (2 - common), 1, 1], atol=1e-6)
    mixed = KReciprocal(k1=1, k2=1, weight=1.0).ranker(indices, distances)
    assert np.allclose(mixed(0, np.array([1, 2], np.int32)), [1 / 3.5, 3 / 3.5], atol=1e-6)


def test_k_reciprocal_puts_a_one_sided_find_last() -> None:
    # 3 is nearest to the lone 0 after 1; but 3's friends are 4, 5, 6 and 0 is not among them
    line = np.array([[0], [2.2], [2], [4], [4.1], [4.2], [4.3]], np.float32)
    indices, distances = nearest(line, "euclidean", 6)
    new, _ = reranked(KReciprocal(k1=3, k2=1, weight=0.1).ranker(indices, distances), indices)
    assert set(new[3, :3].tolist()) == {4, 5, 6}
    assert set(new[0, :2].tolist()) == {1, 2}


def test_a_guest_joins_the_lists_as_if_it_had_been_there() -> None:
    vectors = points(30, 4)
    indices, distances = nearest(vectors[:-1], "euclidean", 7)
    to_all = np.linalg.norm(vectors[:-1] - vectors[-1], axis=1).astype(np.float32)
    joined, far = with_guest(indices, distances, to_all)
    expected, wanted = nearest(vectors, "euclidean", 7)
    assert np.array_equal(joined, expected)
    assert np.allclose(far, wanted, atol=1e-5)


def test_specs_go_both_ways_and_have_one_spelling() -> None:
    assert parse_spec("hog:cell=8+whiten:dims=64") == ("hog+whiten:dims=64", {"cell": "8"})
    assert format_spec("hog+whiten:dims=64", {"cell": 8}) == "hog:cell=8+whiten:dims=64"
    assert parse_spec("x:a=1e+5") == ("x", {"a": "1e+5"})
    assert canonical(METHODS, "hog:cell=16+whiten:power=0.5,dims=64+centre") == "hog+whiten:dims=64+centre"
    assert METHODS["hog+whiten"] is METHODS["hog+whiten:power=0.5"]
    assert "hog+whiten" in METHODS
    assert METHODS.parse("hog+centre").key != METHODS.parse("hog").key
    assert METHODS.parse("hog+whiten+centre").title == "HOG + PCA-whitening + Centring"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("phash+whiten", "bits"),
        ("hog+k_reciprocal+centre", "write centre\\+k_reciprocal"),
        ("hog+whiten:power=2", "0 to 1"),
    ],
)
def test_what_cannot_be_worn_is_said_at_once(spec: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        METHODS.parse(spec)
    with pytest.raises(UnknownIdError, match="did you mean 'whiten'"):
        METHODS.parse("hog+whitn")


def test_hashes_wear_re_ranking_and_maps_are_made_of_worn_methods(folder: Path) -> None:
    result = Pipeline().make_map(MapRequest(str(folder), "phash+k_reciprocal:k1=5", "pca"))
    assert result.embeddings.method == "phash+k_reciprocal:k1=5"
    assert np.array_equal(
        Pipeline().cached_map(MapRequest(str(folder), "phash+k_reciprocal:k1=5", "pca")).neighbors.indices,
        result.neighbors.indices,
    )


def test_the_base_is_computed_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from imgsim.methods.hog import Hog

    pipeline, calls, embed = Pipeline(), [], Hog.embed_batch
    monkeypatch.setattr(Hog, "embed_batch", lambda self, prepared: calls.append(len(prepared)) or embed(self, prepared))
    collection = pipeline.open(str(folder))
    pipeline.embed(collection, [METHODS.parse(spec) for spec in ("hog", "hog+centre", "hog+whiten+centre")])
    assert sum(calls) == 24


def test_engine_and_commands_take_worn_methods(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = ImageSimilarityEngine("hog+centre", reference=str(folder))
    a, b = folder / "down" / "1.png", folder / "across" / "1.png"
    plain = ImageSimilarityEngine("hog", reference=str(folder)).compute_similarity(a, b)
    assert engine.compute_similarity(a, a) == pytest.approx(1, abs=1e-5)
    assert engine.compute_similarity(a, b) < min(0, plain)
    assert (
        run(["evaluate", str(folder), "-m", "color_histogram+k_reciprocal:k1=5", "-m", "color_histogram", "--json"])
        == 0
    )
    worn, plain_row = json.loads(capsys.readouterr().out)["results"]
    assert worn["method"] == "color_histogram+k_reciprocal:k1=5"
    assert worn["map"] != plain_row["map"]
    assert run(["embed", str(folder), "-m", "dhash+centre"]) == 2
    assert "bits" in capsys.readouterr().err


def test_the_page_offers_what_can_be_worn_and_keeps_it_where_it_can() -> None:
    from imgsim.ui import state, wear

    assert set(wear.wearable("hog:cell=8")) == {cls.id for cls in CLASSES}
    assert wear.wearable("phash") == ["k_reciprocal"]
    assert wear.keep("lbp", "+whiten:dims=32") == "lbp+whiten:dims=32"
    assert wear.keep("phash", "+whiten:dims=32") == "phash"
    worn = (Whiten(dims=32),)
    assert wear.dressed("hog", ["whiten", "k_reciprocal", "centre"], worn) == "hog+whiten:dims=32+centre+k_reciprocal"
    view, sentences = state.parse({"method": "hog+whiten:dims=32+k_reciprocal"})
    assert (view.method, sentences) == ("hog+whiten:dims=32+k_reciprocal", [])
    assert state.parse(view.params())[0].method == view.method
