"""The MUSDB18 family (Rafii et al., 2017 and 2019): from a folder, an archive, or Zenodo into the workspace."""

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
from cunet.files import workspace
from cunet.names import is_scattered, normalise
from cunet.settings.base import SUBSETS, Settings, Subset
from cunet.tracks.checks import check_tracks
from cunet.tracks.stems import STEM_SUFFIX

if TYPE_CHECKING:
    from distributed import Client

WAVS = ("mixture.wav", "drums.wav", "bass.wav", "other.wav", "vocals.wav")
RATE = 44100
HOURS = 10  # of music in the full data set, as its authors round it
BLOCK = 1 << 20  # bytes


@dataclass(frozen=True)
class Published:
    """What is published of a data set of the family.

    Attributes:
        name: of the data set.
        file: the archive on Zenodo.
        stems: whether tracks are `.stem.mp4` files, or else folders of WAV files.
        unpacked: size of its tracks in bytes.
        seconds: of music.
        tracks: how many, by subset.
    """

    name: str
    file: ZenodoFile
    stems: bool
    unpacked: int
    seconds: int
    tracks: dict[Subset, int]


class Musdb(Settings):
    """Where a MUSDB18 data set comes from: `download`, a folder, a .zip, or the address of a .zip."""

    source: Annotated[str, Field(min_length=1)]
    checksum: Annotated[str, Field(pattern="^(md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})$")] | None

    @property
    def is_address(self) -> bool:
        """Whether the archive is to be downloaded from a server that the user names."""
        return self.source.lower().startswith(("http://", "https://"))

    @model_validator(mode="after")
    def _source_and_checksum_agree(self) -> "Musdb":
        if self.source == "download" and self.checksum:
            raise ValueError(
                "checksum is for an archive of your own; the download has its published one: set it to null"
            )
        if self.is_address:
            self._check_address()
        return self

    def _check_address(self) -> None:
        try:
            parts = urlsplit(self.source)
        except ValueError as error:
            raise ValueError(f"source is no address ({error})") from None
        if not parts.hostname:
            raise ValueError("source is no address: it names no server")
        if parts.query or parts.username or parts.password:
            raise ValueError(
                "source has a password or a query (?...), which params.yaml and dvc.lock would make public: download "
                "the archive yourself and name the file; a share link of Zenodo belongs in ZENODO_LINK"
            )
        if not self.checksum:
            raise ValueError("checksum is needed for an address: md5:... or sha256:... of the .zip")


def prepare(published: Published, settings: Musdb, subset: Subset, out: Path, client: "Client") -> None:
    """Put the tracks of a subset into the folder `out`, from where `musdb.source` says.

    Raises:
        UserError: the source is not there, is refused, damaged, or of another layout; or the disk is too small.
    """
    source = _source(settings, published)
    tracks = _check_split(source, published.stems)[subset]
    if len(tracks) != published.tracks[subset]:
        print(
            f"{source.name}: {len(tracks)} {subset} tracks; {published.name} has {published.tracks[subset]}, "
            "so scores do not compare with published ones"
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
    """As published; the archive counts where it is to be downloaded and is not there."""
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
    """The user's folder or archive, where there is one."""
    source = _own(settings)
    return [source] if source.exists() else []


def _own(settings: Musdb) -> Path:
    return Path(os.path.expanduser(settings.source))  # leaves what is no user's home as it is


def _source(settings: Musdb, published: Published) -> Path:
    """The folder or archive with the tracks, downloaded where it is to be."""
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
            f"musdb.source: {source} does not exist: name a folder with train/ and test/ in it, a .zip, its address, "
            "or download"
        )
    if (
        source.is_file()
        and settings.checksum
        and (found := checksum_of(source, settings.checksum)) != settings.checksum
    ):
        raise UserError(f"musdb.source: {source} has the checksum {found} in place of {settings.checksum}")
    return source


@dataclass(frozen=True)
class _Track:
    """A track in its source: the name of its file or folder, and its files there and here, with sizes in bytes."""

    name: str
    files: tuple[tuple[str, str, int], ...]

    @property
    def size(self) -> int:
        return sum(size for _, _, size in self.files)


def _list_tracks(source: Path, subset: Subset, stems: bool) -> list[_Track]:
    """The tracks of a subset in a folder or archive, sorted by name; a folder around train/ and test/ is no matter."""
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
            f"musdb.source: {source} holds no {subset}/{expected}: is it another data set of the family (musdb18 and "
            "musdb18-7s are stems, musdb18-hq is WAV)?"
        )
    check_tracks(f"musdb.source: {source}: {subset}", (name.removesuffix(STEM_SUFFIX) for name in found))
    for name, files in found.items():
        if len(files) != (1 if stems else len(WAVS)):
            raise UserError(
                f"musdb.source: {source}: {subset}/{name} is missing, duplicated or incomplete; expected {expected}"
            )
    return [_Track(normalise(name), tuple(files)) for name, files in sorted(found.items())]


def _check_split(source: Path, stems: bool) -> dict[Subset, list[_Track]]:
    """The tracks by subset, none of them for training and for testing."""
    found = {subset: _list_tracks(source, subset, stems) for subset in SUBSETS}
    train, test = ({track.name for track in found[subset]} for subset in SUBSETS)
    if both := sorted(train & test):
        raise UserError(f"musdb.source: {source}: in train and in test: {', '.join(both)}")
    return found


def _members(source: Path, subset: Subset) -> list[tuple[str, int]]:
    """Names and sizes in bytes of the files that may be tracks."""
    if source.is_file():
        try:
            with zipfile.ZipFile(source) as archive:
                return [(member.filename, member.file_size) for member in archive.infolist()]
        except zipfile.BadZipFile as error:
            raise UserError(f"musdb.source: {source} is no whole .zip ({error}): fetch it again") from None
        except OSError as error:
            raise UserError(f"musdb.source: {source} cannot be read: {error.strerror}") from None
    patterns = (f"{outer}{subset}/{inner}" for outer in ("", "*/") for inner in ("*", "*/*"))
    paths = (path for pattern in patterns for path in source.glob(pattern) if path.is_file())
    return [(path.relative_to(source).as_posix(), path.stat().st_size) for path in paths]


def _copy(source: Path, track: _Track, out: Path) -> None:
    """Copy or unpack a track to the folder `out`, where it appears whole or not at all."""
    part = out / f"{track.name}.part"
    try:
        with _opened(source) as open_member:
            for member, name, _ in track.files:
                target = part / name  # a stem file has no name of its own below the track
                target.parent.mkdir(exist_ok=True)
                with open_member(member) as origin, target.open("wb") as copy:
                    shutil.copyfileobj(origin, copy, BLOCK)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UserError(
            f"musdb.source: {source}: {track.name} cannot be unpacked ({error}): fetch the archive again, or unpack it "
            "yourself and name the folder"
        ) from None
    except OSError as error:
        raise UserError(f"{source}: {track.name} cannot be copied to {out}: {error.strerror}") from None
    part.replace(out / track.name)


@contextmanager
def _opened(source: Path) -> Iterator[Callable[[str], IO[bytes]]]:
    """What opens a file of a folder or archive by its name."""
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
        description="professionally mixed songs, for research and not for commerce",
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
