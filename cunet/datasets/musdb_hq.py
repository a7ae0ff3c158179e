"""Tracks in the MUSDB18-HQ layout, `{train,test}/<track>/{mixture,drums,bass,other,vocals}.wav`, read by musdb."""

from dataclasses import dataclass
from pathlib import Path

import musdb
import numpy as np

from cunet.datasets.track import MIXTURE, Waveform


@dataclass(frozen=True)
class MusdbTrack:
    """A track that musdb decodes when it is read."""

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
        """A source, or the mixture: `(samples, channels)` float32 in [-1, 1], and its rate in Hz."""
        audio = self.multitrack if source == MIXTURE else self.multitrack.sources[source]
        return audio.audio.astype(np.float32), int(audio.rate)


def tracks(root: Path) -> list[MusdbTrack]:
    """The tracks in `root`, a folder called `train` or `test`, sorted by name."""
    database = musdb.DB(root=str(root.parent), is_wav=True, subsets=[root.name])
    return [MusdbTrack(track) for track in sorted(database, key=lambda track: str(track.name))]
