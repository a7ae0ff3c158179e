"""A progress bar for a whole training, with losses and time left."""

import keras
from tqdm import tqdm

Logs = dict[str, float] | None


class ProgressBar(keras.callbacks.Callback):
    """Counts batches; the time left is to the last epoch, although early stopping may end the training sooner."""

    def __init__(self, network: str, epochs: int, batches_per_epoch: int, epochs_done: int) -> None:
        super().__init__()
        self._network, self._epochs, self._batches, self._done = network, epochs, batches_per_epoch, epochs_done
        self._validation = ""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Open the bar, at the last epoch of a resumed training."""
        self._bar = tqdm(
            total=self._epochs * self._batches,
            initial=self._done * self._batches,
            desc=self._network,
            unit="batch",
            mininterval=2,
        )

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Show the mean loss of the epoch so far, and the last epoch's validation loss."""
        loss = (logs or {}).get("loss", float("nan"))
        self._bar.set_postfix_str(f"loss {loss:.5f}{self._validation}", refresh=False)
        self._bar.update()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Store the validation loss."""
        self._validation = f", validation {(logs or {}).get('val_loss', float('nan')):.5f}"

    def on_train_end(self, logs: Logs = None) -> None:
        """Close the bar."""
        self._bar.close()
