"""Selects the modules in which pytest looks for examples."""

from pathlib import Path


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Skip modules without examples in docstrings: importing all modules is slow."""
    package = Path(__file__).parent / "cunet"
    is_module = collection_path.suffix == ".py" and collection_path.is_relative_to(package)
    return True if is_module and ">>> " not in collection_path.read_text() else None
