"""spectrograms: compute complex spectrograms of audio, one HDF5 file per track."""

from pathlib import Path

from cunet import cluster
from cunet.cli.running import run_stage
from cunet.files import identity, resumable_folder
from cunet.params import load_params
from cunet.preprocess.writing import write_track
from cunet.tracks.reading import read_tracks
from cunet.tracks.track import DECODING_MEMORY


def main(audio: Path, out: Path) -> None:
    """Write the spectrograms of the tracks in `audio` to `out`."""
    params = load_params()
    tracks = read_tracks(audio)
    made_of = identity("spectrograms", params.spectrogram, inputs=[audio])
    with (
        resumable_folder(out, made_of) as folder,
        cluster.connect(params.dask, DECODING_MEMORY, processes=False) as client,
    ):
        jobs = cluster.for_each(
            client,
            write_track,
            tracks,
            lambda track: (track, (folder / f"{track.name}.h5").resolve(), params.spectrogram),
            f"{audio.name}: spectrograms",
            done=lambda track: (folder / f"{track.name}.h5").exists(),
        )
        for _ in jobs:
            pass


if __name__ == "__main__":
    run_stage(main)
