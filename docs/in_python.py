# %% [markdown]
# # What the dashboard does, in Python
#
# Every step is one the pages take too, with the same results: they call the same functions and share one store.

# %%
from imgsim import Pipeline
from imgsim.methods import METHODS

pipeline = Pipeline()
collection = pipeline.open("builtin:shapes")  # or the path of a folder, a zip, a table
print(f"{len(collection):,} images, fields {', '.join(collection.fields)}")

# %% [markdown]
# ## Explore: vectors, neighbours, a map
#
# Each image is read once for all methods named together.

# %%
methods = [METHODS.parse(spec) for spec in ("hog", "color_histogram")]
hog, colour = pipeline.embed(collection, methods)
print("HOG:", hog.vectors.shape, hog.metric)

# %%
row = collection.row("star_orange_08")
near = pipeline.neighbors(hog)
for other, distance in zip(near.indices[row, :5], near.distances[row, :5], strict=True):
    closer = pipeline.percentile(hog, float(distance))
    print(f"{collection.ids[other]}: distance {distance:.3f}, closer than {closer:.1f} % of random pairs")

# %%
from imgsim.pipeline import MapRequest

result = pipeline.make_map(MapRequest("builtin:shapes", "hog", "pca"))
judged = result.faithfulness
print(f"The map keeps {100 * judged.knn_recall:.0f} % of the {judged.k} nearest of each image.")
xy = result.projection.xy  # (N, 2), for any plotting library

# %% [markdown]
# ## Compare: which method serves a label?
#
# Colour finds colours and no shapes; HOG finds shapes and no colours. The last column is what shuffled labels give.

# %%
from imgsim.scorecard import evaluate

scores = {}
for label in ("shape", "colour"):
    for card in evaluate(pipeline, collection, methods, label):
        told = card.retrieval
        scores[label, card.method.split(":")[0]] = told.map
        print(f"{label:7}{card.method.split(':')[0]:16} mAP {told.map:.3f}, by chance {told.null_map:.3f}")

# %%
from imgsim.agreement import compare

pair = compare(pipeline, collection, methods)[0]
shared, chance = 100 * pair.neighbor_overlap, 100 * pair.null_overlap
print(f"They share {shared:.0f} % of the {pair.k} nearest, by chance {chance:.1f} %.")
print("They agree least on", [collection.ids[at] for at in pair.least(3)])

# %% [markdown]
# ## Pair: how alike are two pictures?

# %%
from imgsim import ImageSimilarityEngine

engine = ImageSimilarityEngine(model_name="hog")
first, second = (pipeline.read_image(collection, collection.row(id)) for id in ("star_orange_08", "star_cyan_08"))
print(f"HOG similarity of two stars: {engine.compute_similarity(first, second):.3f}")

# %% [markdown]
# ## Search your own pictures
#
# `engine.index("photos/").search("query.jpg", k=10)` gives ids, scores, distances and ranks; here with a picture of the
# collection itself, left out of its own answer.

# %%
matches = engine.index("builtin:shapes").search("star_orange_08", k=5)
for match in matches:
    print(match.rank, match.id, f"{match.score:.3f}")
