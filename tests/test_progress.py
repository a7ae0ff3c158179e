"""The progress bar of a training."""

import pytest

from cunet.progress import ProgressBar


def trained(bar: ProgressBar, epochs: range) -> None:
    """Two batches per epoch, as Keras would call them."""
    bar.on_train_begin()
    for epoch in epochs:
        for batch in range(2):
            bar.on_train_batch_end(batch, {"loss": 0.5 + batch})
        bar.on_epoch_end(epoch, {"val_loss": 0.25})
    bar.on_train_batch_end(0, {"loss": 0.125})
    bar.on_train_end()


@pytest.mark.parametrize(("done", "shown"), [(0, "3/8"), (2, "7/8")])
def test_it_counts_the_batches_of_all_epochs_from_where_a_continued_training_was(
    capsys: pytest.CaptureFixture[str], done: int, shown: str
) -> None:
    bar = ProgressBar("simple-dense", 4, 2, done)
    trained(bar, range(done, done + 1))
    last = capsys.readouterr().err.rpartition("\r")[2]
    assert last.startswith("simple-dense")
    assert shown in last


def test_it_shows_the_loss_and_the_last_validation_loss(capsys: pytest.CaptureFixture[str]) -> None:
    bar = ProgressBar("simple-dense", 4, 2, 0)
    trained(bar, range(1))
    assert "loss 0.12500, validation 0.25000" in capsys.readouterr().err
