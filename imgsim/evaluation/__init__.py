"""Evaluation: pure functions on arrays that say how good a map or a method is."""

from __future__ import annotations

from imgsim.evaluation.faithfulness import Faithfulness, faithfulness, kept, map_neighbors

__all__ = ["Faithfulness", "faithfulness", "kept", "map_neighbors"]
