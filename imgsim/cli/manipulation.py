"""Was a picture manipulated, and where?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from imgsim import manipulation as core
from imgsim.cli.output import Json, emit
from imgsim.engine import to_image


def tampering(
    image: Annotated[Path, typer.Argument(metavar="SUSPECT", help="The picture in doubt.")],
    original: Annotated[
        Path | None, typer.Option(help="The picture as it was; without it, copies are looked for.")
    ] = None,
    mask: Annotated[Path | None, typer.Option(help="Write what was found as a black and white PNG.")] = None,
    as_json: Json = False,
) -> None:
    """Where does a picture differ from its original, or repeat itself? A pointer for a person, not proof.

    Example: imgsim tampering suspect.jpg --original first.jpg --mask found.png
    """
    suspect = to_image(image)
    found = core.difference(suspect, to_image(original)) if original else core.copy_move(suspect)
    if mask:
        _write(mask, found)
    answer: dict[str, Any] = {
        "kind": "difference" if original else "copy_move",
        "score": found.score,
        "unit": found.unit,
        "share": float(found.mask.mean()),
        "error_level": float(core.error_levels(suspect).mean()),
        "error_level_note": core.ERROR_LEVELS_SAY,
        "note": found.note,
        "mask": str(mask) if mask else None,
        "regions": [asdict(region) for region in found.regions],
    }
    emit(answer, as_json, table="regions")


def _write(path: Path, found: core.Finding) -> None:
    from PIL import Image

    Image.fromarray(found.mask).save(path, "PNG")
