"""Which modules pytest looks for examples in."""

from pathlib import Path


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out modules without an example in a docstring: importing all of them takes long."""
    package = Path(__file__).parent / "cunet"
    is_module = collection_path.suffix == ".py" and collection_path.is_relative_to(package)
    return True if is_module and ">>> " not in collection_path.read_text() else None
