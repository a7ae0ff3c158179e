"""What README lets one hear: `python -m tools.sound` in a workspace in which the default pipeline has run.

Writes `docs/sound/<name>.mp3`: 20 s of the first test track, and its estimates by the studied network, as
`cunet separate --above share` gives them. The same models and the same ffmpeg write the same bytes.
"""

import argparse
import subprocess
from pathlib import Path

import numpy as np
import soundfile

from cunet.cli.running import run
from cunet.errors import UserError
from cunet.files import temporary_folder
from cunet.layout import MODELS, STUDIED
from cunet.loading import load_model
from cunet.names import MIXTURE

TRACKS, OUT = Path("data/audio/test"), Path("docs/sound")
START, SECONDS = 10, 20
ENCODER = ("-ac", "1", "-ar", "24000", "-b:a", "40k", "-map_metadata", "-1", "-fflags", "+bitexact")


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=f"{MODELS / STUDIED}/0", help="folder of a model (%(default)s)")
    arguments = parser.parse_args()

    def write() -> None:
        tracks = sorted(TRACKS.glob(f"*/{MIXTURE}.wav"))
        if not tracks:
            raise UserError(f"{TRACKS}: there are no tracks: run dvc repro first")
        model = load_model(arguments.model)
        audio, rate = soundfile.read(tracks[0], dtype="float32")
        heard = {MIXTURE: audio} | model.stems(audio, rate, above="share")
        OUT.mkdir(parents=True, exist_ok=True)
        with temporary_folder() as folder:
            for name, waveform in heard.items():
                cut = waveform[START * rate : (START + SECONDS) * rate]
                soundfile.write(folder / "cut.wav", np.asarray(cut), rate, subtype="FLOAT")
                source, made = ("-i", str(folder / "cut.wav")), OUT / f"{name}.mp3"
                subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *source, *ENCODER, str(made)], check=True)
                print(made)

    run(write)


if __name__ == "__main__":
    main()
