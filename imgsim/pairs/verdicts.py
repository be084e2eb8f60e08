"""Percentiles in plain words."""

from __future__ import annotations

MANY = 1_000  # pairs; a percentage of fewer says of how many
_BANDS = (
    (99.0, "Very alike"),
    (95.0, "Alike"),
    (75.0, "Somewhat alike"),
    (25.0, "About as alike as two random pictures"),
    (0.0, "Unlike"),
)


def verdict(percentile: float | None, same: float | None, label: str, n_pairs: int = MANY) -> str:
    """What the percentiles mean.

    Args:
        percentile: share of random pairs that are farther apart, 0 to 100; None without other pairs.
        same: the same of pairs of one label; None without labels.
        label: name of the field.
        n_pairs: random pairs that were counted; few are said.
    """
    if percentile is None:
        return "There are no other pairs to compare with."
    said = next(words for least, words in _BANDS if percentile >= least)
    kind, random = label.replace("_", " "), "random pairs" if n_pairs >= MANY else f"{n_pairs} random pairs"
    if percentile >= 50:
        told = f"closer than {share(percentile)} of {random}"
        told += "" if same is None else f", and than {share(same)} of pairs of the same {kind}"
    else:
        told = f"farther apart than {share(100 - percentile)} of {random}"
        told += "" if same is None else f"; of pairs of the same {kind} {share(100 - same)} are closer"
    return f"{said}: {told}."


def share(value: float) -> str:
    """A percentage that never claims more than it knows: 100 % only of all."""
    return f"{value:.0f} %" if value in (0.0, 100.0) else f"{min(max(value, 0.1), 99.9):.1f} %"
