"""Files of open and restricted records, with credentials right, wrong and absent."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from cunet.datasets import http, zenodo
from cunet.errors import UserError
from tests.datasets.archive_server import ArchiveServer, serve

CONTENT = random.Random(1).randbytes(200_000)
FILE = zenodo.ZenodoFile("1117372", "musdb 18.zip", len(CONTENT), f"md5:{hashlib.md5(CONTENT).hexdigest()}")
ADDRESS = "/api/records/1117372/files/musdb%2018.zip/content"
SECRET = "s3cr3t"


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchiveServer]:
    for name in ("ZENODO_LINK", "ZENODO_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setattr(http, "PAUSE", 0.01)
    with serve(CONTENT) as server:
        monkeypatch.setattr(zenodo, "ADDRESS", server.address)
        yield server


@pytest.fixture(autouse=True)
def _nothing_secret_is_shown(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    out, err = capsys.readouterr()
    assert SECRET not in out + err + "".join(record.getMessage() for record in caplog.get_records("call"))


def explained(path: Path, *words: str) -> str:
    """The one line with which the download ends."""
    with pytest.raises(UserError) as error:
        zenodo.download(FILE, path, 0)
    text = str(error.value)
    assert "\n" not in text
    assert SECRET not in text
    for word in words:
        assert word in text
    assert not path.exists()
    return text


def test_an_open_record_needs_nothing(archive: ArchiveServer, tmp_path: Path) -> None:
    zenodo.download(FILE, tmp_path / "a.zip", 0)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    (request,) = archive.requests
    assert request.path == ADDRESS
    assert "Authorization" not in request.headers
    zenodo.download(FILE, tmp_path / "a.zip", 0)
    assert len(archive.requests) == 1


def test_a_token_opens_a_record(archive: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("ZENODO_TOKEN", f" {SECRET}\n")
    archive.faults.bearer = SECRET
    archive.faults.cut_after, archive.faults.cuts = 120_000, 1
    zenodo.download(FILE, tmp_path / "a.zip", 0)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert [request.path for request in archive.requests] == [ADDRESS, ADDRESS]


@pytest.mark.parametrize("cookie", [False, True])
@pytest.mark.parametrize("form", ["records/1117372?token=", "record/1117372/?preview=1&token="])
def test_a_link_opens_a_record(
    archive: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, cookie: bool
) -> None:
    monkeypatch.setenv("ZENODO_LINK", f"{archive.address}/{form}{SECRET}")
    monkeypatch.setenv("ZENODO_TOKEN", "the link goes first")
    archive.faults.share, archive.faults.cookie = SECRET, cookie
    zenodo.download(FILE, tmp_path / "a.zip", 0)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    page, file = archive.requests
    assert page.path == f"/records/1117372?token={SECRET}"
    assert file.path == f"{ADDRESS}?token={SECRET}"
    assert "Authorization" not in file.headers
    zenodo.download(FILE, tmp_path / "a.zip", 0)
    assert len(archive.requests) == 2


def test_what_urllib3_logs_holds_no_token(
    archive: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("ZENODO_LINK", f"{archive.address}/records/1117372?token={SECRET}")
    archive.faults.share, archive.faults.broken_header = SECRET, True
    zenodo.download(FILE, tmp_path / "a.zip", 0)
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


@pytest.mark.parametrize("status", [401, 403, 404])
def test_without_a_credential_all_steps_are_told(archive: ArchiveServer, tmp_path: Path, status: int) -> None:
    archive.faults.status = status
    text = explained(tmp_path / "a.zip", "musdb 18.zip", f"status {status}", "Request access", "musdb.source")
    for step in ("/records/1117372", "ZENODO_LINK", "/account/settings/applications/", "ZENODO_TOKEN"):
        assert step in text
    assert "refused" not in text


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize(("name", "other"), [("ZENODO_LINK", "ZENODO_TOKEN"), ("ZENODO_TOKEN", "ZENODO_LINK")])
def test_a_credential_that_is_refused_is_named(
    archive: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, other: str, status: int
) -> None:
    link = f"{archive.address}/records/1117372?token={SECRET}"
    monkeypatch.setenv(name, link if name == "ZENODO_LINK" else SECRET)
    archive.faults.status = status
    text = explained(tmp_path / "a.zip", f"{name} was refused (status {status})", "expired", "musdb.source")
    assert f"{other} was" not in text


def test_a_page_to_sign_in_is_a_refusal(archive: ArchiveServer, tmp_path: Path) -> None:
    archive.faults.page = True
    explained(tmp_path / "a.zip", "restricted", "ZENODO_LINK", "ZENODO_TOKEN")


def test_other_refusals_are_told_as_they_are(archive: ArchiveServer, tmp_path: Path) -> None:
    archive.faults.status = 410
    assert "ZENODO" not in explained(tmp_path / "a.zip", "status 410", ADDRESS)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (SECRET, "not the link"),
        (f"http://[{SECRET}", "not a link"),
        (f"ADDRESS/communities?token={SECRET}", "not the link"),
        (f"https://elsewhere.org/records/1117372?token={SECRET}", "not the link"),
        (f"ADDRESS/records/3338373?token={SECRET}", "record 3338373"),
        (f"ADDRESS/records/1117372?key={SECRET}", "no token"),
        ("ADDRESS/records/1117372?token=", "no token"),
    ],
)
def test_a_link_of_another_form_is_explained(
    archive: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str, words: str
) -> None:
    monkeypatch.setenv("ZENODO_LINK", link.replace("ADDRESS", archive.address))
    explained(tmp_path / "a.zip", "ZENODO_LINK: ", words, f"{archive.address}/records/1117372?token=")
    assert not archive.requests


@pytest.mark.parametrize("token", [f"{SECRET}\n{SECRET}", f"Bearer {SECRET}", f"{SECRET}…"])
def test_a_token_of_another_form_is_explained(
    archive: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("ZENODO_TOKEN", token)
    explained(tmp_path / "a.zip", "ZENODO_TOKEN: not a token")
    assert not archive.requests


@pytest.mark.parametrize("name", ["ZENODO_LINK", "ZENODO_TOKEN"])
def test_another_host_gets_no_credential(
    archive: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    link = f"{archive.address}/records/1117372?token={SECRET}"
    monkeypatch.setenv(name, link if name == "ZENODO_LINK" else SECRET)
    archive.faults.share = SECRET if name == "ZENODO_LINK" else None
    archive.faults.redirect = f"http://localhost:{archive.port}/store/a.zip"
    explained(tmp_path / "a.zip", "refused") if name == "ZENODO_LINK" else zenodo.download(FILE, tmp_path / "a.zip", 0)
    asked, stored = archive.files
    assert SECRET in asked.path + str(asked.headers)
    assert stored.path == "/store/a.zip"
    assert SECRET not in str(stored.headers)
    assert "Cookie" not in stored.headers


def test_no_network_is_told_as_such(archive: ArchiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zenodo, "ADDRESS", "http://127.0.0.1:9")
    monkeypatch.setenv("ZENODO_LINK", f"http://127.0.0.1:9/records/1117372?token={SECRET}")
    explained(tmp_path / "a.zip", "no connection to 127.0.0.1", "nothing is downloaded yet")
