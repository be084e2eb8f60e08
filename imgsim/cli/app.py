"""All commands, in the order of `imgsim --help`."""

from __future__ import annotations

import typer

from imgsim.cli import (
    anomalies,
    catalogue,
    comparing,
    dashboard,
    duplicates,
    evaluation,
    far,
    few_shot,
    labelling,
    manipulation,
    recommending,
    robustness,
    searching,
    sessions,
    sources,
    spaces,
    storage,
    training,
)

app = typer.Typer(
    help="A laboratory for image similarity. SOURCE is builtin:photos or another packaged one, a folder, "
    "a zip, a CSV or Parquet table with a path column, torchvision:NAME, or library:NAME.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for command in (
    dashboard.app,
    sources.collections,
    sources.info,
    catalogue.methods,
    catalogue.weights,
    spaces.embed,
    searching.similarity,
    searching.search,
    spaces.project,
    evaluation.evaluate,
    few_shot.few_shot,
    labelling.label,
    labelling.label_errors,
    comparing.compare,
    robustness.robustness,
    duplicates.duplicates,
    recommending.recommend,
    manipulation.tampering,
    anomalies.anomalies,
    training.train,
    far.sample,
    sessions.session,
    storage.cache,
):
    app.command()(command)
app.command("manipulation", hidden=True)(manipulation.tampering)  # what it was called before
app.add_typer(far.database, name="database")
