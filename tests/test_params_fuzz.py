"""Nonsense in params.yaml: always one line, at once, and nothing that a stage could stumble over."""

import copy
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cunet.errors import UserError
from cunet.params import load_params
from tests.conftest import ROOT

SEED, SHORT, LONG = 20261127, 300, 10_000
TOP = yaml.safe_load((ROOT / "params.yaml").read_text())
NONSENSE: list[Any] = [
    *(None, True, False, "", " ", "0", "00", "x", "../x", "\0", "é" * 1000, "${film}", "1e3", "inf"),
    *(0, -1, 1, 2, 3, 10**6, 10**12, 10**400, -(10**12), 0.5, -0.5, 1e308, 1e-320),
    *(float("inf"), float("-inf"), float("nan")),
    *([], [[]], [None], [True], ["0"], [0, 0], [-1], {}, {"x": 1}, {1: 2}, {"": ""}, [{}] * 3),
]
FRAGMENTS = [b"\x00", b"\xff\xfe", b"&a [*a]", b"!!python/object:os.system", b"\t", b"9" * 5000]


def places(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where every value of nested dictionaries and lists is."""
    if place:
        yield place
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, entry in entries:
        yield from places(entry, (*place, name))


def mutated(rng: random.Random) -> Any:
    """The parameters of the repository with a value replaced, removed, or put where it does not belong."""
    values = copy.deepcopy(TOP)
    *path, last = rng.choice(list(places(TOP)))
    section = values
    for name in path:
        section = section[name]
    kind = rng.random()
    if kind < 0.8:
        section[last] = rng.choice(NONSENSE)
    elif kind < 0.9:
        del section[last]
    elif isinstance(section, dict):
        section[rng.choice(["x", "", "film", 1])] = rng.choice(NONSENSE)
    return values


def mutated_bytes(rng: random.Random) -> bytes:
    """The file of the repository with some bytes changed, removed or repeated."""
    content = bytearray((ROOT / "params.yaml").read_bytes())
    for _ in range(rng.randint(1, 5)):
        where = rng.randrange(len(content))
        kind = rng.randrange(4)
        if kind == 0:
            content[where] = rng.randrange(256)
        elif kind == 1:
            del content[where : where + rng.randint(1, 40)]
        elif kind == 2:
            content[where:where] = content[where : where + 40] * rng.randint(1, 50)
        else:
            content[where:where] = rng.choice(
                [b"\x00", b"\xff\xfe", b"&a [*a]", b"!!python/object:os.system", b"\t", b"9" * 5000]
            )
    return bytes(content)


def check(path: Path, what: str) -> bool:
    """Whether a file is accepted; what is wrong is one line, soon."""
    begin = time.monotonic()
    try:
        params = load_params(path)
    except UserError as error:
        assert "\n" not in str(error), what
        assert len(str(error)) < 3000, what
        return False
    finally:
        assert time.monotonic() - begin < 5, what
    assert_usable(params.model_dump())
    return True


def assert_usable(values: Any) -> None:
    """Numbers that were accepted are finite, and nothing is absurdly large."""
    for place in places(values):
        value = values
        for name in place:
            value = value[name]
        if isinstance(value, int | float):
            assert abs(value) < 2**33, place


def fuzz(tmp_path: Path, count: int) -> None:
    rng = random.Random(SEED)
    path = tmp_path / "params.yaml"
    accepted = 0
    for number in range(count):
        content = mutated_bytes(rng) if number % 3 == 0 else yaml.safe_dump(mutated(rng), allow_unicode=True).encode()
        path.write_bytes(content)
        accepted += check(path, f"number {number} of seed {SEED}")
    assert 0 < accepted < count / 2


def test_nonsense_in_params_yaml_is_one_line(tmp_path: Path) -> None:
    fuzz(tmp_path, SHORT)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_much_nonsense_in_params_yaml_is_one_line(tmp_path: Path) -> None:
    fuzz(tmp_path, LONG)


def test_what_is_no_text_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.mkdir()
    with pytest.raises(UserError, match="cannot be read"):
        load_params(path)
    path.rmdir()
    for content in ("\xff\xfe".encode("latin-1"), b"[" * 100_000, b"film: " + b"9" * 5000, b"a: &a [*a]"):
        path.write_bytes(content)
        assert not check(path, repr(content[:20]))
