"""Devices and precision of a training."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import keras

from cunet.errors import UserError
from cunet.settings.training import Train


@contextmanager
def training_devices(settings: Train) -> Iterator[int]:
    """Set precision and devices of `settings` for networks that are built and trained in the block.

    Yields the number of devices that share a batch.

    With several GPUs, each has a copy of the network and processes a part of every batch; gradients are averaged.

    Raises:
        UserError: the backend does not support several GPUs, or the batch size is not a multiple of their number.
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
            f"train.devices: Keras on {backend} supports one GPU. Set train.devices to one, or KERAS_BACKEND to jax or "
            "tensorflow."
        )
