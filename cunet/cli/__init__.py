"""The command line `cunet`, and what every command and stage does with an error."""

import argparse
import errno
import gc
import io
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias, get_args, get_type_hints

from cunet.errors import UserError
from cunet.names import readable

Commands: TypeAlias = "argparse._SubParsersAction[_Command]"
MODEL = "folder such as models/cunet/0, or an address in MLflow such as models:/conditioned-u-net@best"
OMITTED = ", or starter, the model that comes with cunet; default: models/cunet/0 if there is one, else starter"
SHELLS = ("bash", "tcsh", "zsh")
FILES = {"songs", "model", "out"}  # arguments that a shell completes with file names
ENDINGS = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGXCPU")  # not all are on every system
INTERRUPTED = "interrupted"
NO_SPACE = os.strerror(errno.ENOSPC)


def run(command: Callable[[], None]) -> None:
    """Run a command; an error that the user can mend ends in one line and exit status 1, as does an interruption."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who called, as by `2>&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (as long as the program runs)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name may hold what the terminal cannot show
    try:
        with _cleaned_up_at_the_end():
            command()
            sys.stdout.flush()
    except UserError as error:
        sys.exit(f"error: {readable(error)}")
    except BrokenPipeError:
        if not _is_unread(sys.stdout.fileno()):
            raise  # of a connection, or of another program
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python writes what is left when it ends
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            sys.exit(f"error: {readable(error.filename)}: {error.strerror}: choose a shorter one")
        if NO_SPACE not in str(error):  # HDF5 tells it in its words, without an errno
            raise
        sys.exit(f"error: {NO_SPACE}: make room and run the same command again; what is done is kept")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()  # Python would search all that was imported for garbage when it exits: seconds, with TensorFlow


def run_stage(main: Callable[..., None]) -> None:
    """Run the script of a stage: its function `main`, with the arguments of the command line in their order."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    for name, kind in get_type_hints(main).items():
        if choices := get_args(kind):
            parser.add_argument(name, choices=choices)
        elif name != "return":
            parser.add_argument(name, type=kind)
    arguments = vars(parser.parse_args())
    run(lambda: main(**arguments))


def _is_unread(descriptor: int) -> bool:
    """Whether nobody reads from a pipe any more, as behind `| head -1`: programs end then without a word."""
    pipe = select.poll()
    pipe.register(descriptor, 0)  # a missing reader is told unasked
    return bool(pipe.poll(0))


