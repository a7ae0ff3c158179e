"""The command line `cunet`, and what every command and stage does with an error."""

import argparse
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from cunet.errors import UserError
from cunet.params import load_params

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
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
    parser = argparse.ArgumentParser(prog="cunet", description="Music source separation by Conditioned-U-Nets.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_separate, _add_log, _add_estimate):
        add(commands)
    arguments = vars(parser.parse_args())
    command = arguments.pop("command")
    run(lambda: command(**arguments))


def _add_separate(commands: Commands) -> None:
    parser = _add(commands, "separate", "separate songs with a trained model", _separate)
    parser.add_argument(
        "songs", nargs="+", metavar="SONG", help="file, folder or glob; whatever libsndfile or ffmpeg reads"
    )
    parser.add_argument("--model", required=True, help="folder such as models/cunet/0, or an address of MLflow's")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--target", dest="targets", action="append", metavar="INSTRUMENT", help="may be repeated")
    what.add_argument("--mix", metavar="vocals=1,drums=0.5", help="one estimate, of weighted instruments")
    what.add_argument(
        "--all",
        dest="targets",
        action="store_const",
        const=None,
        help="every instrument that the model knows (the default)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("separated"), help="folder for <song>/<target>.<format> (%(default)s)"
    )
    parser.add_argument(
        "--format",
        dest="suffix",
        choices=["wav", "flac", "ogg", "mp3"],
        default="wav",
        help="wav (32-bit float, the default), flac (24-bit), ogg or mp3",
    )
    parser.add_argument(
        "--above",
        choices=["silence", "share"],
        help="what there is above the model's band: silence (the default), or the mixture's share, as large as the "
        "estimate's in the octave below",
    )
    parser.add_argument(
        "--add-up",
        action="store_true",
        help="all instruments, scaled so that they add up to the mixture; with --above share",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace estimates that are there already")


def _add_log(commands: Commands) -> None:
    _add(commands, "log", "log the results in this workspace to MLflow, where they are missing", _log)


def _add_estimate(commands: Commands) -> None:
    parser = _add(commands, "estimate", "say what disk, memory and time a run takes, before it starts", _estimate)
    parser.add_argument(
        "-S", dest="changes", action="append", default=[], metavar="NAME=VALUE", help="as for dvc exp run"
    )


def _add(commands: Commands, name: str, purpose: str, command: Callable[..., None]) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
    parser.set_defaults(command=command)
    return parser


def _separate(**arguments: Any) -> None:
    from cunet.separate.command import separate

    separate(**arguments)


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
