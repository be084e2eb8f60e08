"""Results as files for people who do not run imgsim."""

from __future__ import annotations

from imgsim.pipeline import MapResult, Pipeline
from imgsim.plots.standalone import Sheet, map_page


def map_html(pipeline: Pipeline, result: MapResult) -> str:
    """A map as one interactive HTML file that opens offline, its thumbnails inside."""
    collection = result.collection
    thumbnails = pipeline.load_thumbnails(result.collection_key)
    judged = result.faithfulness
    sheet = Sheet(
        f"{result.embeddings.method} · {result.projection.projector}",
        result.projection.xy,
        f"trustworthiness {judged.trustworthiness:.2f}, kNN recall {judged.knn_recall:.2f} at k = {judged.k}",
    )
    return map_page(collection.name, [sheet], collection.ids, fields=collection.fields, thumbnail=thumbnails.webp)
