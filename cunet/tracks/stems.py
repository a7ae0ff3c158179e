"""Tracks that are stem files, as in MUSDB18: `{train,test}/<track>.stem.mp4`, read by musdb."""

from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import musdb
import numpy as np

from cunet.errors import UserError
from cunet.names import MIXTURE
from cunet.signals.arrays import Waveform

STEM_SUFFIX = ".stem.mp4"
STREAMS = 5  # of a stem file: the mixture and four sources
MISSING_SECONDS = 0.1  # that a decoder may drop at the ends


@dataclass(frozen=True)
class StemTrack:
    """A track that musdb decodes on reading, one source at a time."""

    multitrack: musdb.MultiTrack

    @property
    def name(self) -> str:
        """Name of the track."""
        return str(self.multitrack.name)

    @property
    def instruments(self) -> tuple[str, ...]:
        """Names of the sources, sorted."""
        return tuple(sorted(self.multitrack.sources))

    def read(self, source: str) -> tuple[Waveform, int]:
        """A source, or the mixture: `(samples, channels)` float32 in [-1, 1], and its rate in Hz.

        Raises:
            UserError: the decoded audio is shorter than the file declares; otherwise ffmpeg's errors would be silent.
        """
        track = self.multitrack if source == MIXTURE else self.multitrack.sources[source]
        rate = int(self.multitrack.rate)
        decoded = track.audio.astype(np.float32)
        if len(decoded) < self.multitrack.samples - MISSING_SECONDS * rate:
            raise UserError(
                f"{self.multitrack.path}: is damaged: only {len(decoded) / rate:.1f} of "
                f"{self.multitrack.duration:.1f} s of {source} could be decoded. Download it again."
            )
        return decoded.reshape(len(decoded), -1), rate


def tracks(root: Path) -> list[StemTrack]:
    """The tracks in `root`, a folder called `train` or `test`, sorted by name.

    Raises:
        UserError: a file is not a media file, or does not have the five streams of a stem file.
    """
    try:
        database = musdb.DB(root=str(root.parent), subsets=[root.name])
    except ffmpeg.Error as error:
        reason = " ".join(error.stderr.decode(errors="replace").split())[-200:] or "no reason given"
        raise UserError(f"{root}: ffmpeg cannot read it ({reason}). Download the data set again.") from None
    for track in database:
        if track.info.nb_audio_streams != STREAMS:
            raise UserError(
                f"{track.path}: has {track.info.nb_audio_streams} audio streams instead of {STREAMS}. "
                "Download it again."
            )
    return [StemTrack(track) for track in sorted(database, key=lambda track: str(track.name))]
