"""Settings of the spectrograms."""

from typing import Annotated

from pydantic import Field, model_validator

from cunet.settings.base import Positive, Settings, Whole


class Spectrogram(Settings):
    """Short-time Fourier transform of the mono waveform: sample rate in Hz, window and hop in samples."""

    sample_rate: Annotated[Whole, Field(ge=1000, le=10**6)]
    window: Annotated[Whole, Field(ge=4, le=2**20, multiple_of=2)]
    hop: Positive

    @property
    def bins(self) -> int:
        """Frequency bins that the networks process: all but the one at half the sample rate."""
        return self.window // 2

    @model_validator(mode="after")
    def _hop_keeps_the_signal(self) -> "Spectrogram":
        if self.hop >= self.window:
            raise ValueError(
                f"hop ({self.hop}) must be smaller than window ({self.window}): otherwise samples are lost"
            )
        return self
