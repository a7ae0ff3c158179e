"""Tracks in the layouts of the MUSDB18 family, read by musdb.

As stems, `{train,test}/<track>.stem.mp4`, or as WAV, `{train,test}/<track>/{mixture,drums,bass,other,vocals}.wav`.
"""

from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import musdb
import numpy as np

from cunet.audio import Waveform, read_audio
from cunet.datasets.track import MIXTURE
from cunet.errors import UserError

STEM_SUFFIX = ".stem.mp4"
STREAMS = 5  # of a stem file: the mixture and four sources
MISSING_SECONDS = 0.1  # that a decoder may leave out at the ends


@dataclass(frozen=True)
class MusdbTrack:
    """A track that musdb decodes when it is read, one source at a time."""

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
            UserError: less comes out than the file announces; ffmpeg's errors would else be silence.
        """
        track = self.multitrack if source == MIXTURE else self.multitrack.sources[source]
        rate = int(self.multitrack.rate)
        # musdb decodes WAV files by ffmpeg too, which takes several times as long for the same samples.
        decoded = read_audio(Path(track.path))[0] if self.multitrack.is_wav else track.audio.astype(np.float32)
        if len(decoded) < self.multitrack.samples - MISSING_SECONDS * rate:
            raise UserError(
                f"{self.multitrack.path}: {source} decodes to {len(decoded) / rate:.1f} of "
                f"{self.multitrack.duration:.1f} s: the file is damaged, fetch it again"
            )
        return decoded.reshape(len(decoded), -1), rate


def stem_tracks(root: Path) -> list[MusdbTrack]:
    """The tracks as stems in `root`, a folder called `train` or `test`, sorted by name.

    Raises:
        UserError: a file is no media file, or holds not the five streams of a stem file.
    """
    tracks = _tracks(root, is_wav=False)
    for track in (track.multitrack for track in tracks):
        if track.info.nb_audio_streams != STREAMS:
            raise UserError(f"{track.path}: {track.info.nb_audio_streams} audio streams in place of {STREAMS}")
    return tracks


def wav_tracks(root: Path) -> list[MusdbTrack]:
    """The tracks as WAV files in `root`, a folder called `train` or `test`, sorted by name.

    Raises:
        UserError: a mixture is no media file.
    """
    return _tracks(root, is_wav=True)


def official_validation_tracks() -> tuple[str, ...]:
    """Names of MUSDB18's fourteen validation tracks, from musdb's own list."""
    return tuple(musdb.DB(root="", subsets=[]).setup["validation_tracks"])


def _tracks(root: Path, is_wav: bool) -> list[MusdbTrack]:
    try:
        database = musdb.DB(root=str(root.parent), is_wav=is_wav, subsets=[root.name])
    except ffmpeg.Error as error:
        reason = " ".join(error.stderr.decode(errors="replace").split())[-200:] or "it says no more"
        raise UserError(f"{root}: ffmpeg cannot read it ({reason}): fetch the data set again") from None
    return [MusdbTrack(track) for track in sorted(database, key=lambda track: str(track.name))]
