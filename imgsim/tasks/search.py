"""What a search needs that takes long: the embeddings of the collection and the vectors of what is asked with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgsim import queries
from imgsim.methods import METHODS
from imgsim.pipeline import Pipeline
from imgsim.progress import Progress
from imgsim.queries import Example


def run(arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """`arguments`: `source`, `methods` (specs), `image` (id or reference, "" for none), `region`, `text`.

    Leaves vectors and background in the store; gives how many images there are.
    """
    pipeline = Pipeline()
    collection = pipeline.open(arguments["source"], progress)
    spaces = pipeline.embed(collection, [METHODS.parse(spec) for spec in arguments["methods"]], progress)
    examples = []
    if arguments["text"]:
        examples.append(Example(text=arguments["text"]))
    elif arguments["image"]:
        region = queries.parse_region(arguments["region"]) if arguments["region"] else None
        examples.append(queries.example_of(collection, arguments["image"], region))
    for done, space in enumerate(spaces):
        progress("Embedding the query", done, len(spaces))
        for example in examples:
            queries.vector(pipeline, collection, space, example)
        pipeline.percentile(space, 0.0)
        pipeline.make_index(space, progress)
    return {"n_images": len(collection)}
