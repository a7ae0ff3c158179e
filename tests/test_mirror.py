"""Every module with behaviour has a test file of its own: `tests/<room>/test_<x>.py` for `cunet/<room>/<x>.py`."""

import ast
from pathlib import Path

from tests.conftest import ROOT

# Modules without a test file of their own, and why.
EXCEPTIONS = {
    "cunet": "tests/test_startup.py: what importing it loads",
    "cunet.app.pictures": "tests/app/test_page.py: seen on the page",
    "cunet.__main__": "calls cunet.cli.main, and nothing else",
    "cunet.audio.defects": "plain data",
    "cunet.audio.wording": "tests/audio/test_headers.py: texts",
    "cunet.datasets.dataset": "plain data",
    "cunet.datasets.extent": "plain data",
    "cunet.errors": "a class without behaviour",
    **{
        f"cunet.registry.{name}": "names; tests/registry/test_registry.py looks them all up"
        for name in ("controls", "datasets", "films", "losses", "protocols", "sections")
    },
    "cunet.report.report": "tests/pipeline/test_pages.py: needs a run of the pipeline",
    "cunet.settings.cluster": "plain data",
    "cunet.settings.comparison": "plain data",
    "cunet.settings.examples": "plain data",
    "cunet.signals.arrays": "types",
    "cunet.tracking.models": "tests/pipeline/test_models.py: needs a run of the pipeline, and a server",
}


def says_something(file: Path) -> bool:
    """Whether a file is more than the description of its folder."""
    return not all(isinstance(node, ast.Expr) for node in ast.parse(file.read_text()).body)


def modules() -> dict[str, Path]:
    """All modules by name, and where the tests of each are."""
    found = {}
    for file in sorted((ROOT / "cunet").rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        names = parts[:-1] if parts[-1] == "__init__" else parts
        if says_something(file):
            found[".".join(names)] = ROOT / "tests" / Path(*names[1:-1]) / f"test_{names[-1]}.py"
    return found


def test_every_module_has_a_test_file_that_mirrors_it() -> None:
    missing = {name: path for name, path in modules().items() if not path.is_file() and name not in EXCEPTIONS}
    assert missing == {}, f"no test file for {', '.join(missing)}: write it, or give a reason in EXCEPTIONS"


def test_every_exception_is_needed_and_names_tests_that_there_are() -> None:
    found = modules()
    needless = [name for name in EXCEPTIONS if name not in found or found[name].is_file()]
    assert needless == [], f"take {', '.join(needless)} out of EXCEPTIONS"
    named = [reason.partition(":")[0] for reason in EXCEPTIONS.values() if reason.startswith("tests/")]
    assert all((ROOT / path).is_file() for path in named)
