"""open_clip's networks as torch modules: uint8 pictures in, and texts in, one vector each out."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from imgsim.errors import InputError
from imgsim.methods import _torch_network
from imgsim.methods._standardised import standardised

Tokenizer = Callable[[Sequence[str]], Any]  # T texts -> (T, L) tokens


def build(name: str, path: Path | None) -> Any:
    """The two towers in evaluation mode by the network's name without tag, from a file or with seeded random weights.

    Raises:
        InputError: the file belongs to another network.
    """
    import open_clip
    import torch
    from open_clip.factory import load_checkpoint

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_torch_network.SEED)
        net: Any = open_clip.create_model(name, pretrained=None, pretrained_text=False)
    if path is not None:
        try:
            load_checkpoint(net, str(path), strict=True, weights_only=True)
        except Exception as error:  # torch, pickle, safetensors and open_clip's converters each raise their own
            raise InputError(
                f"the weights must be a state dict of open_clip's {name}, got {path.name}; bring its own file."
            ) from error
    return net.eval().requires_grad_(False)


def images(net: Any, mean: Sequence[float], std: Sequence[float]) -> Any:
    """(B, 3, H, W) uint8 -> (B, D) float32, not normalised."""
    return standardised(net, mean, std, lambda towers, pictures: towers.encode_image(pictures).float())


def tokenizer(name: str, found: Sequence[Path]) -> Tokenizer:
    """What open_clip cuts the texts of a network with: its own, or one from the two files of a repository.

    Raises:
        InputError: the files are no tokenizer.
    """
    import open_clip
    from open_clip.tokenizer import HFTokenizer

    if not found:
        own: Tokenizer = open_clip.get_tokenizer(name)
        return own
    text = open_clip.get_model_config(name)["text_cfg"]
    with tempfile.TemporaryDirectory() as folder:  # the library asks for a folder with these names in it
        for path, wanted in zip(found, ("tokenizer.json", "tokenizer_config.json"), strict=True):
            shutil.copyfile(path, Path(folder) / wanted)
        try:
            read: Tokenizer = HFTokenizer(
                folder, context_length=text.get("context_length", 77), **text.get("tokenizer_kwargs", {})
            )
        except (ValueError, OSError, KeyError, json.JSONDecodeError) as error:
            raise InputError(f"{found[0].name} must be a tokenizer, got another file; bring it again.") from error
    return read
