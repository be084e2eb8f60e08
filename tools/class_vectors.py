"""Write imgsim/methods/imagenet_sentences.npy: the sentence vectors of ImageNet's class names, in half precision.

    python -m tools.class_vectors

They take six seconds to compute, too long for the first search by text; tests/test_text.py compares a part of them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from imgsim.methods import _sentences, conse


def main() -> None:
    """Compute and write them."""
    vectors = _sentences.embed_sentences([conse.PROMPT.format(name) for name in conse.class_names()])
    np.save(Path(conse.__file__).with_name(conse.VECTORS), vectors.astype(np.float16))


if __name__ == "__main__":
    main()
