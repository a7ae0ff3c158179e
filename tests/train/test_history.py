"""What a training leaves beside the weights."""

from pathlib import Path

from cunet.train.history import Row, read_history, read_provenance, write_history


def rows(*losses: float) -> list[Row]:
    return [
        {"epoch": number, "train_loss": loss, "validation_loss": 2 * loss, "learning_rate": 0.001}
        for number, loss in enumerate(losses, start=1)
    ]


def test_the_curves_of_all_networks_are_read_as_they_were_written_whatever_they_are_called(tmp_path: Path) -> None:
    histories = {"NA": rows(0.5, 0.25), "007": rows(0.125), "lead, guitar": rows(1.0)}
    write_history(histories, {}, tmp_path)
    table = read_history(tmp_path)
    assert list(table.columns) == ["epoch", "train_loss", "validation_loss", "learning_rate", "network"]
    assert table["network"].tolist() == ["NA", "NA", "007", "lead, guitar"]
    assert table["epoch"].tolist() == [1, 2, 1, 1]
    assert table["validation_loss"].tolist() == [1.0, 0.5, 0.25, 2.0]
    assert "\n1,0.5,1.0,0.001,NA\n" in (tmp_path / "history.csv").read_text()  # an epoch is a whole number


def test_what_the_training_depended_on_is_kept(tmp_path: Path) -> None:
    provenance = {"architecture": "unet", "unet.layers": 6, "instruments": ["bass", "né"], "train.jit": None}
    write_history({"bass": rows(1.0)}, provenance, tmp_path)
    assert read_provenance(tmp_path) == provenance
