"""Files of Zenodo records, restricted ones included.

Credentials come only from the environment and are never shown: `ZENODO_LINK`, the link that the owners of a
restricted record send, or `ZENODO_TOKEN`, a personal access token. If both are set, the link is used.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import requests
from requests.auth import AuthBase

from cunet.datasets import http
from cunet.datasets.fetch import fetch
from cunet.errors import UserError

ADDRESS = "https://zenodo.org"
LINK, TOKEN = "ZENODO_LINK", "ZENODO_TOKEN"
REFUSALS = (200, 401, 403, 404)  # 200: a login page; 404: Zenodo hides files without access
OWN_COPY = "or set musdb.source to your own folder or archive"


@dataclass(frozen=True)
class ZenodoFile:
    """A file of a published record."""

    record: str
    name: str
    size: int  # bytes
    checksum: str  # md5:<hex>


class _Bearer(AuthBase):
    """Zenodo's token; as `auth`, it also overrides ~/.netrc."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def download(file: ZenodoFile, path: Path, room: int) -> None:
    """Download a file to `path`, as `fetch` does; `room` is the space for unpacking, in bytes.

    Raises:
        UserError: the record is restricted and no credential opens it, a credential is malformed, or the download
            failed; tells what to do.
    """
    if path.exists():
        return
    link, token = (os.environ.get(name, "").strip() for name in (LINK, TOKEN))
    with http.new_session() as session:
        if link:
            _use_link(session, link, file)
        elif token:
            _use_token(session, token)
        # The API's address: the web address returns a login page with status 200 for a restricted file.
        url = f"{ADDRESS}/api/records/{file.record}/files/{quote(file.name)}/content"
        try:
            fetch(url, path, file.checksum, file.size, room, session)
        except http.RefusedError as error:
            if error.status not in REFUSALS:
                raise
            used = LINK if link else TOKEN if token else None
            raise UserError(_explanation(file, error.status, used)) from None


def _use_link(session: requests.Session, link: str, file: ZenodoFile) -> None:
    """Open the record's page with the link: it sets the cookie that gives access to the files."""
    session.params = {"token": _share_token(link, file)}
    with suppress(requests.RequestException):  # the request for the file will fail and report the same
        session.get(f"{ADDRESS}/records/{file.record}", timeout=http.TIMEOUT, stream=True).close()


def _share_token(link: str, file: ZenodoFile) -> str:
    expected = f"{ADDRESS}/records/{file.record}?token=..., as in the e-mail that grants access"
    try:
        parts = urlsplit(link)
    except ValueError:
        raise UserError(f"{LINK}: not a link; expected {expected}") from None
    record = re.fullmatch(r"/records?/(\d+)(?:/.*)?", parts.path)
    if parts.scheme not in ("http", "https") or parts.hostname != urlsplit(ADDRESS).hostname or record is None:
        raise UserError(f"{LINK}: not the link of a Zenodo record; expected {expected}")
    if record[1] != file.record:
        raise UserError(f"{LINK}: for record {record[1]}, but {file.name} is in {file.record}; expected {expected}")
    tokens = parse_qs(parts.query).get("token")
    if not tokens:
        raise UserError(f"{LINK}: has no token; expected {expected}")
    return tokens[0]


def _use_token(session: requests.Session, token: str) -> None:
    if not re.fullmatch(r"[!-~]+", token):
        raise UserError(f"{TOKEN}: not a token; expected letters and digits without spaces, as shown by Zenodo")
    session.auth = _Bearer(token)


def _explanation(file: ZenodoFile, status: int, used: str | None) -> str:
    """What a refusal means and what to do; `used` is the variable of the credential, if there was one."""
    page, tokens = f"{ADDRESS}/records/{file.record}", f"{ADDRESS}/account/settings/applications/"
    what = f"{file.name} of Zenodo record {file.record}"
    if used == LINK:
        return (
            f"{what}: {LINK} was refused (status {status}): it may be expired, withdrawn or incomplete. Copy it again "
            f"from the e-mail, request access again at {page} ('Request access'), {OWN_COPY}."
        )
    if used == TOKEN:
        return (
            f"{what}: {TOKEN} was refused (status {status}): it may be expired or deleted (create one at {tokens}), or "
            f"its account has no access (log in and request it at {page}, 'Request access'). If you received a link, "
            f"set {LINK} to it, {OWN_COPY}."
        )
    return (
        f"{what} is restricted (status {status}). Request access at {page} ('Request access'). When it is granted, set "
        f"{LINK} to the link in the e-mail, or create a personal access token at {tokens} and set {TOKEN} to it. Then "
        f"run the same command again, {OWN_COPY}."
    )
