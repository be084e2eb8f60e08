"""The scores to take away, the strangest first."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np

from imgsim.anomalies.study import Findings
from imgsim.anomalies.verdict import Verdict

_TRUTH = {1: "anomalous", 0: "normal", -1: ""}


def rows_of(findings: Findings, verdict: Verdict) -> list[dict[str, Any]]:
    """One mapping a picture: id, score, flagged (None without threshold), truth ("" where not known), learnt."""
    limit, ids = verdict.threshold, findings.ids
    return [
        {
            "id": ids[row],
            "score": float(findings.scores[row]),
            "flagged": bool(findings.scores[row] > limit.value) if limit else None,
            "truth": _TRUTH[int(findings.truth[row])],
            "normal_sample": bool(findings.learnt[row]),
        }
        for row in np.argsort(-findings.scores, kind="stable").tolist()
    ]


def as_csv(findings: Findings, verdict: Verdict) -> str:
    """The same as CSV. An id that a spreadsheet would run as a formula gets a leading apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "score", "flagged", "truth", "normal_sample"])
    for row in rows_of(findings, verdict):
        flagged = "" if row["flagged"] is None else int(row["flagged"])
        id = f"'{row['id']}" if row["id"][:1] in ("=", "+", "-", "@", "\t", "\r") else row["id"]
        writer.writerow([id, f"{row['score']:.6g}", flagged, row["truth"], int(row["normal_sample"])])
    return text.getvalue()
