"""The report: tables, tests, plots, and examples of every architecture and bound side by side."""

import json
import shutil
from pathlib import Path

import pandas as pd

from cunet.conditions.naming import by_name
from cunet.conditions.tables import read_conditions
from cunet.evaluation.evaluate import read_scores
from cunet.evaluation.examples import compare_examples
from cunet.params import Params
from cunet.report import parts, tables
from cunet.report.costs import costs
from cunet.report.document import write_markdown, write_page
from cunet.report.listen import write_listening_page
from cunet.report.published import published_rows
from cunet.report.sdr_plot import draw_sdr
from cunet.report.statistics import SEEDS, differences, intervals, over_seeds, seed_spread
from cunet.train.history import read_history

Folders = dict[str, list[Path]]


def compare(
    results: Folders, models: Folders, params: Params, conditions: Path, spectrograms: Path, control: Path, out: Path
) -> None:
    """Write the report to the folder `out`.

    Args:
        results: what `evaluate` wrote, a folder a seed, by architecture or bound, from the lower bound to the upper.
        models: what the training wrote, a folder a seed, by architecture.
        params: of the run.
        conditions: table of what was scored.
        spectrograms: folder of the test tracks' spectrograms.
        control: folder that the interpret stage wrote.
        out: gets index.html, listen.html, sdr.md, sdr.csv, sdr_by_track.csv, differences.csv, costs.csv, training.csv,
            metrics.json, sdr.png, control/, spectrograms/ and sound/.
    """
    by_seed = pd.concat(
        read_scores(folder).assign(seed=seed)
        for folders in results.values()
        for seed, folder in zip(params.seeds, folders, strict=False)  # a bound has one folder
    )
    scores, settings = over_seeds(by_seed), params.compare
    keys = ["architecture", "target"]
    measured = tables.summarise(scores).merge(intervals(scores, settings), "left", keys)
    measured = measured.merge(seed_spread(by_seed), "left", keys)
    published = published_rows(params.dataset, scores) if settings.published else None
    summary = measured if published is None else pd.concat([measured, published], ignore_index=True)
    compared, counted = differences(scores, list(models), settings), costs(models)
    files = {
        "sdr": summary,
        "sdr_by_track": by_seed,
        "differences": compared,
        "costs": counted,
        "training": _curves(models),
    }
    for name, table in files.items():
        table.to_csv(out / f"{name}.csv", index=False, float_format="%.6g")
    (out / "metrics.json").write_text(json.dumps(tables.metrics(measured, params.architecture), indent=2) + "\n")
    draw_sdr(scores, measured, settings.confidence, out / "sdr.png")
    first = {name: folders[0] for name, folders in results.items()}
    scored, seconds = by_name(read_conditions(conditions)), params.evaluate.example_seconds
    shutil.copytree(control, out / control.name)
    compare_examples(first, scored, spectrograms, params.spectrogram, seconds, out)
    of_first = by_seed[by_seed["seed"] == params.seeds[0]]
    title = f"Conditioned-U-Net: {params.architecture}"
    write_listening_page(out / "sound", of_first, scored, f"{title}, to listen to", out)

    document = [parts.scores_part(summary, scores, settings), *parts.combinations_parts(summary)]
    document.append(parts.metrics_part(summary, scores))
    document += [parts.differences_part(compared, settings)] if len(models) > 1 else []
    document += [parts.seeds_part(summary)] if summary[SEEDS].max() > 1 else []
    tracks = min(params.interpret.tracks, scores["track"].nunique())
    document += [parts.costs_part(counted), parts.control_part(control, tracks)]
    write_markdown(document, out / "sdr.md")
    pictures = sorted((out / "spectrograms").glob("*.png"))
    document = [parts.compared_part(params), *document, *([parts.examples_part(pictures)] if pictures else [])]
    write_page(title, document, out / "index.html")


def _curves(models: Folders) -> pd.DataFrame:
    """Losses of all networks: a row a network, epoch, and kind of patches."""
    histories = []
    for name, folders in models.items():
        for folder in folders:
            history = read_history(folder)
            own = [network if network == name else f"{name}: {network}" for network in history["network"]]
            seed = "" if len(folders) == 1 else f", seed {folder.name}"
            histories.append(history.assign(network=[f"{network}{seed}" for network in own]))
    curves = pd.concat(histories).rename(columns={"train_loss": "training", "validation_loss": "validation"})
    return curves.melt(["network", "epoch"], ["training", "validation"], var_name="patches", value_name="loss")
