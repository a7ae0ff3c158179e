"""Scoring protocols by name: at which rate, with which BSS Eval, and how a table is made of the scores."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import museval
import numpy as np
import numpy.typing as npt

from cunet.datasets.track import MIXTURE, Track, Waveform
from cunet.evaluation.masks import Mask, apply_masks
from cunet.params import ProtocolName, Spectrogram
from cunet.preprocess.spectrogram import fit_length, resample

METRICS = ["SDR", "ISR", "SIR", "SAR"]
FILTER = 512  # taps of the distortion filters
BASE_MEMORY, TRANSFORMS = 0.4e9, 3.2  # bytes of a worker, and copies of all transforms; seen with museval 0.4
Values = dict[str, npt.NDArray[np.float64]]  # of each metric, in every frame


@dataclass(frozen=True)
class Signals:
    """What is scored of a track: waveforms `(samples, channels)`, all of one shape and at `rate` Hz."""

    references: dict[str, Waveform]
    estimates: dict[str, Waveform]
    mixture: Waveform
    rate: int

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.mixture) / self.rate


@dataclass(frozen=True)
class Protocol:
    """How estimates become scores, and scores a table.

    Attributes:
        title: of a score, for people.
        bss_eval: scores of some sources; window and hop in seconds.
        model_rate: whether references are brought to the rate of the model, mono, or estimates to that of the data.
        whole_tracks: whether a track is one frame.
        mean: whether a table holds means over tracks, with their standard deviation, or medians.
    """

    title: str
    bss_eval: Callable[[list[str], Signals, float, float], dict[str, Values]]
    model_rate: bool
    whole_tracks: bool
    mean: bool

    def signals(self, track: Track, masks: dict[str, Mask], settings: Spectrogram) -> Signals:
        """Read a track, and separate it: the masks on every channel of the mixture at the model's rate."""
        mixture, rate = self._read(track, MIXTURE)
        model_rate, target_rate = settings.sample_rate, settings.sample_rate if self.model_rate else rate
        estimates = apply_masks(masks, resample(mixture, rate, model_rate), settings)
        mixture = resample(mixture, rate, target_rate)

        def like_mixture(waveform: Waveform, rate: int) -> Waveform:
            """A mono source of a stereo mixture is on both channels."""
            return np.broadcast_to(fit_length(resample(waveform, rate, target_rate), len(mixture)), mixture.shape)

        return Signals(
            {name: like_mixture(*self._read(track, name)) for name in masks},
            {name: like_mixture(estimate, model_rate) for name, estimate in estimates.items()},
            mixture,
            target_rate,
        )

    def memory(self, tracks: Sequence[Track], seconds: float, model_rate: int) -> int:
        """Bytes that it takes to score a track of `seconds`, like those in `tracks`.

        BSS Eval holds the Fourier transforms of all channels of all references, several times over.
        """
        rate, channels = model_rate, 1
        if not self.model_rate:
            waveform, rate = tracks[0].read(MIXTURE)
            channels = waveform.shape[1]
        transform = int(2 ** math.ceil(math.log2(seconds * rate + FILTER))) * np.dtype(complex).itemsize
        return round(BASE_MEMORY + TRANSFORMS * len(tracks[0].instruments) * channels * transform)

    def _read(self, track: Track, source: str) -> tuple[Waveform, int]:
        waveform, rate = track.read(source)
        return (waveform.mean(axis=1, keepdims=True, dtype=np.float32) if self.model_rate else waveform), rate


def bss_eval_v4(names: list[str], signals: Signals, window: float, hop: float) -> dict[str, Values]:
    """BSS Eval v4 of museval (Stöter, Liutkus & Ito, LVA/ICA 2018): sources against each other, in frames."""
    metrics = museval.evaluate(
        _stack(signals.references[name] for name in names),
        _stack(signals.estimates[name] for name in names),
        win=round(window * signals.rate),
        hop=round(hop * signals.rate),
    )
    return {
        name: dict(zip(METRICS, (values[number] for values in metrics), strict=True))
        for number, name in enumerate(names)
    }


def bss_eval_v3(names: list[str], signals: Signals, window: float, hop: float) -> dict[str, Values]:
    """BSS Eval v3 "sources" (Vincent, Gribonval & Févotte, 2006): each against its accompaniment, on the whole track.

    As the paper scores with mir_eval; there is no ISR. A source's score does not depend on the second estimate,
    so the mixture stands there: mixture less estimate would be silent, and refused, for a perfect accompaniment.
    """
    total = sum(signals.references.values())
    scores: dict[str, Values] = {}
    for name in names:
        reference = signals.references[name]
        sdr, sir, sar, _ = museval.metrics.bss_eval_sources(
            _stack([reference, total - reference]),
            _stack([signals.estimates[name], signals.mixture]),
            compute_permutation=False,
        )
        scores[name] = {"SDR": sdr[0], "ISR": np.full_like(sdr[0], np.nan), "SIR": sir[0], "SAR": sar[0]}
    return scores


def _stack(waveforms: Iterable[Waveform]) -> npt.NDArray[np.float64]:
    return np.stack(list(waveforms)).astype(np.float64)


PROTOCOLS: dict[ProtocolName, Protocol] = {
    "model-rate": Protocol(
        "museval v4 at the model's rate, mono: median over tracks of the median over frames",
        bss_eval_v4,
        model_rate=True,
        whole_tracks=False,
        mean=False,
    ),
    "sisec18": Protocol(
        "museval v4 at the data's rate, stereo, as SiSEC 2018 (estimates and bounds have the model's bandwidth): "
        "median over tracks of the median over frames of 1 s",
        bss_eval_v4,
        model_rate=False,
        whole_tracks=False,
        mean=False,
    ),
    "paper": Protocol(
        "BSS Eval v3 of whole tracks at the model's rate, mono, target against accompaniment: mean ± standard "
        "deviation over tracks",
        bss_eval_v3,
        model_rate=True,
        whole_tracks=True,
        mean=True,
    ),
}
