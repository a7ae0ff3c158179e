"""What a process imports before it works: TensorFlow, MLflow and others take seconds."""

import gc
import json
import subprocess
import sys
from functools import cache

import pytest

from cunet.startup import uncollected
from tests.conftest import ROOT

HEAVY = ("tensorflow", "mlflow", "pandas", "museval", "matplotlib", "distributed")
LISTING = "; import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
STAGES = sorted(path.stem for path in (ROOT / "stages").glob("[a-z]*.py"))


@cache
def imported(code: str) -> set[str]:
    """Top-level modules that a fresh process has after running some code."""
    result = subprocess.run(
        [sys.executable, "-c", code + LISTING], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import cunet",
        "import cunet.bsseval",
        "import sys; sys.argv = ['cunet', '--help']; from cunet.cli import main; from contextlib import suppress\n"
        "with suppress(SystemExit): main()\n"
        "pass",
    ],
    ids=["cunet", "cunet.bsseval", "cunet --help"],
)
def test_what_needs_no_library_loads_none(code: str) -> None:
    assert not imported(code) & set(HEAVY)


def test_scoring_alone_loads_nothing_else_of_the_project() -> None:
    code = "import cunet.bsseval, sys; print(*(name for name in sys.modules if name.startswith('cunet')))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    # cunet/__init__.py imports what TensorFlow reads from the environment, a matter of two lines.
    assert set(result.stdout.split()) == {"cunet", "cunet.backend", "cunet.bsseval"}


@pytest.mark.parametrize("stage", STAGES)
def test_only_stages_that_run_a_network_load_tensorflow(stage: str) -> None:
    """`evaluate` loads it when it has read its arguments."""
    loaded = imported(f"import stages.{stage}")
    assert ("tensorflow" in loaded) == (stage in {"train", "interpret", "examples"})


@pytest.mark.parametrize(
    ("stage", "unused"),
    [
        ("download", {"mlflow", "museval", "matplotlib"}),
        ("spectrograms", {"mlflow", "museval", "matplotlib", "pandas"}),
        ("indexes", {"mlflow", "museval", "matplotlib", "distributed"}),
        ("bounds", {"matplotlib", "onnxruntime"}),
        ("conditions", {"mlflow", "museval", "matplotlib", "distributed"}),
        ("train", {"museval", "seaborn", "distributed"}),  # Keras imports matplotlib
        ("compare", {"museval", "distributed"}),
    ],
)
def test_a_stage_loads_no_library_of_another(stage: str, unused: set[str]) -> None:
    assert not imported(f"import stages.{stage}") & unused


def test_a_model_is_loaded_by_the_package_itself() -> None:
    code = "import cunet; print(cunet.load_model.__module__)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "cunet.loading"
    wrong = "import cunet; cunet.load_modell"
    result = subprocess.run([sys.executable, "-c", wrong], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "module 'cunet' has no attribute 'load_modell'" in result.stderr


@pytest.mark.parametrize("enabled", [True, False])
def test_nothing_is_collected_in_the_block_and_what_it_leaves_is_not_searched(enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(KeyError), uncollected():
            assert not gc.isenabled()
            kept = [{} for _ in range(10)]  # type: ignore[var-annotated]
            raise KeyError
        assert gc.isenabled() == enabled
        assert not any(found is kept for found in gc.get_objects())
    finally:
        (gc.enable if before else gc.disable)()
