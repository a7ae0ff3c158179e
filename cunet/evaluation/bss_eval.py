"""BSS Eval by version and engine: scores of named estimates against references."""

from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
import numpy.typing as npt

from cunet import bsseval
from cunet.settings.evaluation import Engine
from cunet.signals.arrays import Waveform

METRICS = ["SDR", "ISR", "SIR", "SAR"]
WHOLE_TRACK = ["SI-SDR", "SDR 2021"]  # computed once per track, for every protocol
Version = Literal["v4", "v3"]
Waveforms = dict[str, Waveform]  # (samples, channels)
Values = dict[str, npt.NDArray[np.float64]]  # by metric, one per frame
# One thread scores a track: tracks are scored in parallel.
BssEval = Callable[[Waveforms, Waveforms, int, int], dict[str, Values]]


def _v4(references: Waveforms, estimates: Waveforms, window: int, hop: int) -> dict[str, Values]:
    """BSS Eval v4 (Stöter, Liutkus & Ito, LVA/ICA 2018): in frames; window and hop in samples."""
    return _scores(
        bsseval.References(_stack(references.values()), window, hop, workers=1), references, estimates, "images"
    )


def _v3(references: Waveforms, estimates: Waveforms, window: int, hop: int) -> dict[str, Values]:
    """BSS Eval v3 "sources" (Vincent, Gribonval & Févotte, 2006): on the whole track, without ISR."""
    return _scores(bsseval.References(_stack(references.values()), workers=1), references, estimates, "sources")


def _scores(
    prepared: bsseval.References, references: Waveforms, estimates: Waveforms, version: Literal["images", "sources"]
) -> dict[str, Values]:
    """As in museval, a frame in which any estimate is silent is lost for all."""
    places = [list(references).index(name) for name in estimates]
    scores = prepared.score(_stack(estimates.values()), places, version)
    lost = np.isnan(scores.sdr).any(axis=0)
    metrics = [np.where(lost, np.nan, values) for values in scores]
    return _by_name(estimates, metrics)


def _museval_v4(references: Waveforms, estimates: Waveforms, window: int, hop: int) -> dict[str, Values]:
    import museval

    metrics = museval.evaluate(*_filled(references, estimates), win=window, hop=hop)
    named = _by_name(references, metrics)
    return {name: named[name] for name in estimates}


def _museval_v3(references: Waveforms, estimates: Waveforms, window: int, hop: int) -> dict[str, Values]:
    import museval

    filled = _filled(references, estimates)
    sdr, sir, sar, _ = museval.metrics.bss_eval_sources(*filled, compute_permutation=False)
    metrics = [sdr, np.full_like(sdr, np.nan), sir, sar]
    named = _by_name(references, metrics)
    return {name: named[name] for name in estimates}


def _by_name(names: Iterable[str], metrics: Iterable[Iterable[npt.NDArray[np.float64]]]) -> dict[str, Values]:
    return {name: dict(zip(METRICS, values, strict=True)) for name, *values in zip(names, *metrics, strict=True)}


def _filled(references: Waveforms, estimates: Waveforms) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Museval needs an estimate for every reference; the scores of one do not depend on the others."""
    anything = np.asarray(sum(references.values()))
    every = [estimates.get(name, anything) for name in references]
    return _stack(references.values()).astype(np.float64), _stack(every).astype(np.float64)


def _stack(waveforms: Iterable[Waveform]) -> npt.NDArray[np.float32]:
    return np.stack(list(waveforms))


# Functions that score named estimates against references, of which there may be more; window and hop in samples.
BSS_EVAL: dict[Engine, dict[Version, BssEval]] = {
    "bsseval": {"v4": _v4, "v3": _v3},
    "museval": {"v4": _museval_v4, "v3": _museval_v3},
}


def is_silent(waveform: Waveform) -> bool:
    """Whether museval and `cunet.bsseval` treat it as silence, as they do if the channels cancel out.

    Examples:
        >>> is_silent(np.array([[0.5, -0.5], [0.1, -0.1]], np.float32))
        True
    """
    return not waveform.sum(axis=1).any()


def sdr_alone(
    version: Version, reference: Waveform, estimate: Waveform, window: int, hop: int
) -> npt.NDArray[np.float64]:
    """SDR per frame of one estimate: it does not depend on the other sources, and in v4 it needs no filter."""
    if version == "v4":
        return bsseval.sdr_v4(reference, estimate, window, hop)
    sdr: npt.NDArray[np.float64] = bsseval.bss_eval_v3(reference[None], estimate[None]).sdr[0]
    return sdr


def whole_track(reference: Waveform, estimate: Waveform) -> dict[str, float]:
    """Scores of an estimate over the whole track, in dB: SI-SDR, and the SDR of the 2021 Music Demixing challenge."""
    values = bsseval.si_sdr(reference, estimate), bsseval.sdr_2021(reference, estimate)
    return dict(zip(WHOLE_TRACK, values, strict=True))
