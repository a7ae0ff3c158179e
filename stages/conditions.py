"""conditions: write tables of the training conditions of each architecture, and of the scored conditions."""

from pathlib import Path

from cunet.cli.running import run_stage
from cunet.conditions.naming import by_name
from cunet.conditions.path import ends
from cunet.conditions.sets import build_conditions, scored_conditions
from cunet.conditions.tables import SCORED
from cunet.errors import UserError
from cunet.files import new_folder
from cunet.layout import STUDIED
from cunet.params import load_params
from cunet.preprocess.spectrogram import TrackSpectrograms, check_split, track_files
from cunet.variant import conditions_of


def main(train: Path, test: Path, out: Path) -> None:
    """Write one table per architecture, and one of the scored conditions, for the instruments of the tracks.

    Raises:
        UserError: training and test tracks have different instruments or share a track; or params.yaml asks for an
            instrument that they lack.
    """
    params = load_params()
    instruments = _instruments(train)
    if instruments != _instruments(test):
        raise UserError(
            f"the training tracks have {', '.join(instruments)}, but the test tracks {', '.join(_instruments(test))}. "
            "Give them the same instruments."
        )
    check_split(train, test)
    ends(instruments, params.interpret)
    sets = params.condition_sets
    tables = {name: build_conditions(instruments, sets[conditions_of(name)]) for name in params.baselines}
    tables[STUDIED.name] = build_conditions(instruments, sets[params.conditions])
    tables[SCORED] = scored_conditions(instruments, sets[params.evaluate.conditions])
    with new_folder(out) as folder:
        for name, table in tables.items():
            by_name(table)  # raises if names are not unique
            table.to_csv(folder / f"{name}.csv", index=False)
            print(f"{name}: {len(table)} conditions of {len(instruments)} instruments")


def _instruments(spectrograms: Path) -> tuple[str, ...]:
    track = TrackSpectrograms(track_files(spectrograms)[0])
    return track.instruments


if __name__ == "__main__":
    run_stage(main)
