"""What answers and errors over HTTP mean in words."""

import logging

import pytest
import requests
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ReadTimeoutError

from cunet.datasets.http import RefusedError, cause_of, check_answer, content_range, new_session, shown_address
from cunet.errors import UserError

URL = "https://me:s3cret@example.org/songs.zip?token=s3cret"


def answer(status: int, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    assert shown_address(URL) == "https://example.org/songs.zip"
    assert shown_address("http://127.0.0.1:8000/a b") == "http://127.0.0.1:8000/a b"


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (answer(200, Content_Length="600"), (0, 600)),
        (answer(200), (0, None)),
        (answer(200, Content_Length="-1"), (0, None)),
        (answer(206, Content_Range="bytes 100-599/600"), (100, 600)),
        (answer(206, Content_Range=" bytes 100-599/* "), (100, None)),
        (answer(416, Content_Range="bytes */600"), (None, 600)),
        (answer(206), (None, None)),
        (answer(206, Content_Range="lines 1-2/3"), (None, None)),
    ],
)
def test_the_place_of_a_part_is_what_the_server_tells(
    response: requests.Response, expected: tuple[int | None, int | None]
) -> None:
    assert content_range(response) == expected


@pytest.mark.parametrize(("status", "words"), [(429, "busy"), (500, "busy"), (403, "refuses"), (302, "refuses")])
def test_an_answer_without_the_file_says_why_and_how_to_go_on(status: int, words: str) -> None:
    with pytest.raises(UserError) as error:
        check_answer(answer(status), URL, "3 kB are kept", "Run it again")
    text = str(error.value)
    assert words in text
    assert f"status {status}" in text
    assert "s3cret" not in text
    assert isinstance(error.value, RefusedError) == (words == "refuses")
    assert ("3 kB are kept. Run it again later." in text) == (words == "busy")


def test_a_web_page_is_no_file_and_a_file_is() -> None:
    with pytest.raises(RefusedError, match="a web page instead of the file") as error:
        check_answer(answer(200, Content_Type="Text/HTML; charset=utf-8"), URL, "", "")
    assert error.value.status == 200
    for status in (200, 206):
        check_answer(answer(status, Content_Type="application/zip"), URL, "", "")


def test_a_broken_connection_is_told_without_the_address() -> None:
    pool = HTTPConnectionPool("example.org")
    unknown = NameResolutionError("example.org", pool, OSError("s3cret"))  # type: ignore[arg-type]
    refused = NewConnectionError(pool, "s3cret")  # type: ignore[arg-type]
    causes = {
        requests.ConnectionError(MaxRetryError(pool, URL, unknown)): "host example.org not found (no network?)",
        requests.ConnectionError(MaxRetryError(pool, URL, refused)): "no connection to example.org",
        requests.ConnectionError(ReadTimeoutError(pool, URL, "s3cret")): "the connection to example.org broke",
        ReadTimeoutError(pool, URL, "s3cret"): "no more data from example.org",
        OSError(): "the connection to example.org broke",
    }
    for error, words in causes.items():
        assert cause_of(error, "example.org") == words


def test_a_session_asks_a_busy_server_again_and_lets_urllib3_quote_no_address() -> None:
    with new_session() as session:
        retries = session.get_adapter(URL).max_retries  # type: ignore[attr-defined]
        assert retries.is_retry("GET", 503)
        assert not retries.is_retry("GET", 404)
        assert retries.status == 4
    assert not logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.WARNING)
