"""imgsim: a laboratory for image similarity.

from imgsim import ImageSimilarityEngine

engine = ImageSimilarityEngine(model_name="resnet50")
engine.compute_similarity("a.jpg", "b.jpg")
engine.index("photos/").search("query.jpg", k=10)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Collection", "Embeddings", "ImageSimilarityEngine", "ImgsimError", "Match", "Pipeline", "__version__"]

if TYPE_CHECKING:
    from imgsim.engine import ImageSimilarityEngine
    from imgsim.errors import ImgsimError
    from imgsim.pipeline import Pipeline
    from imgsim.types import Collection, Embeddings, Match

_HOMES = {
    "Collection": "types",
    "Embeddings": "types",
    "ImageSimilarityEngine": "engine",
    "ImgsimError": "errors",
    "Match": "types",
    "Pipeline": "pipeline",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when first used, so that `import imgsim` stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'imgsim' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"imgsim.{_HOMES[name]}"), name)
