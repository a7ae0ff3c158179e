"""A trained model that separates any audio."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt

from cunet.audio.pieces import Audio, check_bounds
from cunet.conditions.naming import Condition, Conditions
from cunet.errors import UserError, suggestion
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
        folder: folder written by training or `cunet export`.
        overlap: overlap of patches, in [0, 1): more is smoother and slower.
        consistency: as `evaluate.consistency` in `params.yaml`.

    Attributes:
        name: name of the architecture, such as `simple-dense-pairs`.
        instruments: instruments that it separates, sorted.
        rate: sample rate in Hz of the mono spectrograms behind its masks, which end at `rate / 2`.
    """

    def __init__(self, folder: Path, overlap: float, consistency: Consistency) -> None:
        self._separator, self._consistency = Separator(folder, overlap), consistency
        self.name = self._separator.architecture.name
        self.instruments = self._separator.architecture.instruments
        self.rate = self._separator.architecture.spectrogram.sample_rate

    def __repr__(self) -> str:
        return f"<Model {self.name}: {', '.join(self.instruments)}, up to {self.rate / 2:g} Hz>"

    def separate(self, audio: Float, rate: int, condition: str | Condition, above: Above = "share") -> Waveform:
        """The estimate for a condition, float32 in the shape and at the rate of `audio`.

        Args:
            audio: the mixture, `(samples,)` or `(samples, channels)`, floating point, full scale at ±1.
            rate: sample rate in Hz.
            condition: an instrument, or weights in [0, 1] by instrument; omitted ones are 0.
            above: content above `self.rate / 2` Hz: the `share` of the mixture that the estimate has in the octave
                below, frame by frame, or `silence`.

        Raises:
            UserError: an unknown instrument, or invalid audio or weights.
        """
        (estimate,) = self._estimates(audio, rate, {"estimate": self.condition(condition)}, above).values()
        return estimate

    def stems(self, audio: Float, rate: int, above: Above = "share") -> dict[str, Waveform]:
        """The estimates of all instruments; audio, rate, above and errors are those of `separate`.

        The stems of a model with the consistency `ratio` add up to `audio`, unless there is `silence` above.
        """
        return self._estimates(audio, rate, self.single_conditions(), above)

    def condition(self, asked: str | Condition) -> Condition:
        """The weights of all instruments, from an instrument or some weights.

        Raises:
            UserError: neither a name nor weights by name, an unknown instrument, no weight above 0, or a weight
                outside [0, 1].
        """
        if not isinstance(asked, str | Mapping):
            raise UserError(f"{asked!r}: expected an instrument, or weights such as {{'vocals': 1, 'drums': 0.5}}")
        given = {asked: 1.0} if isinstance(asked, str) else asked
        weights = {normalise(name): weight for name, weight in given.items()}
        if unknown := [name for name in weights if name not in self.instruments]:
            raise UserError(
                f"unknown instrument {unknown[0]!r}; the model separates {', '.join(self.instruments)}"
                f"{_hint(unknown[0], self.instruments)}"
            )
        if not any(weights.values()):
            raise UserError("all weights are 0. Give at least one instrument a weight above 0.")
        for name, weight in weights.items():
            if not 0 <= weight <= 1:
                raise UserError(f"{name}={weight:g}: a weight must be between 0 and 1")
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
        """The estimates piece by piece, for audio that does not fit the memory."""
        if above not in get_args(Above):
            raise UserError(f"above={above!r}: expected {' or '.join(get_args(Above))}")
        return Estimates(audio, self._separator, conditions, self._consistency, above, advance)

    def _estimates(self, audio: Float, rate: int, conditions: Conditions, above: Above) -> dict[str, Waveform]:
        audio = np.asarray(audio)
        waveform = _check(audio, rate)
        try:
            pieces = list(self.estimates(ArrayAudio(waveform, rate), conditions, above).pieces())
        except UserError as error:
            raise UserError(f"the audio {error}") from None
        return {name: np.concatenate([piece[name] for piece in pieces]).reshape(audio.shape) for name in conditions}


def _hint(name: str, instruments: Sequence[str]) -> str:
    """What an unknown instrument was probably meant to be: a weight, several instruments, or another spelling."""
    parts = [part.strip() for part in re.split("[:;,+ ]", name)]
    if ":" in name and parts[0] in instruments:
        return f"; write weights with =, as in {parts[0]}=1"
    if len(parts) > 1 and set(parts) <= set(instruments):
        weights = ",".join(f"{part}=1" for part in parts)
        return f"; give one instrument at a time, or ask for their sum with {weights}"
    if name.isdecimal():
        return "; write decimals with a point, as in 0.5"
    return suggestion(name, instruments)


def _check(audio: Float, rate: int) -> Waveform:
    """Audio as `(samples, channels)` float32."""
    if not np.issubdtype(audio.dtype, np.floating):
        raise UserError(f"the audio is {audio.dtype}. Convert it to floating point with full scale at ±1.")
    if audio.ndim not in (1, 2) or not audio.size:
        raise UserError(f"the audio has the shape {audio.shape}; expected (samples,) or (samples, channels)")
    if audio.ndim == 2 and audio.shape[0] < audio.shape[1]:
        raise UserError(f"the audio has the shape {audio.shape}, with more channels than samples. Transpose it.")
    if not isinstance(rate, int | np.integer) or rate < 1:
        raise UserError(f"rate={rate}: expected a whole number of samples per second")
    try:
        check_bounds(int(rate), audio.shape[1] if audio.ndim == 2 else 1)
    except UserError as error:
        raise UserError(f"the audio {error}") from None
    return audio.reshape(len(audio), -1).astype(np.float32)
