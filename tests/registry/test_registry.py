"""Everything that can be added, by name."""

import sys
from pathlib import Path

import pytest

from cunet.errors import UserError
from cunet.registry.controls import CONTROLS
from cunet.registry.datasets import DATASETS
from cunet.registry.films import FILMS
from cunet.registry.losses import LOSSES
from cunet.registry.protocols import PROTOCOLS
from cunet.registry.registry import Registry
from cunet.registry.sections import SECTIONS

REGISTRIES = {"controls": CONTROLS, "datasets": DATASETS, "films": FILMS, "losses": LOSSES, "protocols": PROTOCOLS}


@pytest.mark.parametrize("entries", [*REGISTRIES.values(), SECTIONS], ids=[*REGISTRIES, "sections"])
def test_every_entry_is_where_the_registry_says(entries: Registry[object]) -> None:
    assert len(entries) > 1
    assert all(entries[entry] is not None for entry in entries)


def test_an_entry_is_imported_when_it_is_looked_up_and_not_before() -> None:
    sys.modules.pop("this", None)
    poems: Registry[object] = Registry("poem", {"zen": "this:s"})
    poems.check("zen")
    assert list(poems) == ["zen"]
    assert "zen" in poems
    assert poems.places == ["this:s"]
    assert "this" not in sys.modules
    assert str(poems["zen"]).startswith("Gur Mra")


def test_what_is_added_is_found_in_order_and_can_be_taken_out() -> None:
    added: Registry[int] = Registry("number", {"maximum": "sys:maxsize"})
    added["one"] = 1
    assert dict(added) == {"maximum": sys.maxsize, "one": 1}
    assert added.places == ["sys:maxsize"]
    del added["maximum"]
    assert (list(added), len(added)) == (["one"], 1)


def test_a_name_that_nothing_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="unknown loss l2; choose from l1, complex, waveform"):
        LOSSES.check("l2")
    assert LOSSES.get("l2") is None


@pytest.mark.parametrize(("name", "entry"), [("gated-conv", "math:sqrt"), ("gated", "math.sqrt")])
def test_a_name_or_an_entry_that_cannot_be_used_is_refused(name: str, entry: str) -> None:
    with pytest.raises(ValueError, match=r"FiLM: .*gated"):
        FILMS[name] = entry


@pytest.mark.parametrize("place", ["thiss:s", "this:zen", "cunet.nowhere:zen"])
def test_a_line_that_leads_nowhere_is_one_line(place: str) -> None:
    poems: Registry[object] = Registry("poem", {"zen": place})
    with pytest.raises(UserError, match=f"poem zen: {place} cannot be imported .*Correct it in cunet/registry"):
        poems["zen"]


def test_what_a_module_itself_lacks_is_its_own_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_poem.py").write_text("import nowhere_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="nowhere_at_all"):
        Registry("poem", {"zen": "broken_poem:s"})["zen"]
