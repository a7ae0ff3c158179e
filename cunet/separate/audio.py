"""Audio derived from other data: a waveform in memory, a downmix, another sample rate."""

from cunet.audio.pieces import Audio
from cunet.signals.arrays import Waveform
from cunet.signals.resampling import downmix, ratio, resample


class ArrayAudio(Audio):
    """A waveform in memory, `(samples, channels)`, or the part of a longer one from sample `start` on."""

    def __init__(self, waveform: Waveform, rate: int, start: int = 0) -> None:
        self.rate, self.samples, self.channels = rate, start + len(waveform), waveform.shape[1]
        self._waveform, self._start = waveform, start

    def _read(self, start: int, stop: int) -> Waveform:
        return self._waveform[start - self._start : stop - self._start]


class Downmix(Audio):
    """The mean of the channels of another audio."""

    def __init__(self, audio: Audio) -> None:
        self.rate, self.samples, self.channels = audio.rate, audio.samples, 1
        self._audio = audio

    def _read(self, start: int, stop: int) -> Waveform:
        return downmix(self._audio.read(start, stop))


class Resampled(Audio):
    """Another audio at another rate: equal to `resample` of the whole, but computed piece by piece when read."""

    def __init__(self, audio: Audio, rate: int) -> None:
        self._up, self._down = ratio(audio.rate, rate)
        # The filter of resample_poly extends ten samples of the lower rate to either side; see its documentation.
        self._reach = -(-10 * max(self._up, self._down) // (self._up * self._down)) + 1
        self._audio = audio
        self.rate, self.samples, self.channels = rate, -(-audio.samples * self._up // self._down), audio.channels

    def needs(self, start: int, stop: int) -> tuple[int, int]:
        """First and last sample of the other audio needed to compute the samples `start` to `stop`."""
        first, last = start // self._up - self._reach, -(-stop // self._up) + self._reach
        return first * self._down, last * self._down

    def _read(self, start: int, stop: int) -> Waveform:
        first, last = self.needs(start, stop)
        offset = first // self._down * self._up
        piece = resample(self._audio.read(first, last), self._audio.rate, self.rate)
        return piece[start - offset : stop - offset]
