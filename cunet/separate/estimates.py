"""Estimates of a model, computed piece by piece in bounded memory.

Up to rounding, pieces are the same as if the whole were computed at once: patches have the same positions as in the
whole, and each piece of the mixture is read with the margins that transforms and filters need.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from cunet.audio.pieces import Audio
from cunet.conditions.naming import Conditions
from cunet.errors import UserError
from cunet.masking.masks import EPSILON, Mask
from cunet.masking.separator import Separator
from cunet.separate.audio import Downmix, Resampled
from cunet.settings.evaluation import Consistency
from cunet.settings.spectrogram import Spectrogram
from cunet.signals.arrays import Complex, Waveform
from cunet.signals.stft import frame_centres, frame_count, istft, stft

Above = Literal["silence", "share"]
Advance = Callable[[float], object]  # called with the number of further samples read
VALUES = 2**23  # samples of all estimates of a piece together: bounds the memory


class Estimates:
    """The estimates of all conditions, at the sample rate of the audio.

    Within the model's band, an estimate is mask times complex mixture. Above, it is `silence`, or the `share` of the
    mixture: its proportion, frame by frame, is that of the estimate in the upper octave of the model's band.

    Args:
        audio: the mixture.
        separator: a trained model.
        conditions: conditions by name.
        consistency: as `evaluate.consistency` in `params.yaml`.
        above: content above the model's band.
        advance: called with progress, over all samples twice: in the search for the mixture's peak, which scales the
            input, and in the computation of pieces.

    Raises:
        UserError: the audio contains NaN or infinite values.
    """

    def __init__(
        self,
        audio: Audio,
        separator: Separator,
        conditions: Conditions,
        consistency: Consistency,
        above: Above,
        advance: Advance,
    ) -> None:
        self._audio, self._conditions, self._above, self._advance = audio, conditions, above, advance
        settings = separator.architecture.spectrogram
        band = Resampled(audio, settings.sample_rate)
        peak = _peak(audio, settings, advance)
        self._masked = _Masked(band, separator, conditions, consistency, peak)
        self._band, self._own = Resampled(band, audio.rate), Resampled(self._masked, audio.rate)

    def pieces(self) -> Iterator[dict[str, Waveform]]:
        """All samples, piece by piece."""
        length = max(1, VALUES // (len(self._conditions) * self._audio.channels))
        for start in range(0, self._audio.samples, length):
            stop = min(start + length, self._audio.samples)
            yield self.read(start, stop)
            self._advance(stop - start)

    def read(self, start: int, stop: int) -> dict[str, Waveform]:
        """Samples `start` to `stop` of every estimate, `(stop - start, channels)`, by name of its condition."""
        low = self._own.read(start, stop).T.reshape(len(self._conditions), self._audio.channels, stop - start)
        if self._above == "share":
            high = self._audio.read(start, stop) - self._band.read(start, stop)
            low += self._shares(start, stop)[:, None] * high.T
        return {name: estimate.T for name, estimate in zip(self._conditions, low, strict=True)}

    def _shares(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Proportion of every estimate in the upper octave `(conditions, samples)`, interpolated between frames."""
        centres, shares = self._masked.shares(*self._own.needs(start, stop))
        seconds = np.arange(start, stop) / self._audio.rate
        return np.stack([np.interp(seconds, centres, share) for share in shares]).astype(np.float32)


class _Masked(Audio):
    """The estimates at the model's rate: channels are those of the mixture under the first mask, the second, ..."""

    def __init__(
        self, mixture: Audio, separator: Separator, conditions: Conditions, consistency: Consistency, peak: float
    ) -> None:
        self.rate, self.samples, self.channels = mixture.rate, mixture.samples, len(conditions) * mixture.channels
        self._mixture, self._separator, self._conditions = mixture, separator, conditions
        self._consistency = consistency
        self._peak = peak
        self._settings = separator.architecture.spectrogram
        self._frames = frame_count(mixture.samples, self._settings)
        self._analyse = lru_cache(maxsize=1)(self._analyse_frames)  # estimates and their shares need the same

    def shares(self, start: int, stop: int) -> tuple[npt.NDArray[np.float64], list[npt.NDArray[np.float32]]]:
        """Centres in seconds of the frames around these samples, and the share of every estimate per frame."""
        first, last = self._frames_around(start, stop)
        channels, masks = self._analyse(first, last)
        octave = slice(channels.shape[1] // 2, None)
        weights = np.abs(channels.mean(axis=0)[octave]) + EPSILON
        shares = [(mask[octave] * weights).sum(axis=0) / weights.sum(axis=0) for mask in masks]
        return frame_centres(first, last, self._settings), shares

    def _read(self, start: int, stop: int) -> Waveform:
        first, last = self._frames_around(start, stop)
        channels, masks = self._analyse(first, last)
        origin = first * self._settings.hop
        waveforms = [istft(mask * channel, stop - origin, self._settings) for mask in masks for channel in channels]
        return np.stack(waveforms, axis=1)[start - origin :]

    def _frames_around(self, start: int, stop: int) -> tuple[int, int]:
        """First and last of the frames that overlap these samples."""
        hop, margin = self._settings.hop, _margin(self._settings)
        return max(0, start // hop - margin), min(self._frames, -(-stop // hop) + margin)

    def _analyse_frames(self, first: int, last: int) -> tuple[Complex, list[Mask]]:
        """Spectrograms of the channels `(channels, bins, frames)`, and all masks `(bins, frames)`."""
        start, stop = self._patches_around(first, last)
        channels = spectrograms(self._mixture, start, stop, self._settings)
        masks = self._separator.masks_of(channels.mean(axis=0), self._peak, self._conditions, self._consistency)
        frames = slice(first - start, last - start)
        return channels[:, :, frames], [mask[:, frames] for mask in masks.values()]

    def _patches_around(self, first: int, last: int) -> tuple[int, int]:
        """First and last frame of the patches that contain any of these frames."""
        length, step = self._separator.architecture.frames, self._separator.step
        start = max(0, -(-(first - length + 1) // step) * step)
        return start, min(self._frames, (last - 1) // step * step + length)


def spectrograms(audio: Audio, first: int, last: int, settings: Spectrogram) -> Complex:
    """Frames `first` to `last` of the spectrogram of every channel `(channels, bins, frames)`."""
    margin = _margin(settings)
    piece = audio.read((first - margin) * settings.hop, (last + margin) * settings.hop)
    return np.stack([stft(channel, settings)[:, margin : margin + last - first] for channel in piece.T])


def _peak(audio: Audio, settings: Spectrogram, advance: Advance) -> float:
    """Largest magnitude in the spectrogram of the mixture; 1 for silence, as in training."""
    mono = Resampled(Downmix(audio), settings.sample_rate)
    frames, peak = frame_count(mono.samples, settings), 0.0
    seconds = VALUES / (audio.rate * audio.channels)
    length = max(1, round(seconds * settings.sample_rate / settings.hop))
    for first in range(0, frames, length):
        last = min(first + length, frames)
        found = float(np.abs(spectrograms(mono, first, last, settings)).max())
        if not np.isfinite(found):
            raise UserError("contains NaN or infinite values")
        peak = max(peak, found)
        advance((last - first) / frames * audio.samples)
    return peak or 1.0


def _margin(settings: Spectrogram) -> int:
    """Number of frames beyond which a frame does not depend on a sample."""
    return -(-settings.window // settings.hop) + 1
