"""What is known about open_clip's networks without importing it, read from clip_networks.json."""

from __future__ import annotations

from imgsim.methods._tagged_facts import HUB, TaggedFacts
from imgsim.weights import WeightsFile

FACTS = TaggedFacts("clip_networks.json", "open_clip", "open_clip_model.safetensors")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
_TOKENIZER_MEGABYTES = {"SigLIP2": 34.4}  # Gemma's vocabulary of 256,000; others have about 2.4
_SMALL = 2.4


def dim(name: str) -> int:
    """Width of the space of pictures and texts."""
    return int(FACTS.entry(name)["dim"])


def tokenizer_files(name: str) -> tuple[WeightsFile, ...]:
    """What cuts texts into tokens, by the name it has at its source; empty where the package carries it."""
    repository = FACTS.entry(name)["tokenizer"]
    if not repository:
        return ()
    short = repository.rsplit("/", 1)[-1]
    size = next((megabytes for part, megabytes in _TOKENIZER_MEGABYTES.items() if part in short), _SMALL)
    return tuple(
        WeightsFile(
            FACTS.full_name(name), "tokenizer", f"{HUB}/{repository}/resolve/main/{file}", size, f"{short}.{file}"
        )
        for file in _TOKENIZER_FILES
    )
