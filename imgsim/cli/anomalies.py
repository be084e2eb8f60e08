"""Pictures that are not like the normal ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from imgsim import anomalies as core
from imgsim.anomalies.heat import full, overlay, scale_of
from imgsim.cli.output import Json, emit, progress_bar
from imgsim.engine import to_image
from imgsim.errors import InputError
from imgsim.pipeline import Pipeline
from imgsim.types import Image


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
    picture: Annotated[
        list[Path] | None, typer.Option(help="A new picture to judge, by what all normal ones teach; may be repeated.")
    ] = None,
    heat: Annotated[Path | None, typer.Option(help="Folder for each --picture under its heat, as PNG.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the scores as a table.")] = None,
    as_json: Json = False,
) -> None:
    """Which pictures are not like the normal ones? Scores, a threshold with its false alarms. Not a medical device.

    Example: imgsim anomalies builtin:scans --normal-where label=normal --only tissue=retina --group group
    Example: imgsim anomalies --normal good/ --test new/ -m mobilenet_v2 -d padim
    Example: imgsim anomalies --normal good/ --picture new.png --heat out/
    """
    if normal and picture and not test:
        test = normal  # judged too, each without having been learnt from: what the threshold is made of
    if bool(source) == bool(normal) or bool(normal) != bool(test):
        raise InputError(
            "pictures must be given as one SOURCE or as --normal with --test or --picture, got another mix; see --help."
        )
    if heat and not picture:
        raise InputError("heat must be of new pictures, got no --picture; give at least one.")
    pixels = [to_image(path) for path in picture or ()]
    request = core.StudyRequest(
        source or normal, test, normal_where, label, normal_is, only, group, method, detector, seed
    )
    pipeline = Pipeline()
    with progress_bar() as progress:
        found = core.study(pipeline, request, progress)
        masks = core.measure_masks(pipeline, found, progress)
        newcomers = core.judge(pipeline, request, pixels, progress)
    judged = core.verdict(found, rate)
    if heat:
        _draw(heat, picture or [], pixels, newcomers, found)
    if csv:
        csv.write_text(core.as_csv(found, judged), encoding="utf-8", errors="surrogateescape")
    answer = _answer(found, judged, masks)
    if picture:
        limit = judged.threshold
        answer["new"] = [
            {
                "path": str(path),
                "score": one.score,
                "flagged": one.score > limit.value if limit else None,
                "stranger_than": one.stranger_than(found),
            }
            for path, one in zip(picture, newcomers, strict=True)
        ]
    emit(answer, as_json, table="new" if picture else "results")


def _draw(
    folder: Path,
    paths: Sequence[Path],
    pictures: Sequence[Image],
    newcomers: Sequence[core.Newcomer],
    found: core.Findings,
) -> None:
    from PIL import Image as Pillow

    if found.maps is None:
        raise InputError("heat must come from a detector that sees parts, got another; take -d padim or patchcore.")
    scale = scale_of(found.maps, np.flatnonzero(found.truth == 0))
    folder.mkdir(parents=True, exist_ok=True)
    for number, (path, pixels, one) in enumerate(zip(paths, pictures, newcomers, strict=True), 1):
        assert one.map is not None
        drawn = overlay(pixels, full(one.map, *pixels.shape[:2]), scale, 0.7)
        Pillow.fromarray(drawn).save(folder / f"{number:03}_{path.stem}.png")


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
