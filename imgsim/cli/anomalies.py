"""Pictures that are not like the normal ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from imgsim import anomalies as core
from imgsim.cli.output import Json, emit, progress_bar
from imgsim.errors import InputError
from imgsim.pipeline import Pipeline


def anomalies(
    source: Annotated[
        str, typer.Argument(metavar="[SOURCE]", help="All pictures; say with --normal-where which are normal.")
    ] = "",
    normal: Annotated[str, typer.Option(help="SOURCE of normal pictures to learn from.")] = "",
    test: Annotated[str, typer.Option(help="SOURCE of pictures to judge.")] = "",
    method: Annotated[str, typer.Option("--method", "-m", help="What sees the pictures; see: imgsim methods")] = (
        "imgsim_mini"
    ),
    detector: Annotated[str, typer.Option("--detector", "-d", help="knn, padim or patchcore, with parameters.")] = (
        core.DEFAULT
    ),
    normal_where: Annotated[str, typer.Option(help="The normal pictures, as field=value.")] = "",
    only: Annotated[str, typer.Option(help="The pictures that take part at all, as field=value.")] = "",
    label: Annotated[str, typer.Option(help="Field of --test that says what is true: gives the AUROC.")] = "",
    normal_is: Annotated[str, typer.Option(help="The value of --label that means normal; usual words are known.")] = "",
    group: Annotated[str, typer.Option(help="Field of what belongs together, such as a patient: never split.")] = "",
    rate: Annotated[float, typer.Option(help="False-alarm rate that the threshold aims at.")] = core.RATE,
    seed: Annotated[int, typer.Option(help="Random seed of the split.")] = 0,
    csv: Annotated[Path | None, typer.Option(help="Write the scores as a table.")] = None,
    as_json: Json = False,
) -> None:
    """Which pictures are not like the normal ones? Scores, a threshold with its false alarms. Not a medical device.

    Example: imgsim anomalies builtin:scans --normal-where label=normal --only tissue=retina --group group
    Example: imgsim anomalies --normal good/ --test new/ -m mobilenet_v2 -d padim
    """
    if bool(source) == bool(normal) or bool(normal) != bool(test):
        raise InputError(
            "pictures must be given as one SOURCE or as --normal with --test, got another mix; see --help."
        )
    request = core.StudyRequest(
        source or normal, test, normal_where, label, normal_is, only, group, method, detector, seed
    )
    pipeline = Pipeline()
    with progress_bar() as progress:
        found = core.study(pipeline, request, progress)
        masks = core.measure_masks(pipeline, found, progress)
    judged = core.verdict(found, rate)
    if csv:
        csv.write_text(core.as_csv(found, judged), encoding="utf-8", errors="surrogateescape")
    emit(_answer(found, judged, masks), as_json, table="results")


def _answer(found: core.Findings, judged: core.Verdict, masks: core.MaskMeasures | None) -> dict[str, Any]:
    limit, observed, detected, area = judged.threshold, judged.observed, judged.found, judged.auroc
    return {
        "n_images": len(found.rows),
        "n_normal": len(found.normal_scores),
        "auroc": area.value if area else None,
        "auroc_ci": area.interval if area else None,
        "threshold": limit.value if limit else None,
        "false_alarm_rate": limit.expected if limit else None,
        "observed_false_alarm_rate": observed.value if observed else None,
        "observed_false_alarm_ci": observed.interval if observed else None,
        "detection_rate": detected.value if detected else None,
        "pixel_auroc": masks.pixel_auroc if masks else None,
        "pro": masks.pro if masks else None,
        "notes": [*found.notes, *filter(None, [judged.why_none]), core.NOT_MEDICAL],
        "results": core.rows_of(found, judged),
    }
