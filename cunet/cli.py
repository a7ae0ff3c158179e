"""The command line `cunet`, and what every command and stage does with an error."""

import argparse
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from cunet.errors import UserError
from cunet.params import load_params

NO_SPACE = os.strerror(errno.ENOSPC)


def run(command: Callable[[], None]) -> None:
    """Run a command; an error that the user can mend ends in one line and exit status 1."""
    try:
        command()
    except UserError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if NO_SPACE not in str(error):  # HDF5 tells it in its words, without an errno
            raise
        sys.exit(f"error: {NO_SPACE}: make room and run the same command again; what is done is kept")
    except KeyboardInterrupt:
        sys.exit("interrupted")


def main() -> None:
    """Entry point of `cunet`."""
    parser = argparse.ArgumentParser(prog="cunet", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    log = commands.add_parser("log", help="log the results in this workspace to MLflow, where they are missing")
    log.set_defaults(command=_log)
    estimate = commands.add_parser("estimate", help="say what disk, memory and time a run takes, before it starts")
    estimate.add_argument(
        "-S", dest="changes", action="append", default=[], metavar="NAME=VALUE", help="as for dvc exp run"
    )
    estimate.set_defaults(command=_estimate)
    arguments = vars(parser.parse_args())
    command = arguments.pop("command")
    run(lambda: command(**arguments))


def _log() -> None:
    from cunet import tracking

    models, results = Path("models"), Path("results")
    folders = [path for pattern in ("cunet/*", "baselines/*/*", "bounds/*") for path in sorted(results.glob(pattern))]
    for folder in (path for path in folders if path.is_dir() and path.suffix != ".part"):
        model = models / folder.relative_to(results)
        tracking.log_scores(folder, model if model.is_dir() else None)
        print(f"logged: {folder}")
    control, first = results / "control", models / "cunet" / str(load_params().seeds[0])
    if control.is_dir() and first.is_dir():
        tracking.log_interpretation(control, first)
        print(f"logged: {control}")


def _estimate(changes: list[str]) -> None:
    from cunet import estimate

    estimate.show(load_params(changes=changes))
