"""Anomalies: learn what normal pictures look like, and find those, and the parts of those, that are not so.

study(pipeline, StudyRequest(...)) -> Findings   scores and maps, each picture judged by a detector that has learnt
                                                 nothing from its group
judge(pipeline, request, pictures)               pictures from outside, by what all normal pictures have taught
verdict(findings, rate) -> Verdict               threshold, false alarms, AUROC
measure_masks(pipeline, findings)                pixel AUROC and PRO
DETECTORS                                        one file each in this package
"""

from __future__ import annotations

from imgsim.anomalies.cohort import guess_normal, guess_where, known
from imgsim.anomalies.detector import DEFAULT, DETECTORS, Detector
from imgsim.anomalies.newcomers import Newcomer, judge, judged
from imgsim.anomalies.request import StudyRequest
from imgsim.anomalies.study import Findings, found, study
from imgsim.anomalies.table import as_csv, rows_of
from imgsim.anomalies.verdict import RATE, MaskMeasures, Verdict, measure_masks, sensitivity_by, verdict

NOT_MEDICAL = "Not a medical device: scores say what is unusual among these pictures, not what is ill."

__all__ = [
    "DEFAULT",
    "DETECTORS",
    "NOT_MEDICAL",
    "RATE",
    "Detector",
    "Findings",
    "MaskMeasures",
    "Newcomer",
    "StudyRequest",
    "Verdict",
    "as_csv",
    "found",
    "guess_normal",
    "guess_where",
    "judge",
    "judged",
    "known",
    "measure_masks",
    "rows_of",
    "sensitivity_by",
    "study",
    "verdict",
]
