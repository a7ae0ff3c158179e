"""The MUSDB18 family (Rafii et al., 2017 and 2019), from a folder, an archive or Zenodo."""

import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from cunet.cluster import for_each
from cunet.datasets.dataset import Dataset
from cunet.datasets.disk import checksum_of, require_space
from cunet.datasets.extent import Extent
from cunet.datasets.fetch import fetch
from cunet.datasets.zenodo import ZenodoFile, download
from cunet.errors import UserError
from cunet.files import put_in_place, workspace
from cunet.names import is_scattered, normalise
from cunet.settings.base import SUBSETS, Settings, Subset
from cunet.tracks.checks import check_tracks
from cunet.tracks.stems import STEM_SUFFIX

if TYPE_CHECKING:
    from distributed import Client

WAVS = ("mixture.wav", "drums.wav", "bass.wav", "other.wav", "vocals.wav")
RATE = 44100
HOURS = 10  # of music in the full data set, as rounded by its authors
BLOCK = 1 << 20  # bytes


@dataclass(frozen=True)
class Published:
    """Published facts of a data set of the family.

    Attributes:
        name: name of the data set.
        file: the archive on Zenodo.
        stems: whether tracks are `.stem.mp4` files; otherwise they are folders of WAV files.
        unpacked: size of its tracks in bytes.
        seconds: seconds of music.
        tracks: number of tracks, by subset.
    """

    name: str
    file: ZenodoFile
    stems: bool
    unpacked: int
    seconds: int
    tracks: dict[Subset, int]


class Musdb(Settings):
    """Source of a MUSDB18 data set: `download`, a folder, a .zip, or the address of a .zip."""

    source: Annotated[str, Field(min_length=1)]
    checksum: Annotated[str, Field(pattern="^(md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})$")] | None

    @property
    def is_address(self) -> bool:
        """Whether the archive is on a server of the user's choice."""
        return self.source.lower().startswith(("http://", "https://"))

    @model_validator(mode="after")
    def _source_and_checksum_agree(self) -> "Musdb":
        if self.source == "download" and self.checksum:
            raise ValueError(
                "checksum is only for your own archive; set it to null: the download has a published checksum"
            )
        if self.is_address:
            self._check_address()
        return self

    def _check_address(self) -> None:
        try:
            parts = urlsplit(self.source)
        except ValueError as error:
            raise ValueError(f"source is not a valid address ({error})") from None
        if not parts.hostname:
            raise ValueError("source is not a valid address: it has no host name")
        if parts.query or parts.username or parts.password:
            raise ValueError(
                "source has a password or a query (?...), which params.yaml and dvc.lock would make public; download "
                "the archive yourself and give its file, or put a share link of Zenodo in ZENODO_LINK"
            )
        if not self.checksum:
            raise ValueError("an address needs a checksum: md5:... or sha256:... of the .zip")


def prepare(published: Published, settings: Musdb, subset: Subset, out: Path, client: "Client") -> None:
    """Write the tracks of a subset to the folder `out`, from `musdb.source`.

    Raises:
        UserError: the source is missing, refused, damaged, or has another layout; or the disk is too small.
    """
    source = _source(settings, published)
    tracks = _check_split(source, published.stems)[subset]
    if len(tracks) != published.tracks[subset]:
        print(
            f"{source.name}: {len(tracks)} {subset} tracks, but {published.name} has {published.tracks[subset]}: "
            "scores are not comparable with published ones"
        )
    missing = [track for track in tracks if not (out / track.name).exists()]
    require_space(out, sum(track.size for track in missing), f"for the {subset} tracks")
    jobs = for_each(
        client,
        _copy,
        tracks,
        lambda track: (source.resolve(), track, out.resolve()),
        f"{subset}: tracks",
        done=lambda track: (out / track.name).exists(),
    )
    for _ in jobs:
        pass


def extent(published: Published, settings: Musdb) -> Extent:
    """The published size; the archive counts if it still has to be downloaded."""
    whole = sum(published.tracks.values())
    archive = workspace() / "downloads" / published.file.name
    return Extent(
        published.tracks,
        {subset: published.seconds * count / whole for subset, count in published.tracks.items()},
        len(WAVS) - 1,
        published.unpacked,
        published.file.size if settings.source == "download" and not archive.exists() else 0,
    )


def origin(settings: Musdb, subset: Subset) -> list[Path]:
    """The user's folder or archive, if there is one."""
    source = _own(settings)
    return [source] if source.exists() else []


def _own(settings: Musdb) -> Path:
    return Path(os.path.expanduser(settings.source))  # leaves other paths unchanged


def _source(settings: Musdb, published: Published) -> Path:
    """The folder or archive with the tracks, downloaded if necessary."""
    downloads = workspace() / "downloads"
    if settings.source == "download":
        archive = downloads / published.file.name
        download(published.file, archive, room=published.unpacked)
        return archive
    if settings.is_address:
        archive = downloads / f"{str(settings.checksum).partition(':')[2][:8]}-{published.file.name}"
        fetch(settings.source, archive, settings.checksum, room=published.unpacked)
        return archive
    source = _own(settings)
    if not source.exists():
        raise UserError(
            f"musdb.source: {source} does not exist. Use a folder with train/ and test/, a .zip, its address, or "
            "download."
        )
    if (
        source.is_file()
        and settings.checksum
        and (found := checksum_of(source, settings.checksum)) != settings.checksum
    ):
        raise UserError(f"musdb.source: {source} has the checksum {found} instead of {settings.checksum}")
    return source


