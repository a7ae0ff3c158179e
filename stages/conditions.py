"""conditions: tables of what each architecture is told to isolate, and of what is scored."""

import sys
from pathlib import Path

from cunet.cli import run
from cunet.files import new_folder
from cunet.params import load_params
from cunet.preprocess.conditions import SCORED, build_conditions, scored_conditions, single_conditions
from cunet.preprocess.spectrogram import TrackSpectrograms, track_files
from cunet.variant import DEDICATED, conditions_of


def main(spectrograms: Path, out: Path) -> None:
    """Write a table an architecture, and one of what is scored, for the instruments of the training tracks."""
    params = load_params()
    with TrackSpectrograms(track_files(spectrograms)[0]) as track:
        instruments = track.instruments
    sets = params.condition_sets
    tables = {
        "cunet": build_conditions(instruments, sets[params.conditions]),
        **{
            name: single_conditions(instruments)
            if name == DEDICATED
            else build_conditions(instruments, sets[conditions_of(name)])
            for name in params.baselines
        },
        SCORED: scored_conditions(instruments, sets[params.evaluate.conditions]),
    }
    with new_folder(out) as folder:
        for name, table in tables.items():
            table.to_csv(folder / f"{name}.csv", index=False)
            print(f"{name}: {len(table)} conditions of {len(instruments)} instruments")


if __name__ == "__main__":
    run(lambda: main(*map(Path, sys.argv[1:])))
