"""Consistent masks (ratio) compared with norbert's multichannel Wiener filter: SDR of stereo songs.

    pip install --no-deps norbert==0.2.1
    python -m benchmarks.wiener MODEL FOLDER

Separates the stereo tracks of FOLDER with a model, on both channels at its rate, and scores four kinds of estimates
with BSS Eval v4: from the network's own masks, from masks with the consistency ratio, and from one and two iterations
of the filter on the latter. The filter (Nugraha, Liutkus & Vincent, EUSIPCO 2016) estimates one covariance per
source and frequency. With a single channel it could only square the ratio, so only stereo songs are used.
"""

import argparse
from pathlib import Path

import norbert
import numpy as np
import numpy.typing as npt
import pandas as pd

from cunet.cli.running import run
from cunet.conditions.naming import by_name
from cunet.conditions.sets import single_conditions
from cunet.errors import UserError
from cunet.evaluation.bss_eval import BSS_EVAL, METRICS
from cunet.masking.masks import share_out
from cunet.masking.separator import Separator
from cunet.names import MIXTURE
from cunet.signals.resampling import fit_length, resample
from cunet.signals.stft import istft, stft
from cunet.tracks.folder import tracks
from cunet.tracks.track import Track

OVERLAP = 0.5
ITERATIONS = (1, 2)
Estimates = npt.NDArray[np.complex128]  # (frames, bins, channels, sources), as norbert has them


def filtered(estimates: Estimates, mixture: npt.NDArray[np.complex128], iterations: int) -> Estimates:
    """Estimates after these iterations of the filter, scaled as in `norbert.wiener`."""
    scale = max(1.0, float(np.abs(mixture).max()) / 10)
    found: Estimates = norbert.expectation_maximization(estimates / scale, mixture / scale, iterations)[0] * scale
    return found


def measure(track: Track, separator: Separator) -> pd.DataFrame | None:
    """Medians over frames of all metrics, one row per kind of estimate and instrument; None if it is not stereo."""
    settings, names = separator.architecture.spectrogram, list(track.instruments)
    conditions = by_name(single_conditions(names))
    audio, rate = track.read(MIXTURE)
    if audio.shape[1] != 2:
        return None
    audio = resample(audio, rate, settings.sample_rate)
    mono = stft(audio.mean(axis=1), settings)
    masks = separator.masks_of(mono, float(np.abs(mono).max()), conditions, "none")
    mixture = np.stack([stft(channel, settings).T for channel in audio.T], axis=-1).astype(np.complex128)

    def applied(masks: dict[str, npt.NDArray[np.float32]]) -> Estimates:
        return np.stack([masks[name].T[..., None] * mixture for name in names], axis=-1)

    ratio = applied(share_out(masks))
    kinds = {"own masks": applied(masks), "ratio": ratio}
    kinds |= {f"filter, iterations: {count}": filtered(ratio, mixture, count) for count in ITERATIONS}
    sources = {
        name: fit_length(resample(track.read(name)[0], rate, settings.sample_rate), len(audio)) for name in names
    }
    references = {name: np.broadcast_to(source, audio.shape) for name, source in sources.items()}
    rows = []
    for kind, found in kinds.items():
        estimates = {
            name: np.stack([istft(channel.T, len(audio), settings) for channel in np.moveaxis(source, -1, 0)], axis=1)
            for name, source in zip(names, np.moveaxis(found, -1, 0), strict=True)
        }
        scores = BSS_EVAL["bsseval"]["v4"](references, estimates, settings.sample_rate, settings.sample_rate)
        rows += [(kind, name, *(np.nanmedian(scores[name][metric]) for metric in METRICS)) for name in names]
    return pd.DataFrame(rows, columns=["estimates", "target", *METRICS])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder of a trained model")
    parser.add_argument("folder", type=Path, help="folder of multitracks")
    arguments = parser.parse_args()

    def wiener() -> None:
        separator = Separator(arguments.model, OVERLAP)
        found = [measure(track, separator) for track in tracks(arguments.folder)]
        stereo = [scores for scores in found if scores is not None]
        if not stereo:
            raise UserError(f"{arguments.folder}: no stereo track")
        scores = pd.concat(stereo)
        print(f"mean over {len(stereo)} tracks and {scores['target'].nunique()} instruments, dB")
        print(scores.groupby("estimates", sort=False)[METRICS].mean().round(2).to_markdown())

    run(wiener)


if __name__ == "__main__":
    main()
