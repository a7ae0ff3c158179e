"""Settings of the data sets."""

import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from cunet.settings.base import Positive, Section


class Synthetic(Section):
    """The data set composed from a seed: numbers of songs and their length."""

    train: Positive
    test: Positive
    seconds: Annotated[float, Field(ge=2)]
    seed: int


class Musdb(Section):
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


class Folder(Section):
    """A user's own multitracks at `<root>/{train,test}/<track>/<instrument>.<wav|flac|ogg>`."""

    root: Path

    @field_validator("root")
    @classmethod
    def _dvc_finds_it(cls, root: Path) -> Path:
        if str(root).startswith("~"):
            raise ValueError(f"DVC does not expand ~: write {os.path.expanduser(root)}")
        return root
