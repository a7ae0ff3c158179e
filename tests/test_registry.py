"""Everything that can be added, by name."""

import sys

import pytest

from cunet import registry
from cunet.registry import Registry

REGISTRIES = {name: value for name, value in vars(registry).items() if isinstance(value, Registry)}


@pytest.mark.parametrize("name", REGISTRIES)
def test_every_entry_is_where_the_registry_says(name: str) -> None:
    entries = REGISTRIES[name]
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
    with pytest.raises(ValueError, match="no loss is called l2; there are l1, waveform"):
        registry.LOSSES.check("l2")
    assert registry.LOSSES.get("l2") is None
