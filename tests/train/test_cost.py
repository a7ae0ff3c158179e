"""What an architecture costs."""

from pathlib import Path

from cunet.train.cost import Cost


def test_a_cost_is_read_as_it_was_written(tmp_path: Path) -> None:
    cost = Cost(networks=4, weights=39_000_000, multiply_adds=10**10, activations=5_600_000)
    cost.save(tmp_path)
    assert Cost.load(tmp_path) == cost
    assert '"networks": 4' in (tmp_path / "cost.json").read_text()
