"""For collections that outgrow one machine, by engines that exist: Ray Data to embed, LanceDB to search.

embed(source, specs, out)     sharded Parquet of ids, fields, thumbnails and vectors, here or on a Ray cluster
sample(shards, n, out)        a fair sample of shards as smaller shards, for a map and a scorecard
Database(uri)                 search on LanceDB, in a folder or in object storage

`pip install 'imgsim[far]'` brings both engines.
"""

from __future__ import annotations

from imgsim.far.database import Database
from imgsim.far.running import ENGINES, embed
from imgsim.far.sampling import sample

__all__ = ["ENGINES", "Database", "embed", "sample"]
