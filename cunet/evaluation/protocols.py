"""Scoring protocols: sample rate, version of BSS Eval, and aggregation of scores."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cunet import bsseval
from cunet.conditions.naming import SINGLE, Condition, Conditions, condition_group
from cunet.evaluation.bss_eval import BSS_EVAL, Values, Version, is_silent
from cunet.masking.masks import Mask, apply_masks
from cunet.names import MIXTURE
from cunet.settings.evaluation import Evaluate
from cunet.settings.spectrogram import Spectrogram
from cunet.signals.arrays import Waveform
from cunet.signals.resampling import fit_length, resample
from cunet.tracks.track import Track

REST = "(rest)"  # of the mixture; names of instruments have no brackets
BASE_MEMORY, TRANSFORMS = 0.4e9, 3.2  # bytes of a worker, and copies of all transforms; measured with museval 0.4


@dataclass(frozen=True)
class Signals:
    """The scored signals of a track: waveforms `(samples, channels)`, all of the same shape and at `rate` Hz.

    Keys of sources are instruments; keys of estimates are names of conditions.
    """

    sources: dict[str, Waveform]
    estimates: dict[str, Waveform]
    mixture: Waveform
    rate: int

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return len(self.mixture) / self.rate

    def middle(self, seconds: float) -> "Signals":
        """The middle `seconds`, or all of a shorter track."""
        samples = min(len(self.mixture), round(seconds * self.rate))
        start = (len(self.mixture) - samples) // 2
        place = slice(start, start + samples)
        return Signals(
            {name: waveform[place] for name, waveform in self.sources.items()},
            {name: waveform[place] for name, waveform in self.estimates.items()},
            self.mixture[place],
            self.rate,
        )

    def weighted(self, condition: Condition) -> Waveform:
        """The weighted sum of the sources."""
        return np.asarray(
            sum((np.float32(weight) * self.sources[name] for name, weight in condition.items()), 0 * self.mixture)
        )

    def against_the_rest(self, name: str, condition: Condition) -> dict[str, Waveform]:
        """References for a condition called `name`: its target, and the rest of the mixture unless silent."""
        rest = self.weighted({instrument: 1 - weight for instrument, weight in condition.items()})
        return {name: self.weighted(condition)} | ({} if is_silent(rest) else {REST: rest})


@dataclass(frozen=True)
class Protocol:
    """How estimates are scored, and how scores are aggregated.

    Attributes:
        title: description of the scores, for the report.
        version: version of BSS Eval.
        together: whether single instruments are scored against each other; otherwise each is scored against the rest
            of the mixture, as combinations always are.
        model_rate: whether references are resampled to the model's rate, mono; otherwise estimates are resampled to
            the data's rate.
        whole_tracks: whether a track is one frame.
        mean: whether tables have means over tracks, with standard deviations; otherwise medians.
        any_level: whether the score ignores the level of the estimate.
    """

    title: str
    version: Version
    together: bool
    model_rate: bool
    whole_tracks: bool
    mean: bool
    any_level: bool

    def signals(self, track: Track, masks: dict[str, Mask], settings: Spectrogram) -> Signals:
        """Read a track and separate it: the masks are applied to every channel of the mixture at the model's rate."""
        mixture, rate = self._read(track, MIXTURE)
        model_rate, target_rate = settings.sample_rate, settings.sample_rate if self.model_rate else rate
        estimates = apply_masks(masks, resample(mixture, rate, model_rate), settings)
        mixture = resample(mixture, rate, target_rate)

        def like_mixture(waveform: Waveform, rate: int) -> Waveform:
            """A waveform in the mixture's shape; a mono source of a stereo mixture goes to both channels."""
            return np.broadcast_to(fit_length(resample(waveform, rate, target_rate), len(mixture)), mixture.shape)

        return Signals(
            {name: like_mixture(*self._read(track, name)) for name in track.instruments},
            {name: like_mixture(estimate, model_rate) for name, estimate in estimates.items()},
            mixture,
            target_rate,
        )

    def frames(self, signals: Signals, settings: Evaluate) -> tuple[float, float]:
        """Window and hop of BSS Eval in seconds; a track shorter than a window is one frame."""
        whole = signals.seconds
        return (whole, whole) if self.whole_tracks else (min(settings.window, whole), min(settings.hop, whole))

    def score(self, signals: Signals, conditions: Conditions, settings: Evaluate) -> dict[str, Values]:
        """Scores of the estimates of all `conditions`; no estimate or reference may be silent."""
        bss_eval, frames = BSS_EVAL[settings.engine][self.version], self.frame_samples(signals, settings)
        single = {name: z for name, z in conditions.items() if self.together and condition_group(z) == SINGLE}
        scores: dict[str, Values] = {}
        if single:
            references = {name: signals.weighted(condition) for name, condition in single.items()}
            scores |= bss_eval(references, {name: signals.estimates[name] for name in single}, *frames)
        for name in conditions.keys() - single.keys():
            references = signals.against_the_rest(name, conditions[name])
            scores |= bss_eval(references, {name: signals.estimates[name]}, *frames)
        return {name: scores[name] for name in conditions}

    def frame_samples(self, signals: Signals, settings: Evaluate) -> tuple[int, int]:
        """Window and hop of BSS Eval in samples."""
        window, hop = self.frames(signals, settings)
        return round(window * signals.rate), round(hop * signals.rate)

    def memory(
        self, tracks: Sequence[Track], seconds: float, settings: Evaluate, model_rate: int, estimates: int
    ) -> int:
        """Bytes of memory for scoring this many estimates of a track of `seconds`, in the format of `tracks`.

        museval keeps several copies of the Fourier transforms of all channels of all references; bsseval keeps one
        factor of the normal equations of all filters, and one per source.
        """
        rate, channels, sources = model_rate, 1, len(tracks[0].instruments)
        if not self.model_rate:
            waveform, rate = tracks[0].read(MIXTURE)
            channels = waveform.shape[1]
        waveforms = (sources + 2 * estimates) * channels * seconds * rate * np.dtype(np.float32).itemsize
        if settings.engine == "museval":
            transform = int(2 ** math.ceil(math.log2(seconds * rate + bsseval.TAPS))) * np.dtype(complex).itemsize
            return round(BASE_MEMORY + TRANSFORMS * sources * channels * transform + waveforms)
        taps = bsseval.TAPS * sources * channels
        factors = taps**2 * (1 / 2 + 1 / (2 * sources)) * np.dtype(float).itemsize
        return round(BASE_MEMORY + factors + waveforms)

    def _read(self, track: Track, source: str) -> tuple[Waveform, int]:
        waveform, rate = track.read(source)
        return (waveform.mean(axis=1, keepdims=True, dtype=np.float32) if self.model_rate else waveform), rate


MODEL_RATE = Protocol(
    "museval v4 at the model's rate, mono: median over tracks of the median over frames",
    "v4",
    together=True,
    model_rate=True,
    whole_tracks=False,
    mean=False,
    any_level=False,
)
SISEC18 = Protocol(
    "museval v4 at the data's rate, stereo, as SiSEC 2018 (estimates and bounds have the model's bandwidth): "
    "median over tracks of the median over frames of 1 s",
    "v4",
    together=True,
    model_rate=False,
    whole_tracks=False,
    mean=False,
    any_level=False,
)
PAPER = Protocol(
    "BSS Eval v3 of whole tracks at the model's rate, mono, target against accompaniment: mean ± standard "
    "deviation over tracks",
    "v3",
    together=False,
    model_rate=True,
    whole_tracks=True,
    mean=True,
    any_level=True,
)
