"""CLIP and SigLIP as methods, held against open_clip's own pipeline on pictures and on texts."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgsim.cli import run
from imgsim.errors import InputError, UnavailableError
from imgsim.methods import METHODS, _backends, _clip_facts
from imgsim.methods.clip import Clip

needs_open_clip = pytest.mark.skipif(
    importlib.util.find_spec("open_clip") is None, reason="open_clip is missing: pip install open_clip_torch"
)


@pytest.fixture(autouse=True)
def torch_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time spent on measuring backends; that OpenVINO agrees is tested with them."""
    monkeypatch.setattr(_backends, "BACKENDS", ("torch",))


TEXTS = ["a red dress", "Two dogs   play on the grass!", "Zwölf Boxkämpfer", ""]
CLIP = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
SIGLIP = {
    "embed_dim": 32, "init_logit_bias": -10, "custom_text": True,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {
        "context_length": 16, "vocab_size": 60, "width": 32, "heads": 2, "layers": 2, "no_causal_mask": True,
        "proj_bias": True, "pool_type": "last", "tokenizer_kwargs": {"clean": "canonicalize"},
    },
}  # fmt: skip


def tokenizer_folder(folder: Path) -> Path:
    """A tokenizer of letters as its two published files, with an end token and a padding that is not 0."""
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = ["<pad>", "</s>", "<unk>", " ", *"abcdefghijklmnopqrstuvwxyz"]
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    whole = transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="</s>", eos_token="</s>", unk_token="<unk>"
    )
    whole.save_pretrained(folder / "letters")
    return folder / "letters"


@pytest.fixture
def tiny(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Path]:
    """A small network as if it had been published, its weights file on this machine: its name and the file."""
    import open_clip
    import torch
    from open_clip import factory
    from safetensors.torch import save_file

    kind = request.param
    config = json.loads(json.dumps(CLIP if kind == "clip" else SIGLIP))
    tokenizer = ""
    if kind == "siglip":
        letters = tokenizer_folder(tmp_path)
        config["text_cfg"]["hf_tokenizer_name"] = str(letters)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            (tmp_path / f"letters.{file}").write_bytes((letters / file).read_bytes())
        tokenizer = "owner/letters"
    monkeypatch.setattr(factory, "_MODEL_CONFIGS", {**factory._MODEL_CONFIGS, f"Tiny-{kind}": config})
    look = 0 if kind == "clip" else 6
    facts = {"default": "mine", "n_params": 1, "dim": config["embed_dim"], "tokenizer": tokenizer,
             "tags": {"mine": {"look": look}}}  # fmt: skip
    monkeypatch.setitem(_clip_facts.FACTS.networks, f"Tiny-{kind}", facts)  # type: ignore[arg-type]
    monkeypatch.setattr(Clip, "look", property(lambda self: _small(_clip_facts.FACTS.look(self.network))))
    monkeypatch.setenv("IMGSIM_WEIGHTS", str(tmp_path))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        net = open_clip.create_model(f"Tiny-{kind}")
    path = tmp_path / f"Tiny-{kind}.mine.safetensors"
    save_file({name: values.contiguous() for name, values in net.state_dict().items()}, path)
    return f"Tiny-{kind}.mine", path


def _small(look):
    import dataclasses

    return dataclasses.replace(look, height=64, width=64)


