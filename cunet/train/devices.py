"""Where a network is trained, and in which precision."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import keras

from cunet.errors import UserError
from cunet.settings.training import Train


@contextmanager
def training_devices(settings: Train) -> Iterator[int]:
    """Networks that are built in the block have the precision of `settings`, and are trained on its devices.

    Yields the number of devices that share a batch.

    With several GPUs, each has a copy of the network and takes a share of every batch; gradients are averaged.

    Raises:
        UserError: the backend cannot share batches among GPUs, or the batches cannot be shared evenly.
    """
    before = keras.config.dtype_policy()
    with ExitStack() as stack:
        devices = stack.enter_context(_all_gpus()) if settings.devices == "all" else 1
        if settings.batch_size % devices:
            raise UserError(f"train.batch_size: {settings.batch_size} is not a multiple of the {devices} devices")
        keras.config.set_dtype_policy(settings.precision)
        stack.callback(keras.config.set_dtype_policy, before)
        yield devices


@contextmanager
def _all_gpus() -> Iterator[int]:
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        strategy = tf.distribute.MirroredStrategy()
        with strategy.scope():
            yield strategy.num_replicas_in_sync
    elif backend == "jax":
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
        try:
            yield len(keras.distribution.list_devices())
        finally:
            keras.distribution.set_distribution(None)
    else:
        raise UserError(
            f"train.devices: Keras on {backend} trains on one GPU: set it to one, or KERAS_BACKEND to jax or tensorflow"
        )
