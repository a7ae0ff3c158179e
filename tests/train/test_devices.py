"""Where networks are trained, and in which precision."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Literal

import keras
import numpy as np
import pytest

from cunet.errors import UserError
from cunet.params import Params
from cunet.train.devices import training_devices
from cunet.train.history import read_history
from tests.conftest import ROOT
from tests.train.conftest import changed

DEVICES = """
import sys
from pathlib import Path
import keras
from tests.conftest import SINGLES, tiny_params
from cunet.params import Params
from cunet.settings.training import Epochs
from cunet.train.fit import Trainer, describe
prepared, work = map(Path, sys.argv[1:])
params = tiny_params()
for devices in ("one", "all"):
    seen = set()
    def on_epoch(network, row):
        distribution = keras.distribution.distribution()
        seen.add(distribution.device_mesh.devices.size if distribution else 1)
    settings = params.train.model_copy(update={"devices": devices, "epochs": Epochs(conditioned=2, dedicated=2)})
    Trainer(describe(params, "simple-dense", SINGLES), settings, 0, {}, prepared / "train", prepared / "indexes",
            work / "checkpoints" / devices, on_epoch).train(work / devices)
    print("devices", *seen)
"""


def test_a_batch_is_shared_among_devices(params: Params, prepared: Path, tmp_path: Path) -> None:
    """Two of JAX's devices, which stand for two GPUs: the losses are those of one."""
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
        "PYTHONPATH": str(ROOT),
    }
    arguments = [sys.executable, "-c", DEVICES, str(prepared), str(tmp_path)]
    done = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if "devices" in line] == ["devices 1", "devices 2"]
    one, both = (read_history(tmp_path / devices)["train_loss"].to_numpy() for devices in ("one", "all"))
    np.testing.assert_allclose(one, both, rtol=1e-3)  # 27 rows to validate on, which two devices cannot share evenly


def test_pytorch_on_several_gpus_is_refused_in_one_line(params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with (
        pytest.raises(UserError, match=r"train\.devices: Keras on torch"),
        training_devices(changed(params, devices="all").train),
    ):
        pass


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_the_precision_is_that_of_the_block_and_then_the_one_before(
    params: Params, precision: Literal["float32", "mixed_bfloat16"]
) -> None:
    with suppress(KeyError), training_devices(changed(params, precision=precision).train) as devices:
        assert devices == 1
        assert keras.layers.Dense(1).dtype_policy.name == precision
        raise KeyError
    assert keras.config.dtype_policy().name == "float32"
