"""The report: table, box plot, and examples of every architecture and bound side by side."""

import json
from pathlib import Path

import pandas as pd

from cunet.evaluation import tables
from cunet.evaluation.evaluate import read_scores
from cunet.evaluation.examples import EXAMPLES, compare_examples
from cunet.evaluation.pictures import draw_sdr
from cunet.params import Spectrogram


def compare(
    folders: list[Path], studied: str, spectrograms: Path, settings: Spectrogram, seconds: float, out: Path
) -> None:
    """Write the report on the results in `folders`, from the lower bound to the upper, to the folder `out`.

    Args:
        folders: what `evaluate` wrote, one an architecture or bound.
        studied: name of the Conditioned-U-Net under study.
        spectrograms: folder of the test tracks' spectrograms, with the settings that follow.
        seconds: length of the examples.
        out: gets sdr.csv, sdr.md, sdr_by_track.csv, metrics.json, sdr.png and examples/.
    """
    by_folder = {folder: read_scores(folder) for folder in folders}
    scores = pd.concat(by_folder.values(), ignore_index=True)
    summary = tables.summarise(scores)
    summary.to_csv(out / "sdr.csv", index=False, float_format="%.4f")
    scores.to_csv(out / "sdr_by_track.csv", index=False, float_format="%.4f")
    (out / "sdr.md").write_text(tables.to_markdown(summary, scores))
    (out / "metrics.json").write_text(json.dumps(tables.metrics(summary, studied), indent=2) + "\n")
    draw_sdr(scores, out / "sdr.png")
    results = {table["architecture"].iloc[0]: folder for folder, table in by_folder.items()}
    compare_examples(results, spectrograms, settings, seconds, out / EXAMPLES)
