"""Above the model's band: silence, or a share of the mixture? Both, scored on tracks at their own rate.

    python -m benchmarks.above FOLDER [FOLDER ...] [--model MODEL]

Every folder holds tracks, `<track>/<instrument>.<wav|flac|ogg>`; a source that the model does not know counts as its
`other`. A model that knows vocals is scored on everything but them as well. All figures are in dB. SDR is that of BSS
Eval v4 over all frequencies, the median over 1-s frames. The others are about what is above the model's band, over
the whole track:

- high SDR: of the estimate against the target; silence scores 0;
- kept, leaked: level of the target and of the other sources in the estimate, by least squares;
- colour: distance between the spectra of estimate and target, the mean over frames and third octaves within 40 dB of
  the target's loudest; a dull estimate is as far away as a shrill one.

SIR and SAR are not shown: above their cut-off, songs from lossy files hold nothing, the correlations that BSS Eval
inverts become singular, and both meaningless.
"""

import argparse
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import stft

from cunet.bsseval import sdr_v4
from cunet.cli.running import run
from cunet.loading import load_model
from cunet.separate.estimates import Above
from cunet.separate.model import Model
from cunet.signals.arrays import Waveform
from cunet.signals.resampling import fit_length, resample
from cunet.tracks.folder import tracks
from cunet.tracks.track import Track

OTHER, VOCALS = "other", "vocals"
FRAME = 2048  # samples, of the spectra
RANGE, FLOOR = 40, 60  # dB below a target's loudest band: what counts, and what an estimate's band is raised to
EPSILON = 1e-12
Sources = dict[str, Waveform]


def read(track: Track, model: Model) -> tuple[Sources, int]:
    """The sources that the model knows, stereo, and their rate."""
    sources: Sources = {}
    for name in track.instruments:
        audio, rate = track.read(name)
        known = name if name in model.instruments else OTHER
        sources[known] = sources.get(known, np.float32(0)) + audio
    return {name: sources[name] for name in model.instruments}, rate


def measure(track: Track, model: Model) -> pd.DataFrame:
    """Scores, a row per target and content of the high band."""
    sources, rate = read(track, model)
    mixture = np.asarray(sum(sources.values()))
    targets = _with_karaoke(sources)
    high = {name: _high(target, rate, model.rate) for name, target in targets.items()}
    everything = _high(mixture, rate, model.rate)
    rows = []
    for above in get_args(Above):
        for name, estimate in _with_karaoke(model.stems(mixture, rate, above=above)).items():
            sdr = float(np.nanmedian(sdr_v4(targets[name], estimate, rate, rate)))
            own = _of_high_band(_high(estimate, rate, model.rate), high[name], everything - high[name])
            colour = _colour(estimate, targets[name], rate, model.rate / 2)
            rows.append({"target": name, "above": above, "SDR": sdr, **own, "colour": colour})
    return pd.DataFrame(rows)


def _with_karaoke(sources: Sources) -> Sources:
    """The same, and the sum of all but the vocals: estimates of a model with the consistency `ratio` add up."""
    others = [source for name, source in sources.items() if name != VOCALS]
    return sources | ({f"no {VOCALS}": np.asarray(sum(others))} if VOCALS in sources else {})


def _high(waveform: Waveform, rate: int, band: int) -> Waveform:
    """What is above half of `band` Hz."""
    low = resample(resample(waveform, rate, band), band, rate)
    return waveform - fit_length(low, len(waveform))


def _of_high_band(estimate: Waveform, target: Waveform, others: Waveform) -> dict[str, float]:
    """Energy ratios; what the estimate holds of both is found by least squares."""
    basis = np.stack([target.ravel(), others.ravel()], axis=1).astype(np.float64)
    gains, *_ = np.linalg.lstsq(basis, estimate.ravel().astype(np.float64))
    error = np.sum((target - estimate) ** 2, dtype=np.float64)
    kept, leaked = (20 * np.log10(np.abs(gains) + EPSILON)).clip(-FLOOR)
    return {"high SDR": 10 * np.log10(np.sum(target**2, dtype=np.float64) / error), "kept": kept, "leaked": leaked}


def _colour(estimate: Waveform, target: Waveform, rate: int, lowest: float) -> float:
    """Mean distance in dB between the levels of third-octave bands above `lowest` Hz, where the target has any."""
    found, expected = (_bands(waveform, rate, lowest) for waveform in (estimate, target))
    top = expected.max()
    heard = expected > top - RANGE
    return float(np.abs(np.maximum(found, top - FLOOR) - np.maximum(expected, top - FLOOR))[heard].mean())


def _bands(waveform: Waveform, rate: int, lowest: float) -> npt.NDArray[np.float64]:
    """Levels in dB `(bands, frames)`."""
    frequencies, _, spectra = stft(waveform.mean(axis=1), rate, nperseg=FRAME)
    edges = np.geomspace(lowest, rate / 2, max(1, round(3 * np.log2(rate / 2 / lowest))) + 1)
    power = np.abs(spectra) ** 2
    bands = [power[(frequencies >= low) & (frequencies < high)].sum(axis=0) for low, high in pairwise(edges)]
    return 10 * np.log10(np.stack(bands) + EPSILON)


def compare(folders: Sequence[Path], chosen: str | None) -> None:
    """Print the means over the tracks of every folder."""
    model = load_model(chosen)
    for folder in folders:
        found = tracks(folder)
        scores = pd.concat(measure(track, model) for track in found)
        means = scores.groupby(["target", "above"], sort=False).mean().reset_index()
        print(
            f"{folder}: {model.name}, mean over {len(found)} tracks, dB\n\n{means.round(2).to_markdown(index=False)}\n",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("-n", "--model", help="folder of a model; the starter model if omitted")
    arguments = parser.parse_args()
    run(lambda: compare(arguments.folders, arguments.model))


if __name__ == "__main__":
    main()