@dataclass(frozen=True)
class _Track:
    """A track in the source: name of its file or folder; for each file its path there, new name and size in bytes."""

    name: str
    files: tuple[tuple[str, str, int], ...]

    @property
    def size(self) -> int:
        return sum(size for _, _, size in self.files)


def _list_tracks(source: Path, subset: Subset, stems: bool) -> list[_Track]:
    """The tracks of a subset in a folder or archive, sorted by name; train/ and test/ may be one folder deeper."""
    expected = f"<track>{STEM_SUFFIX}" if stems else f"<track>/{{{','.join(WAVS)}}}"
    layout = f"([^/]+{re.escape(STEM_SUFFIX)})()" if stems else f"([^/]+)/({'|'.join(map(re.escape, WAVS))})"
    found: dict[str, list[tuple[str, str, int]]] = {}
    for member, size in sorted(_members(source, subset)):
        if any(map(is_scattered, member.split("/"))):
            continue
        if match := re.fullmatch(rf"(?:[^/]+/)?{subset}/{layout}", member):
            found.setdefault(match[1], []).append((member, match[2], size))
    if not found:
        raise UserError(
            f"musdb.source: {source} has no {subset}/{expected}. Is it another data set of the family (musdb18 and "
            "musdb18-7s have stem files, musdb18-hq has WAV files)?"
        )
    check_tracks(f"musdb.source: {source}: {subset}", (name.removesuffix(STEM_SUFFIX) for name in found))
    for name, files in found.items():
        if len(files) != (1 if stems else len(WAVS)):
            raise UserError(
                f"musdb.source: {source}: {subset}/{name} is missing, duplicated or incomplete; expected {expected}"
            )
    return [_Track(normalise(name), tuple(files)) for name, files in sorted(found.items())]


def _check_split(source: Path, stems: bool) -> dict[Subset, list[_Track]]:
    """The tracks by subset; none may be in both."""
    found = {subset: _list_tracks(source, subset, stems) for subset in SUBSETS}
    train, test = ({track.name for track in found[subset]} for subset in SUBSETS)
    if both := sorted(train & test):
        raise UserError(f"musdb.source: {source}: tracks in both train and test: {', '.join(both)}")
    return found


def _members(source: Path, subset: Subset) -> list[tuple[str, int]]:
    """Names and sizes in bytes of possible track files."""
    if source.is_file():
        try:
            with zipfile.ZipFile(source) as archive:
                return [(member.filename, member.file_size) for member in archive.infolist()]
        except zipfile.BadZipFile as error:
            raise UserError(f"musdb.source: {source} is not an intact .zip ({error}). Download it again.") from None
        except OSError as error:
            raise UserError(f"musdb.source: {source} cannot be read ({error.strerror})") from None
    patterns = (f"{outer}{subset}/{inner}" for outer in ("", "*/") for inner in ("*", "*/*"))
    paths = (path for pattern in patterns for path in source.glob(pattern) if path.is_file())
    return [(path.relative_to(source).as_posix(), path.stat().st_size) for path in paths]


def _copy(source: Path, track: _Track, out: Path) -> None:
    """Copy or unpack a track to the folder `out`, where it appears complete or not at all."""
    part = out / f"{track.name}.part"
    try:
        with _opened(source) as open_member:
            for member, name, _ in track.files:
                target = part / name  # a stem file has no name below the track
                target.parent.mkdir(exist_ok=True)
                with open_member(member) as origin, target.open("wb") as copy:
                    shutil.copyfileobj(origin, copy, BLOCK)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UserError(
            f"musdb.source: {source}: {track.name} cannot be unpacked ({error}). Download the archive again, or unpack "
            "it yourself and give the folder."
        ) from None
    except OSError as error:
        raise UserError(f"{source}: {track.name} cannot be copied to {out} ({error.strerror})") from None
    put_in_place(part, out / track.name)


@contextmanager
def _opened(source: Path) -> Iterator[Callable[[str], IO[bytes]]]:
    """A function that opens a file of a folder or archive by its name."""
    if source.is_dir():
        yield lambda member: (source / member).open("rb")
        return
    with zipfile.ZipFile(source) as archive:
        yield archive.open


def _dataset(published: Published) -> Dataset:
    return Dataset(
        section="musdb",
        settings=Musdb,
        prepare=partial(prepare, published),
        extent=partial(extent, published),
        origin=origin,
        description="professionally mixed songs, for research only, not for commercial use",
        stem_files=published.stems,
    )


MUSDB18 = _dataset(
    Published(
        "musdb18",
        file=ZenodoFile("1117372", "musdb18.zip", 4684228845, "md5:af06762477334799bfc5abf237648207"),
        stems=True,
        unpacked=4700000000,
        seconds=HOURS * 3600,
        tracks={"train": 100, "test": 50},
    )
)
MUSDB18_HQ = _dataset(
    Published(
        "musdb18-hq",
        file=ZenodoFile("3338373", "musdb18hq.zip", 22656664047, "md5:12d4f2ecd55245a4688754dd76363103"),
        stems=False,
        unpacked=HOURS * 3600 * RATE * 4 * len(WAVS),  # 16 bits, stereo
        seconds=HOURS * 3600,
        tracks={"train": 100, "test": 50},
    )
)
MUSDB18_7S = _dataset(
    Published(
        "musdb18-7s",
        file=ZenodoFile("3270814", "MUSDB18-7-STEMS.zip", 147209385, "md5:dc2bdfac5b46ce742bd60009866758a5"),
        stems=True,
        unpacked=148000000,
        seconds=144 * 7,
        tracks={"train": 94, "test": 50},
    )
)