def own_pipeline(name: str, path: Path, picture: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """(1, D) and (T, D) of open_clip's own network, transform and tokenizer, as its documentation has it."""
    import open_clip
    import torch

    network = name.partition(".")[0]
    forced = {} if network.removeprefix("Tiny-") == "clip" else {
        "image_mean": (0.5, 0.5, 0.5), "image_std": (0.5, 0.5, 0.5), "image_resize_mode": "squash"}  # fmt: skip
    net, _, transform = open_clip.create_model_and_transforms(network, pretrained=str(path), **forced)
    cut = open_clip.get_tokenizer(network)
    with torch.inference_mode():
        pictures = net.eval().encode_image(transform(picture)[None])
        return pictures.numpy(), net.encode_text(cut(TEXTS)).numpy()


@needs_open_clip
@pytest.mark.parametrize("tiny", ["clip", "siglip"], indirect=True)
@pytest.mark.parametrize("size", [(640, 480), (90, 231)])
def test_pictures_and_texts_equal_open_clips_own(
    tiny: tuple[str, Path], size: tuple[int, int], astronaut: np.ndarray
) -> None:
    name, path = tiny
    picture = Image.fromarray(astronaut).resize(size)
    method = Clip(network=name)
    assert method.unavailable() is None
    wanted_pictures, wanted_texts = own_pipeline(name, path, picture)
    got, texts = method.embed([np.asarray(picture)]), method.embed_text(TEXTS)
    assert got.shape == (1, method.dim)
    assert texts.shape == (len(TEXTS), method.dim)
    assert (got.dtype, texts.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(got, wanted_pictures, atol=1e-4)
    np.testing.assert_allclose(texts, wanted_texts, atol=1e-4)
    assert np.abs(texts[0] - texts[1]).max() > 1e-3  # it does read


@needs_open_clip
@pytest.mark.parametrize("tiny", ["siglip"], indirect=True)
def test_without_its_tokenizer_pictures_work_and_texts_are_refused_in_one_sentence(
    tiny: tuple[str, Path], astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imgsim.methods import clip

    (tiny[1].parent / "letters.tokenizer.json").unlink()
    monkeypatch.setenv("IMGSIM_OFFLINE", "1")
    clip._tokenizer.cache_clear()
    method = Clip(network=tiny[0])
    assert method.embed([astronaut]).shape == (1, 32)
    with pytest.raises(UnavailableError, match=r"could not be fetched .* as letters\.tokenizer\.json and run: imgsim"):
        method.embed_text(["a dog"])


@needs_open_clip
@pytest.mark.parametrize("tiny", ["clip"], indirect=True)
def test_no_texts_are_an_empty_table_and_anothers_file_is_refused(
    tiny: tuple[str, Path], astronaut: np.ndarray
) -> None:
    import torch
    from safetensors.torch import save_file

    name, path = tiny
    assert Clip(network=name).embed_text([]).shape == (0, 24)
    save_file({"x": torch.ones(2)}, path)
    with pytest.raises(InputError, match="must be a state dict of open_clip's Tiny-clip"):
        Clip(network=name).embed([astronaut])


def test_without_the_package_the_install_command_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    absent = lambda name, *rest: None if name == "open_clip" else find(name, *rest)  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", absent)
    assert (METHODS.create("clip").unavailable() or "").endswith("run: pip install 'open_clip_torch>=3.1,<4'")
    with pytest.raises(UnavailableError, match="run: pip install"):  # before weights are fetched for nothing
        METHODS.create("clip").acquire()


def test_absent_weights_are_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Clip, "missing_package", classmethod(lambda _: None))
    monkeypatch.setenv("IMGSIM_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    method = METHODS.create("ViT-B-16-SigLIP2.webli")
    assert (method.id, method.dim, method.reads_text) == ("clip", 768, True)
    assert "webli weights of ViT-B-16-SigLIP2.webli" in (method.unavailable() or "")
    snapshot = tmp_path / "models--timm--ViT-B-16-SigLIP2" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "open_clip_model.safetensors").write_bytes(b"x")
    assert METHODS.create("ViT-B-16-SigLIP2.webli").unavailable() is None


def test_names_are_methods_and_those_of_others_stay_theirs() -> None:
    assert METHODS.create("ViT-B-32").key == METHODS.create("clip", network="ViT-B-32").key
    assert METHODS.create("convnext_base").id == "convnext_base"
    assert METHODS.create("convnext_base.laion400m_s13b_b51k").id == "clip"
    with pytest.raises(InputError, match="ViT-B-16-SigLIP"):
        METHODS.create("clip", network="ViT-B-16-SigLIPP")


def test_the_files_that_cut_texts_can_be_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ViT-B-16-SigLIP.tokenizer.json"
    file.write_text("{}")
    assert run(["weights", "import", str(file), "--for", "clip", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["path"].endswith(file.name)


@needs_open_clip
def test_looks_are_open_clips_own() -> None:
    import open_clip
    from open_clip.transform import PreprocessCfg, merge_preprocess_dict

    if open_clip.__version__ != _clip_facts.FACTS.version:
        pytest.skip(f"the facts are of open_clip {_clip_facts.FACTS.version}, this is {open_clip.__version__}")
    modes = {"shortest": "center", "squash": "squash", "longest": "border"}
    for name in (name for name in _clip_facts.FACTS.names if "." in name):
        network, tag = _clip_facts.FACTS.split(name)
        config = open_clip.get_model_config(network)
        data = merge_preprocess_dict(PreprocessCfg(), open_clip.pretrained.get_pretrained_cfg(network, tag))
        look = _clip_facts.FACTS.look(name)
        assert look.height == look.width == config["vision_cfg"]["image_size"], name
        assert (look.mode, look.interpolation) == (modes[data["resize_mode"]], data["interpolation"]), name
        assert (look.mean, look.std) == (tuple(data["mean"]), tuple(data["std"])), name
        assert _clip_facts.dim(name) == config["embed_dim"], name
