"""What every method owes, whatever it computes. Parametrised over the registry."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import typing
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import skimage.data

from imgsim.errors import InputError
from imgsim.methods import METHODS, Method
from imgsim.parameters import parameters
from imgsim.types import Metric
from tests.edges import other_values

FACTS = ("id", "title", "family", "sees", "blind_to", "formula", "reference", "licence")
NETWORKS = ("mobilenet_v3_small", "squeezenet1_1", "imgsim_mini", "conse")  # two of many that share one code path; ours
HISTOGRAMS = ("intersection", "chi_square", "hellinger")


CLASSES = [cls for cls in METHODS if cls.family not in ("networks", "text and image") or cls.id in NETWORKS]
every_method = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.id)


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    """Real photographs of several sizes and aspect ratios, one grey shown as RGB."""
    camera = np.repeat(skimage.data.camera()[::2, ::2, None], 3, axis=2)
    return [
        skimage.data.astronaut()[::2, ::2],
        skimage.data.chelsea(),
        skimage.data.coffee()[::3, ::2],
        camera,
        skimage.data.astronaut()[:90, 100:400],
    ]


@pytest.fixture(scope="module")
def odd_images() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "one pixel": np.full((1, 1, 3), 77, np.uint8),
        "two pixels": np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8),
        "black": np.zeros((60, 80, 3), np.uint8),
        "white": np.full((300, 200, 3), 255, np.uint8),
        "very wide": rng.integers(0, 256, (1, 5000, 3), np.uint8),
        "very tall": rng.integers(0, 256, (5000, 1, 3), np.uint8),
        "large": np.kron(rng.integers(0, 256, (6, 9, 3), np.uint8), np.ones((400, 400, 1), np.uint8)),
        "a view into another": skimage.data.astronaut()[100:300:2, 400:100:-2],
    }


@pytest.fixture(scope="module")
def make(photos):
    """Fitted methods by class, each fitted once."""
    made: dict[type[Method], Method] = {}

    def fitted(cls: type[Method]) -> Method:
        random = {"weights": "random"} if any(p.name == "weights" for p in parameters(cls)) else {}
        method = METHODS.create(cls.id, **random)
        reason = method.unavailable()
        if reason:
            pytest.skip(reason)
        if cls not in made:
            made[cls] = method.fit([method.prepare(photo) for photo in photos]) if method.needs_fit else method
        return made[cls]

    return fitted


@pytest.fixture(scope="module")
def embedded(make, photos):
    """Vectors of the photos by class, each computed once."""
    made: dict[type[Method], np.ndarray] = {}

    def vectors(cls: type[Method]) -> np.ndarray:
        method = make(cls)
        if cls not in made:
            made[cls] = method.embed(photos)
        return made[cls]

    return vectors


@every_method
def test_every_class_fact_is_filled_in(cls):
    for fact in FACTS:
        assert getattr(cls, fact).strip(), f"{fact} of {cls.id} is empty"
    assert cls.id == cls.id.lower()
    assert cls.version >= 1
    assert cls.sees.endswith(".")
    assert cls.blind_to.endswith(".")


@every_method
def test_vectors_are_finite_float32_of_the_promised_width(cls, make, embedded, photos):
    method, vectors = make(cls), embedded(cls)
    assert vectors.shape == (len(photos), method.dim)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous
    assert np.isfinite(vectors).all()
    assert method.metric in typing.get_args(Metric)
    assert method.min_side >= 1


@every_method
def test_different_photos_give_different_vectors(cls, embedded, photos):
    assert len(np.unique(embedded(cls), axis=0)) == len(photos)


@every_method
def test_a_vector_does_not_depend_on_its_batch(cls, make, embedded, photos):
    method, together = make(cls), embedded(cls)
    alone = np.concatenate([method.embed([photo]) for photo in photos])
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-5 * max(1.0, float(np.abs(together).max())))
    if cls.family != "networks":
        np.testing.assert_array_equal(alone, together)


@every_method
def test_order_of_images_is_order_of_vectors(cls, make, embedded, photos):
    order = [3, 0, 4, 2, 1]
    permuted = make(cls).embed([photos[i] for i in order])
    np.testing.assert_allclose(permuted, embedded(cls)[order], rtol=0, atol=1e-5 * np.abs(permuted).max())


@every_method
def test_identical_images_have_identical_vectors_in_any_thread(cls, make, photos):
    method = make(cls)
    twice = [photo.copy() for photo in photos[:3] * 2]
    with ThreadPoolExecutor(4) as pool:
        prepared = list(pool.map(method.prepare, twice))
    vectors = method.embed_batch(prepared)
    np.testing.assert_array_equal(vectors[:3], vectors[3:])


@every_method
def test_odd_images_have_vectors_too(cls, make, odd_images):
    method = make(cls)
    vectors = method.embed(list(odd_images.values()))
    assert vectors.shape == (len(odd_images), method.dim)
    assert np.isfinite(vectors).all()


@every_method
def test_what_waits_for_the_batch_is_small_and_the_image_untouched(cls, make, odd_images):
    image = odd_images["large"].copy()
    before = image.copy()
    image.flags.writeable = False
    assert make(cls).prepare(image).nbytes < 2_000_000
    np.testing.assert_array_equal(image, before)


@every_method
def test_vectors_suit_their_metric(cls, make, photos, odd_images):
    method = make(cls)
    vectors = method.embed(photos + list(odd_images.values()))
    if method.metric == "hamming":
        assert set(np.unique(vectors)) <= {0.0, 1.0}
    if method.metric in HISTOGRAMS:
        assert vectors.min() >= 0
        np.testing.assert_allclose(vectors.sum(axis=1), 1, atol=1e-5)


@every_method
def test_every_parameter_has_help_a_valid_default_and_a_range(cls):
    for parameter in parameters(cls):
        assert parameter.help.endswith("."), parameter.name
        assert parameter.check(parameter.default) == parameter.default
        assert other_values(parameter), f"{parameter.name} can take no other value"


@every_method
def test_every_value_at_the_edge_of_its_range_constructs_and_changes_the_key(cls):
    keys = {cls().key}
    for parameter in parameters(cls):
        for value in other_values(parameter):
            method = METHODS.create(cls.id, **{parameter.name: value})
            assert method.dim >= 1
            if method == cls().settled():  # what is left to the machine has no vectors of its own
                assert method.key == cls().key
                continue
            assert method.key not in keys, f"{parameter.name}={value} must change the key"
            keys.add(method.key)


CLASSICAL = [cls for cls in CLASSES if cls.family not in ("networks", "text and image")]


@pytest.mark.parametrize("cls", CLASSICAL, ids=lambda cls: cls.id)
def test_an_empty_batch_is_an_empty_table(cls, make):
    method = make(cls)
    assert method.embed([]).shape == (0, method.dim)


@pytest.mark.parametrize(
    ("cls", "parameter", "value"),
    [(cls, p.name, value) for cls in CLASSICAL for p in parameters(cls) for value in other_values(p)],
    ids=lambda value: value.id if isinstance(value, type) else str(value),
)
def test_every_parameter_of_a_classical_method_works_at_its_edges(cls, parameter, value, photos, odd_images):
    method = METHODS.create(cls.id, **{parameter: value})
    images = [photos[0][::2, ::2], odd_images["one pixel"], odd_images["very wide"]]
    prepared = [method.prepare(image) for image in images]
    vectors = method.fit(prepared).embed_batch(prepared)
    assert vectors.shape == (3, method.dim)
    assert np.isfinite(vectors).all()


FITTED = [cls for cls in CLASSICAL if any("fitted" in field.metadata for field in dataclasses.fields(cls))]


@pytest.mark.parametrize("cls", FITTED, ids=lambda cls: cls.id)
class TestFittedMethods:
    def test_the_unfitted_method_says_so(self, cls, photos):
        assert cls().needs_fit
        with pytest.raises(InputError, match="call fit first"):
            cls().embed(photos[:1])

    def test_the_same_seed_learns_the_same(self, cls, make, photos):
        method = cls()
        again = method.fit([method.prepare(photo) for photo in photos])
        for name, array in make(cls).fitted_arrays().items():
            np.testing.assert_array_equal(again.fitted_arrays()[name], array)

    def test_another_seed_learns_something_else(self, cls, embedded, photos):
        if "seed" not in {p.name for p in parameters(cls)}:
            pytest.skip("nothing random in it")
        method = cls(seed=1)
        prepared = [method.prepare(photo) for photo in photos]
        assert not np.array_equal(method.fit(prepared).embed_batch(prepared), embedded(cls))

    def test_what_was_learnt_can_be_stored_and_given_back(self, cls, make, embedded, photos):
        fitted = make(cls)
        restored = cls().with_fitted(fitted.fitted_arrays())
        assert not restored.needs_fit
        np.testing.assert_array_equal(restored.embed(photos), embedded(cls))

    def test_a_collection_of_blank_images_can_be_fitted(self, cls):
        method = cls()
        prepared = [method.prepare(np.full((40, 40, 3), level, np.uint8)) for level in (0, 128, 255)]
        vectors = method.fit(prepared).embed_batch(prepared)
        assert vectors.shape == (3, method.dim)
        assert np.isfinite(vectors).all()


def test_the_registry_loads_no_heavy_library():
    code = (
        "import sys; from imgsim.methods import METHODS; len(METHODS);"
        "heavy = {'cv2', 'torch', 'torchvision', 'sklearn', 'skimage', 'scipy', 'PIL', 'pandas', 'faiss'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
