"""interpret: analyse the control network of the studied Conditioned-U-Net."""

from pathlib import Path

from cunet.cli.running import run_stage
from cunet.files import new_folder
from cunet.params import load_params
from cunet.startup import uncollected
from cunet.tracks.reading import read_tracks

with uncollected():
    from cunet.interpret.interpret import interpret
    from cunet.masking.separator import Separator


def main(model: Path, audio: Path, spectrograms: Path, out: Path) -> None:
    """Analyse the network in the folder `model` and write tables to `out`."""
    params = load_params()
    separator, tracks = Separator(model, params.evaluate.overlap), read_tracks(audio)
    settings = params.spectrogram, params.evaluate, params.interpret
    with new_folder(out) as folder:
        interpret(separator, tracks, spectrograms, *settings, params.dask, folder)


if __name__ == "__main__":
    run_stage(main)