@contextmanager
def _cleaned_up_at_the_end() -> Iterator[None]:
    """Whatever ends the program in the block does it as Ctrl+C does, so that temporary files are deleted.

    A signal that is ignored, as under nohup, stays so; after the first that is not, only Ctrl+C is listened to.
    """
    ended = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal ended
        if not ended or number == signal.SIGINT:
            ended = True
            raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ENDINGS if hasattr(signal, name)]
    before = {number: handler for number in numbers if (handler := signal.getsignal(number)) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        if not ended:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Command(argparse.ArgumentParser):
    """Parser of a command, which shows its own usage where it does not know an argument."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # which argparse calls for a command
        """Parse the arguments, and refuse those that are not known."""
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return namespace, unknown


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *arguments: Any) -> None:
        from cunet import __version__

        run(lambda: print(f"cunet {__version__}"))
        parser.exit()


class _Completion(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, shell: Any, *arguments: Any) -> None:
        import shtab

        for command in commands_of(parser).values():
            actions: list[Any] = command._actions  # with an attribute that only shtab knows
            for action in actions:
                if action.dest in FILES:
                    action.complete = shtab.FILE
        run(lambda: print(shtab.complete(parser, shell)))
        parser.exit()


def main() -> None:
    """Entry point of `cunet`."""
    arguments = vars(command_line().parse_args())
    command = arguments.pop("command")
    try:
        run(lambda: command(**arguments))
    except SystemExit as stop:
        if stop.code != INTERRUPTED:
            raise
        # A shell ends a loop when a command in it dies of the signal, not when it exits with an error.
        print(INTERRUPTED, file=sys.stderr)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


def command_line() -> argparse.ArgumentParser:
    """The parser of `cunet` and all its commands."""
    parser = argparse.ArgumentParser(prog="cunet", description="Music source separation by Conditioned-U-Nets.")
    parser.add_argument("--version", action=_Version, nargs=0, dest=argparse.SUPPRESS, help="show the version and exit")
    parser.add_argument(
        "--completion",
        action=_Completion,
        dest=argparse.SUPPRESS,
        choices=SHELLS,
        help="print a completion script",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Command)
    for add in (_add_separate, _add_app, _add_export, _add_register, _add_log, _add_forecast):
        add(commands)
    return parser


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of the commands, by name."""
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(commands.choices)


def _add_separate(commands: Commands) -> None:
    parser = _add(commands, "separate", "separate songs with a trained model", _separate)
    parser.add_argument(
        "songs",
        nargs="+",
        metavar="SONG",
        help="file, folder or glob, in any format that libsndfile or ffmpeg reads; - for standard input",
    )
    parser.add_argument("-n", "--model", help=MODEL + OMITTED)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--target", dest="targets", action="append", metavar="INSTRUMENT", help="repeatable")
    what.add_argument("--mix", metavar="vocals=1,drums=0.5", help="one estimate, of weighted instruments")
    what.add_argument(
        "--two-stems", metavar="INSTRUMENT", help="an instrument and the rest, such as vocals and no_vocals"
    )
    what.add_argument(
        "--all",
        dest="targets",
        action="store_const",
        const=None,
        help="every instrument that the model knows (the default)",
    )
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("separated"), help="folder for <song>/<target>.<format> (%(default)s)"
    )
    parser.add_argument(
        "--format",
        dest="suffix",
        choices=["wav", "flac", "ogg", "mp3"],
        default="wav",
        help="wav (32-bit float, the default), flac (24-bit), ogg or mp3",
    )
    for name in ("flac", "mp3"):
        parser.add_argument(
            f"--{name}", dest="suffix", action="store_const", const=name, help=f"the same as --format {name}"
        )
    parser.add_argument(
        "--above",
        choices=["silence", "share"],
        default="share",
        help="content above the model's band: the proportion of the mixture that the estimate has in the octave below "
        "(share, the default), or silence",
    )
    parser.add_argument(
        "--consistency",
        choices=["ratio", "none"],
        default="ratio",
        help="ratio: masks of all instruments sum to one (the default); none: the networks' masks as they are, faster "
        "for a single target",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace estimates that are there already")


def _add_app(commands: Commands) -> None:
    parser = _add(commands, "app", "open a page to separate songs on, for this machine alone", _app)
    parser.add_argument("-n", "--model", help=MODEL + OMITTED)
    parser.add_argument("--port", type=_port, default=7860, help="port of the page (%(default)s)")


def _add_export(commands: Commands) -> None:
    parser = _add(
        commands, "export", "write a model as Keras or ONNX files, with its description and model card", _export
    )
    parser.add_argument("--model", required=True, help=MODEL)
    parser.add_argument("--format", dest="form", choices=["keras", "onnx"], default="onnx", help="(%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("exported"), help="a new folder (%(default)s)")


def _add_register(commands: Commands) -> None:
    parser = _add(
        commands, "register", "register the model with the best mean SDR in MLflow, under an alias", _register
    )
    parser.add_argument("architectures", nargs="*", metavar="ARCHITECTURE", help="candidates; all that are compared")
    parser.add_argument("--alias", default="best", help="(%(default)s)")


def _add_log(commands: Commands) -> None:
    _add(commands, "log", "log the results in this workspace to MLflow, where they are missing", _log)


def _add_forecast(commands: Commands) -> None:
    parser = _add(commands, "forecast", "forecast the disk, memory and time of a run, before it starts", _forecast)
    parser.add_argument(
        "-S", dest="changes", action="append", default=[], metavar="NAME=VALUE", help="as for dvc exp run"
    )


def _add(commands: Commands, name: str, purpose: str, command: Callable[..., None]) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
    parser.set_defaults(command=command)
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a port is a number from 1 to 65535")
    return int(text)


def _separate(**arguments: Any) -> None:
    from cunet.cli.separate import separate

    separate(**arguments)


def _app(model: str | None, port: int) -> None:
    from cunet.app.page import check_port, serve
    from cunet.cli.separate import chosen_model
    from cunet.loading import load_model

    check_port(port)
    serve(load_model(chosen_model(model)), port)


def _export(model: str, form: Any, out: Path) -> None:
    from cunet.export.export import export
    from cunet.loading import find_model

    print("\n".join(map(str, export(find_model(model), form, out))))


def _register(architectures: list[str], alias: str) -> None:
    from cunet.layout import MODELS, RESULTS, folders
    from cunet.params import load_params
    from cunet.tracking.model_registry import register

    params = load_params()
    known = [params.architecture, *params.baselines]
    if unknown := set(architectures) - set(known):
        raise UserError(f"{min(unknown)} is not compared here: {', '.join(known)} are")
    places = folders(params.architecture, params.baselines)
    found = [places[name] / str(seed) for name in architectures or known for seed in params.seeds]
    print(register({MODELS / folder: RESULTS / folder for folder in found}, alias))


def _log() -> None:
    from cunet.layout import MODELS, REPORTS, RESULTS, STUDIED, scored
    from cunet.params import load_params
    from cunet.report.listen import PAGE
    from cunet.tracking.report import log_report
    from cunet.tracking.results import log_scores

    params = load_params()
    folders = scored()
    if not folders:
        raise UserError(f"{RESULTS}: there are no scores: run dvc repro first")
    trained = []
    for folder in folders:
        model = MODELS / folder
        trained += [model] if model.is_dir() else []
        log_scores(RESULTS / folder, model if model.is_dir() else None)
        print(f"logged: {RESULTS / folder}")
    if (REPORTS / PAGE).is_file():
        log_report(REPORTS, trained, MODELS / STUDIED / str(params.seeds[0]))
        print(f"logged: {REPORTS}")


def _forecast(changes: list[str]) -> None:
    from cunet import forecast
    from cunet.params import load_params

    forecast.show(load_params(changes=changes))
