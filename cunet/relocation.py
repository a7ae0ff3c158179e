"""A workspace that was moved or copied: MLflow keeps absolute addresses of artifacts in its store."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def follow(store: Path, artifacts: Path) -> None:
    """Point an SQLite store of MLflow to the artifacts beside it, wherever they were when they were logged.

    Otherwise a copy would write into the folder that it was copied from. Nothing changes where the artifacts were not
    moved along, or where MLflow itself will say what is wrong with the store.
    """
    if not (store.is_file() and artifacts.is_dir()):
        return
    here = artifacts.as_uri()
    with suppress(sqlite3.Error), closing(sqlite3.connect(store)) as database, database:
        for before in _moved(database, artifacts):
            for table, column in ADDRESSES:
                database.execute(
                    f"UPDATE {table} SET {column} = :here || substr({column}, length(:before) + 1) "
                    f"WHERE {column} = :before OR substr({column}, 1, length(:before) + 1) = :before || '/'",
                    {"here": here, "before": before},
                )


def _moved(database: sqlite3.Connection, artifacts: Path) -> list[str]:
    """Addresses of folders on disk, called like this one, whose runs are in this one."""
    runs: dict[str, list[str]] = {}
    for place, run in database.execute(
        "SELECT artifact_location, run_uuid FROM experiments LEFT JOIN runs USING (experiment_id)"
    ):
        if place.startswith("file:") and place.endswith(f"/{artifacts.name}") and place != artifacts.as_uri():
            runs.setdefault(place, []).extend(filter(None, [run]))
    return [place for place, own in runs.items() if not own or any((artifacts / run).is_dir() for run in own)]
