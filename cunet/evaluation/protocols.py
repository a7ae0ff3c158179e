"""Scoring protocols by name: at which rate, with which BSS Eval, and how a table is made of the scores."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import museval
import numpy as np
import numpy.typing as npt

from cunet.datasets.track import MIXTURE, Track, Waveform
from cunet.evaluation.masks import Mask, apply_masks
from cunet.evaluation.targets import Condition, Conditions, condition_group
from cunet.params import Evaluate, ProtocolName, Spectrogram
from cunet.preprocess.conditions import SINGLE
from cunet.preprocess.spectrogram import fit_length, resample

REST = "rest of the mixture"
METRICS = ["SDR", "ISR", "SIR", "SAR"]
FILTER = 512  # taps of the distortion filters
BASE_MEMORY, TRANSFORMS = 0.4e9, 3.2  # bytes of a worker, and copies of all transforms; seen with museval 0.4
Values = dict[str, npt.NDArray[np.float64]]  # of each metric, in every frame


@dataclass(frozen=True)
class Signals:
    """What is scored of a track: waveforms `(samples, channels)`, all of one shape and at `rate` Hz.

    Sources are by instrument, estimates by the name of the condition that they follow.
    """

    sources: dict[str, Waveform]
    estimates: dict[str, Waveform]
    mixture: Waveform
    rate: int

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.mixture) / self.rate

    def weighted(self, condition: Condition) -> Waveform:
        """The sum of the sources, each times its weight."""
        return np.asarray(
            sum((np.float32(weight) * self.sources[name] for name, weight in condition.items()), 0 * self.mixture)
        )


@dataclass(frozen=True)
class Protocol:
    """How estimates become scores, and scores a table.

    Attributes:
        title: of a score, for people.
        bss_eval: scores of estimates against references of the same names; rate in Hz, window and hop in seconds.
        together: whether single instruments are scored against each other, or each against the rest of the mixture,
            as combinations always are.
        model_rate: whether references are brought to the rate of the model, mono, or estimates to that of the data.
        whole_tracks: whether a track is one frame.
        mean: whether a table holds means over tracks, with their standard deviation, or medians.
        any_level: whether an estimate at another level than its reference has the same score.
    """

    title: str
    bss_eval: Callable[[dict[str, Waveform], dict[str, Waveform], int, float, float], dict[str, Values]]
    together: bool
    model_rate: bool
    whole_tracks: bool
    mean: bool
    any_level: bool

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
            {name: like_mixture(*self._read(track, name)) for name in track.instruments},
            {name: like_mixture(estimate, model_rate) for name, estimate in estimates.items()},
            mixture,
            target_rate,
        )

    def frames(self, signals: Signals, settings: Evaluate) -> tuple[float, float]:
        """Window and hop in seconds; a track shorter than a window is one frame."""
        whole = signals.seconds
        return (whole, whole) if self.whole_tracks else (min(settings.window, whole), min(settings.hop, whole))

    def score(self, signals: Signals, conditions: Conditions, window: float, hop: float) -> dict[str, Values]:
        """Scores of the estimates of all `conditions`, none of which is silent, nor asks for silence."""
        single = {name: z for name, z in conditions.items() if self.together and condition_group(z) == SINGLE}
        scores: dict[str, Values] = {}
        if single:
            references = {name: signals.weighted(condition) for name, condition in single.items()}
            estimates = {name: signals.estimates[name] for name in single}
            scores |= self.bss_eval(references, estimates, signals.rate, window, hop)
        for name in conditions.keys() - single.keys():
            scores[name] = self._against_the_rest(signals, name, conditions[name], window, hop)
        return {name: scores[name] for name in conditions}

    def _against_the_rest(self, signals: Signals, name: str, condition: Condition, window: float, hop: float) -> Values:
        """A score does not depend on the second estimate, so the mixture, which is not silent, stands there."""
        references, estimates = {name: signals.weighted(condition)}, {name: signals.estimates[name]}
        rest = signals.weighted({instrument: 1 - weight for instrument, weight in condition.items()})
        if rest.any():
            references[REST], estimates[REST] = rest, signals.mixture
        return self.bss_eval(references, estimates, signals.rate, window, hop)[name]

    def memory(self, tracks: Sequence[Track], seconds: float, model_rate: int, estimates: int) -> int:
        """Bytes that it takes to score so many estimates of a track of `seconds`, like those in `tracks`.

        BSS Eval holds the Fourier transforms of all channels of all references, several times over.
        """
        rate, channels = model_rate, 1
        if not self.model_rate:
            waveform, rate = tracks[0].read(MIXTURE)
            channels = waveform.shape[1]
        transform = int(2 ** math.ceil(math.log2(seconds * rate + FILTER))) * np.dtype(complex).itemsize
        waveforms = estimates * channels * seconds * rate * np.dtype(np.float32).itemsize
        return round(BASE_MEMORY + TRANSFORMS * len(tracks[0].instruments) * channels * transform + waveforms)

    def _read(self, track: Track, source: str) -> tuple[Waveform, int]:
        waveform, rate = track.read(source)
        return (waveform.mean(axis=1, keepdims=True, dtype=np.float32) if self.model_rate else waveform), rate


def bss_eval_v4(
    references: dict[str, Waveform], estimates: dict[str, Waveform], rate: int, window: float, hop: float
) -> dict[str, Values]:
    """BSS Eval v4 of museval (Stöter, Liutkus & Ito, LVA/ICA 2018): in frames."""
    metrics = museval.evaluate(
        _stack(references.values()), _stack(estimates.values()), win=round(window * rate), hop=round(hop * rate)
    )
    return {
        name: dict(zip(METRICS, (values[number] for values in metrics), strict=True))
        for number, name in enumerate(references)
    }


def bss_eval_v3(
    references: dict[str, Waveform], estimates: dict[str, Waveform], rate: int, window: float, hop: float
) -> dict[str, Values]:
    """BSS Eval v3 "sources" (Vincent, Gribonval & Févotte, 2006): on the whole track, without ISR.

    As the paper scores with mir_eval.
    """
    sdr, sir, sar, _ = museval.metrics.bss_eval_sources(
        _stack(references.values()), _stack(estimates.values()), compute_permutation=False
    )
    nothing = np.full(1, np.nan)
    return {
        name: {"SDR": sdr[number], "ISR": nothing, "SIR": sir[number], "SAR": sar[number]}
        for number, name in enumerate(references)
    }


def _stack(waveforms: Iterable[Waveform]) -> npt.NDArray[np.float64]:
    return np.stack(list(waveforms)).astype(np.float64)


PROTOCOLS: dict[ProtocolName, Protocol] = {
    "model-rate": Protocol(
        "museval v4 at the model's rate, mono: median over tracks of the median over frames",
        bss_eval_v4,
        together=True,
        model_rate=True,
        whole_tracks=False,
        mean=False,
        any_level=False,
    ),
    "sisec18": Protocol(
        "museval v4 at the data's rate, stereo, as SiSEC 2018 (estimates and bounds have the model's bandwidth): "
        "median over tracks of the median over frames of 1 s",
        bss_eval_v4,
        together=True,
        model_rate=False,
        whole_tracks=False,
        mean=False,
        any_level=False,
    ),
    "paper": Protocol(
        "BSS Eval v3 of whole tracks at the model's rate, mono, target against accompaniment: mean ± standard "
        "deviation over tracks",
        bss_eval_v3,
        together=False,
        model_rate=True,
        whole_tracks=True,
        mean=True,
        any_level=True,
    ),
}
