"""A trained model, ready to separate any audio."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt

from cunet.audio import Audio, check_bounds
from cunet.conditions.naming import Condition, Conditions
from cunet.errors import UserError
from cunet.masking.separator import Separator
from cunet.names import normalise
from cunet.separate.audio import ArrayAudio
from cunet.separate.estimates import Above, Advance, Estimates
from cunet.settings.evaluation import Consistency
from cunet.signals.arrays import Waveform

Float = npt.NDArray[np.floating]


class Model:
    """A trained architecture that separates audio of any length, rate and number of channels.

    Args:
        folder: what the training or `cunet export` wrote.
        overlap: of the patches, in [0, 1): more is smoother and slower.
        consistency: as `evaluate.consistency` in `params.yaml`.

    Attributes:
        name: of the architecture, such as `simple-dense-pairs`.
        instruments: that it knows, sorted.
        rate: in Hz, of the mono spectrograms that its masks are computed from; it changes nothing above `rate / 2`.
    """

    def __init__(self, folder: Path, overlap: float, consistency: Consistency) -> None:
        self._separator, self._consistency = Separator(folder, overlap), consistency
        self.name = self._separator.architecture.name
        self.instruments = self._separator.architecture.instruments
        self.rate = self._separator.architecture.spectrogram.sample_rate

    def __repr__(self) -> str:
        return f"<Model {self.name}: {', '.join(self.instruments)}, up to {self.rate / 2:g} Hz>"

    def separate(self, audio: Float, rate: int, condition: str | Condition, above: Above = "share") -> Waveform:
        """What a condition asks for, of the shape and at the rate of `audio`, float32.

        Args:
            audio: the mixture, `(samples,)` or `(samples, channels)`, floating point, full scale at ±1.
            rate: of the samples, in Hz.
            condition: an instrument, or weights in [0, 1] by instrument; those left out are 0.
            above: what there is above `self.rate / 2` Hz: the mixture's `share`, as large as the estimate's share in
                the octave below, frame by frame; or `silence`.

        Raises:
            UserError: an unknown instrument, or audio or a weight that is not as above.
        """
        (estimate,) = self._estimates(audio, rate, {"estimate": self.condition(condition)}, above).values()
        return estimate

    def stems(self, audio: Float, rate: int, above: Above = "share") -> dict[str, Waveform]:
        """All instruments one by one; audio, rate, above and errors are those of `separate`.

        The stems of a model with the consistency `ratio` add up to `audio`, unless there is `silence` above.
        """
        return self._estimates(audio, rate, self.single_conditions(), above)

    def condition(self, asked: str | Condition) -> Condition:
        """A weight for every instrument.

        Raises:
            UserError: neither a name nor weights by name, an unknown instrument, or a weight outside [0, 1].
        """
        if not isinstance(asked, str | Mapping):
            raise UserError(f"{asked!r}: expected an instrument, or weights such as {{'vocals': 1, 'drums': 0.5}}")
        given = {asked: 1.0} if isinstance(asked, str) else asked
        weights = {normalise(name): weight for name, weight in given.items()}
        if unknown := [name for name in weights if name not in self.instruments]:
            raise UserError(f"the model knows no {unknown[0]!r}: it knows {', '.join(self.instruments)}")
        if not any(weights.values()):
            raise UserError("nothing is asked for: give an instrument a weight above 0")
        for name, weight in weights.items():
            if not 0 <= weight <= 1:
                raise UserError(f"{name}={weight:g}: a weight lies between 0 and 1")
        return {name: float(weights.get(name, 0.0)) for name in self.instruments}

    def single_conditions(self) -> Conditions:
        """The condition of every instrument."""
        return {name: self.condition(name) for name in self.instruments}

    def estimates(
        self,
        audio: Audio,
        conditions: Conditions,
        above: Above = "share",
        advance: Advance = lambda samples: None,
    ) -> Estimates:
        """For audio too long for memory: the estimates piece by piece."""
        if above not in get_args(Above):
            raise UserError(f"above={above!r}: it is one of {', '.join(get_args(Above))}")
        return Estimates(audio, self._separator, conditions, self._consistency, above, advance)

    def _estimates(self, audio: Float, rate: int, conditions: Conditions, above: Above) -> dict[str, Waveform]:
        audio = np.asarray(audio)
        waveform = _check(audio, rate)
        try:
            pieces = list(self.estimates(ArrayAudio(waveform, rate), conditions, above).pieces())
        except UserError as error:
            raise UserError(f"the audio {error}") from None
        return {name: np.concatenate([piece[name] for piece in pieces]).reshape(audio.shape) for name in conditions}


def _check(audio: Float, rate: int) -> Waveform:
    """Audio as `(samples, channels)` float32."""
    if not np.issubdtype(audio.dtype, np.floating):
        raise UserError(f"the audio is {audio.dtype}: expected floating point, with full scale at ±1")
    if audio.ndim not in (1, 2) or not audio.size:
        raise UserError(f"the audio has the shape {audio.shape}: expected (samples,) or (samples, channels)")
    if audio.ndim == 2 and audio.shape[0] < audio.shape[1]:
        raise UserError(f"the audio has the shape {audio.shape}, more channels than samples: transpose it")
    if not isinstance(rate, int | np.integer) or rate < 1:
        raise UserError(f"rate={rate}: expected a whole number of samples per second")
    try:
        check_bounds(int(rate), audio.shape[1] if audio.ndim == 2 else 1)
    except UserError as error:
        raise UserError(f"the audio {error}") from None
    return audio.reshape(len(audio), -1).astype(np.float32)
