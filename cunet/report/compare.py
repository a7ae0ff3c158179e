"""The report: table, box plot, and examples of every architecture and bound side by side."""

import json
from pathlib import Path

import pandas as pd

from cunet.evaluation.evaluate import read_scores
from cunet.evaluation.examples import compare_examples
from cunet.params import Spectrogram
from cunet.report import tables
from cunet.report.boxplot import draw_sdr
from cunet.report.published import published_rows
from cunet.train.history import read_history, read_provenance


def compare(
    folders: list[Path],
    models: list[Path],
    studied: str,
    dataset: str | None,
    spectrograms: Path,
    settings: Spectrogram,
    seconds: float,
    out: Path,
) -> None:
    """Write the report on the results in `folders`, from the lower bound to the upper, to the folder `out`.

    Args:
        folders: what `evaluate` wrote, one an architecture or bound.
        models: what the training wrote, one an architecture.
        studied: name of the Conditioned-U-Net under study.
        dataset: name of the data set whose published figures are to stand in the table; None for none.
        spectrograms: folder of the test tracks' spectrograms.
        settings: of these spectrograms.
        seconds: length of the examples.
        out: gets sdr.csv, sdr.md, sdr_by_track.csv, training.csv, metrics.json, sdr.png,
            spectrograms/ and sound/.
    """
    by_folder = {folder: read_scores(folder) for folder in folders}
    scores = pd.concat(by_folder.values(), ignore_index=True)
    measured = tables.summarise(scores)
    summary = pd.concat([measured, published_rows(dataset, scores)], ignore_index=True) if dataset else measured
    summary.to_csv(out / "sdr.csv", index=False, float_format="%.4f")
    scores.to_csv(out / "sdr_by_track.csv", index=False, float_format="%.4f")
    _curves(models).to_csv(out / "training.csv", index=False)
    (out / "sdr.md").write_text(tables.to_markdown(summary, scores))
    (out / "metrics.json").write_text(json.dumps(tables.metrics(measured, studied), indent=2) + "\n")
    draw_sdr(scores, out / "sdr.png")
    results = {table["architecture"].iloc[0]: folder for folder, table in by_folder.items()}
    compare_examples(results, spectrograms, settings, seconds, out)


def _curves(models: list[Path]) -> pd.DataFrame:
    """Losses of all networks: a row a network, epoch, and kind of patches."""
    histories = []
    for model in models:
        history, name = read_history(model), read_provenance(model)["architecture"]
        history["network"] = [network if network == name else f"{name}: {network}" for network in history["network"]]
        histories.append(history)
    curves = pd.concat(histories).rename(columns={"train_loss": "training", "validation_loss": "validation"})
    return curves.melt(["network", "epoch"], ["training", "validation"], var_name="patches", value_name="loss")
