"""Where a network is trained, and in which precision."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import keras

from cunet.errors import UserError
from cunet.params import Train


@contextmanager
def training_devices(settings: Train) -> Iterator[None]:
    """Networks that are built in the block have the precision of `settings`, and are trained on its devices.

    With several GPUs, each has a copy of the network and takes a share of every batch; gradients are averaged.

    Raises:
        UserError: the backend cannot share batches among GPUs, or the batches cannot be shared evenly.
    """
    before = keras.config.dtype_policy()
    with ExitStack() as stack:
        if settings.devices == "all":
            stack.enter_context(_all_gpus(settings.batch_size))
        keras.config.set_dtype_policy(settings.precision)
        stack.callback(keras.config.set_dtype_policy, before)
        yield


@contextmanager
def _all_gpus(batch_size: int) -> Iterator[None]:
    backend, count = keras.backend.backend(), max(1, len(keras.distribution.list_devices("gpu")))
    if batch_size % count:
        raise UserError(
            f"train.batch_size: {batch_size} patches cannot be shared among {count} GPUs: make it a multiple"
        )
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.distribute.MirroredStrategy().scope():
            yield
    elif backend == "jax":
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
        try:
            yield
        finally:
            keras.distribution.set_distribution(None)
    else:
        raise UserError(
            f"train.devices: Keras on {backend} trains on one GPU: set it to one, or KERAS_BACKEND to jax or tensorflow"
        )
