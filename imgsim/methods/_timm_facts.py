"""What is known about timm's networks without importing it, read from timm_networks.json."""

from __future__ import annotations

from imgsim.methods._tagged_facts import TaggedFacts

FACTS = TaggedFacts("timm_networks.json", "timm", "model.safetensors")
DEPTHS = ("early", "middle", "late", "last")


def dim(name: str, layer: str, own: bool) -> int:
    """Width of a layer, or of what the network's own pooling gives."""
    facts = FACTS.entry(name)
    return int(facts["own"] if own and layer == "last" else facts["dims"][DEPTHS.index(layer)])


def n_stages(name: str) -> int:
    """How many stages or blocks can be read; 0 when only the end can."""
    return int(FACTS.entry(name)["stages"])


def classifiers() -> tuple[str, ...]:
    """Full names of the networks that name ImageNet's 1,000 classes: a tag ends with what was trained on last."""
    return tuple(name for name in FACTS.names if "." in name and name.endswith("in1k"))


def has_class_token(name: str) -> bool:
    """Whether there is a class token to read."""
    return bool(FACTS.entry(name)["cls"])
