"""What a study says: a threshold with its false alarms, how well the two kinds are told apart, and where masks lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from imgsim.anomalies import heat
from imgsim.anomalies.cohort import known
from imgsim.anomalies.study import Findings
from imgsim.evaluation.auroc import Auroc, auroc
from imgsim.evaluation.conformal import Rate, Threshold, false_alarms, fewest, threshold
from imgsim.evaluation.region_overlap import pixel_auroc, region_overlap
from imgsim.evaluation.sensitivity import Level, sensitivity
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress, silent
from imgsim.raster import opencv
from imgsim.store import read_arrays, write_arrays
from imgsim.types import Float, key_of

RATE = 0.05  # of false alarms
MASK_SIDE = 160  # pixels of the long side at which masks and maps are compared
MOST_MASKS = 400  # pictures that are compared
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Verdict:
    """What is known about the scores.

    Attributes:
        threshold: None where nothing is known to be normal, or too few pictures are; `why_none` says so.
        observed: how many normal pictures lie above it, none of which had a say in it; None where that is not known.
        found: how many anomalous pictures lie above it.
        auroc: None where not both kinds are known.
    """

    threshold: Threshold | None
    why_none: str
    observed: Rate | None
    found: Rate | None
    auroc: Auroc | None


@dataclass(frozen=True)
class MaskMeasures:
    """How well the heat lies on true masks: over `n` pictures, `n_marked` of them with something marked."""

    pixel_auroc: float
    pro: float
    n: int
    n_marked: int


def verdict(findings: Findings, rate: float = RATE) -> Verdict:
    """The verdict at a false-alarm rate.

    The observed rate comes from normal pictures that were not learnt from, where the judged ones hold such, else from
    the parts of the split, each with the threshold of the others.
    """
    told, positive = findings.truth >= 0, findings.truth == 1
    both = positive.any() and (findings.truth == 0).any()
    area = auroc(positive[told], findings.scores[told]) if both else None
    if findings.all_normal:
        why = "No threshold: nothing says which pictures are normal, so all were taken as such. Strangest first."
        return Verdict(None, why, None, None, area)
    limit = threshold(findings.normal_scores, rate)
    if limit is None:
        n = len(findings.normal_scores)
        why = f"No threshold: {rate:.0%} false alarms take at least {fewest(rate)} normal pictures, and there are {n}."
        return Verdict(None, why, None, None, area)
    fresh = findings.scores[(findings.truth == 0) & ~findings.learnt]
    observed = Rate(int((fresh > limit.value).sum()), len(fresh)) if len(fresh) else None
    if observed is None:
        observed = false_alarms(findings.normal_scores, findings.normal_folds, rate)
    strange = findings.scores[positive]
    found = Rate(int((strange > limit.value).sum()), len(strange)) if len(strange) else None
    return Verdict(limit, "", observed, found, area)


def sensitivity_by(findings: Findings, limit: Threshold, by: str, split: str = "") -> Mapping[str, list[Level]]:
    """What share of the anomalous pictures is found at each level of a number field, for each value of another one."""
    positive = findings.truth == 1
    fields = findings.collection.fields
    values = np.asarray(fields[by], np.float64)[findings.rows]
    names = [known(value) for value in fields[split][findings.rows].tolist()] if split else []
    kinds = sorted({names[row] for row in np.flatnonzero(positive)}, key=_number) if split else [""]
    normal = findings.scores[findings.truth == 0]
    told = {}
    for kind in kinds:
        rows = np.flatnonzero(positive & (np.array(names) == kind)) if split else np.flatnonzero(positive)
        told[kind] = sensitivity(findings.scores[rows], values[rows], normal, limit.value)
    return told


def measure_masks(pipeline: Pipeline, findings: Findings, progress: Progress = silent) -> MaskMeasures | None:
    """Pixel AUROC and PRO of the maps on the true masks; None without maps or masks. Kept in the store.

    Anomalous pictures without a mask take no part; normal ones have nothing marked. More than 400 are sampled.
    """
    if findings.maps is None or not (findings.truth == 1).any():
        return None
    fields = findings.collection.fields.get("mask")
    said = [] if fields is None else fields.astype(str).tolist()
    key = key_of("masks", study=findings.key, truth=findings.truth.tolist(), said=said, version=1)

    def build(directory: Path) -> None:
        found = _measured(pipeline, findings, progress)
        write_arrays(directory, {} if found is None else vars(found), {})

    facts = read_arrays(pipeline.store.compute("masks", key, build, progress))[0]
    return MaskMeasures(**facts) if facts else None


def _measured(pipeline: Pipeline, findings: Findings, progress: Progress) -> MaskMeasures | None:
    assert findings.maps is not None
    rows = np.random.default_rng(0).permutation(np.flatnonzero(findings.truth >= 0))[:MOST_MASKS]
    rows = rows[np.argsort(-findings.truth[rows], kind="stable")]  # the anomalous first: without masks we end early
    masks: list[Mask] = []
    maps: list[Float] = []
    for done, row in enumerate(rows.tolist()):
        progress("Comparing heat with masks", done, len(rows))
        mask = pipeline.true_mask(findings.collection, int(findings.rows[row]))
        if findings.truth[row] == 0 and not masks:
            return None
        if mask is None and findings.truth[row] == 1:
            continue
        mask = _shrunk(mask) if mask is not None else np.zeros(masks[0].shape, np.bool_)
        masks.append(mask)
        maps.append(heat.full(findings.maps[row], *mask.shape))
    if not any(mask.any() for mask in masks):
        return None
    n_marked = sum(bool(mask.any()) for mask in masks)
    return MaskMeasures(pixel_auroc(masks, maps), region_overlap(masks, maps), len(masks), n_marked)


def _shrunk(mask: Mask) -> Mask:
    height, width = mask.shape
    scale = min(1.0, MASK_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: Float = opencv().resize(mask.astype(np.float32), size, interpolation=opencv().INTER_AREA)
    return np.asarray(small >= 0.5)


def _number(text: str) -> tuple[float, str]:
    try:
        return float(text), ""
    except ValueError:
        return float("inf"), text
