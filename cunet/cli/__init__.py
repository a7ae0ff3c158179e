"""The `cunet` command line."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from cunet.cli.running import INTERRUPTED, run
from cunet.errors import UserError
from cunet.extras import needs
from cunet.startup import in_utf8

Commands: TypeAlias = "argparse._SubParsersAction[_Command]"
MODEL = "model folder such as models/cunet/0, or MLflow address such as models:/conditioned-u-net@best"
OMITTED = ", or starter, the model that comes with cunet (default: models/cunet/0 if it exists, else starter)"
SHELLS = ("bash", "tcsh", "zsh")
FILES = {"songs", "model", "out"}  # arguments that a shell completes with file names


class _Command(argparse.ArgumentParser):
    """Parser of a command, which shows its own usage for unknown arguments."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # which argparse calls for a command
        """Parse the arguments and refuse unknown ones."""
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
            actions: list[Any] = command._actions  # with an attribute for shtab
            for action in actions:
                if action.dest in FILES:
                    action.complete = shtab.FILE
        run(lambda: print(shtab.complete(parser, shell)))
        parser.exit()


def main() -> None:
    """Entry point of `cunet`; without a command, it prints the help."""
    in_utf8()
    try:
        run(_command)
    except SystemExit as stop:
        if stop.code != INTERRUPTED:
            raise
        # A shell stops a loop only if a command in it dies from the signal.
        print(INTERRUPTED, file=sys.stderr)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


def _command() -> None:
    parser = command_line()
    if len(sys.argv) < 2:
        parser.exit(2, parser.format_help())
    arguments = vars(parser.parse_args())
    command = arguments.pop("command")
    from cunet.files import sweep  # takes a moment to import, which the help does without

    sweep()
    command(**arguments)


def command_line() -> argparse.ArgumentParser:
    """The parser of `cunet` and all its commands."""
    parser = argparse.ArgumentParser(
        prog="cunet",
        description="Music source separation with Conditioned-U-Nets.",
        epilog="example: cunet separate song.mp3. cunet COMMAND --help shows the options of a command.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, dest=argparse.SUPPRESS, help="show the version and exit")
    parser.add_argument(
        "--completion",
        action=_Completion,
        dest=argparse.SUPPRESS,
        choices=SHELLS,
        help="print a shell completion script and exit",
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
    parser = _add(
        commands,
        "separate",
        "separate songs with a trained model",
        _separate,
        "cunet separate song.mp3 --two-stems vocals",
        "cunet separate album/ --two-stems vocals --mp3 -o karaoke",
        "cunet separate song.wav --mix vocals=1,drums=0.5",
    )
    parser.add_argument(
        "songs",
        nargs="+",
        metavar="SONG",
        help="audio file, folder or glob, in any format that libsndfile or ffmpeg reads; - for standard input",
    )
    parser.add_argument("-n", "--model", help=MODEL + OMITTED)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--target",
        dest="targets",
        action="append",
        metavar="INSTRUMENT",
        help="one estimate: this instrument; repeatable (default: --all)",
    )
    what.add_argument("--mix", metavar="vocals=1,drums=0.5", help="one estimate: the weighted sum of these instruments")
    what.add_argument(
        "--two-stems",
        metavar="INSTRUMENT",
        help="two estimates: an instrument and the rest, such as vocals and no_vocals",
    )
    what.add_argument(
        "--all",
        dest="targets",
        action="store_const",
        const=None,
        help="one estimate per instrument of the model (the default)",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        default=Path("separated"),
        help="folder for <song>/<target>.<format> (default: %(default)s)",
    )
    parser.add_argument(
        "--format",
        dest="suffix",
        choices=["wav", "flac", "ogg", "mp3"],
        default="wav",
        help="wav (32-bit float), flac (24-bit), ogg or mp3 (default: %(default)s)",
    )
    for name in ("flac", "mp3"):
        parser.add_argument(
            f"--{name}", dest="suffix", action="store_const", const=name, help=f"same as --format {name}"
        )
    parser.add_argument(
        "--above",
        choices=["silence", "share"],
        default="share",
        help="content above the model's band: share, the proportion of the mixture that the estimate has in the "
        "octave below, or silence (default: %(default)s)",
    )
    parser.add_argument(
        "--consistency",
        choices=["ratio", "none"],
        default="ratio",
        help="ratio: masks of all instruments sum to one; none: the networks' own masks, faster for a single target "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace existing estimates (default: stop before writing anything)"
    )


def _add_app(commands: Commands) -> None:
    parser = _add(
        commands,
        "app",
        "separate songs on a web page, for this machine only",
        _app,
        "cunet app",
        "cunet app --model starter --port 8000",
    )
    parser.add_argument("-n", "--model", help=MODEL + OMITTED)
    parser.add_argument("--port", type=_port, default=7860, help="port of the page (default: %(default)s)")


def _add_export(commands: Commands) -> None:
    parser = _add(
        commands,
        "export",
        "export a model as Keras or ONNX files, with description and model card",
        _export,
        "cunet export --model models/cunet/0 --format onnx --out exported",
    )
    parser.add_argument("-n", "--model", required=True, help=MODEL)
    parser.add_argument(
        "--format",
        dest="form",
        choices=["keras", "onnx"],
        default="onnx",
        help="format of the networks (default: %(default)s)",
    )
    parser.add_argument("-o", "--out", type=Path, default=Path("exported"), help="new folder (default: %(default)s)")


def _add_register(commands: Commands) -> None:
    parser = _add(
        commands,
        "register",
        "register the model with the best mean SDR in MLflow, under an alias",
        _register,
        "cunet register",
        "cunet register simple-dense unet --alias demo",
    )
    parser.add_argument(
        "architectures",
        nargs="*",
        metavar="ARCHITECTURE",
        help="candidates (default: all architectures in params.yaml)",
    )
    parser.add_argument("--alias", default="best", help="alias of the registered version (default: %(default)s)")


def _add_log(commands: Commands) -> None:
    _add(commands, "log", "log the results of this workspace to MLflow, unless logged already", _log, "cunet log")


def _add_forecast(commands: Commands) -> None:
    parser = _add(
        commands,
        "forecast",
        "forecast disk, memory and time of a pipeline run",
        _forecast,
        "cunet forecast -S film=complex -S train.epochs.conditioned=16",
    )
    parser.add_argument(
        "-S",
        dest="changes",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change of a parameter, as for dvc exp run; repeatable (default: params.yaml unchanged)",
    )


def _add(
    commands: Commands, name: str, purpose: str, command: Callable[..., None], *examples: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=purpose,
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog="\n  ".join(["examples:" if len(examples) > 1 else "example:", *examples]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=command)
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; expected a number from 1 to 65535")
    return int(text)


def _separate(**arguments: Any) -> None:
    from cunet.cli.separate import separate

    separate(**arguments)


def _app(model: str | None, port: int) -> None:
    from cunet.cli.separate import chosen_model
    from cunet.files import temporary_folder
    from cunet.loading import load_model

    with temporary_folder() as folder:
        files = folder / "files"
        os.environ["GRADIO_TEMP_DIR"] = str(files)  # Gradio's default belongs to the first user who started it
        with needs("app"):
            from cunet.app.page import check_port, serve
        check_port(port)
        serve(load_model(chosen_model(model)), port, files)


def _export(model: str, form: Any, out: Path) -> None:
    with needs("train"):
        from cunet.export.export import export
    from cunet.loading import find_model

    print("\n".join(map(str, export(find_model(model), form, out))))


def _register(architectures: list[str], alias: str) -> None:
    from cunet.layout import MODELS, RESULTS, check_architecture, folders
    from cunet.models.architecture import DESCRIPTION, Architecture

    with needs("track"):
        from cunet.params import load_params
        from cunet.tracking.model_registry import register
        from cunet.tracking.optional import required

    params = load_params()
    known = [params.architecture, *params.baselines]
    if unknown := set(architectures) - set(known):
        raise UserError(f"{min(unknown)}: unknown architecture; params.yaml has {', '.join(known)}")
    places = folders(params.architecture, params.baselines)
    found = [(name, places[name] / str(seed)) for name in architectures or known for seed in params.seeds]
    for name, folder in found:
        if (MODELS / folder / DESCRIPTION).is_file():
            check_architecture(MODELS / folder, Architecture.load(MODELS / folder).name, name)
    with required():
        print(register({MODELS / folder: RESULTS / folder for _, folder in found}, alias))


def _log() -> None:
    from cunet.layout import MODELS, REPORTS, RESULTS, STUDIED, scored

    with needs("track"):
        from cunet.params import load_params
        from cunet.report.listen import PAGE
        from cunet.tracking.optional import required
        from cunet.tracking.report import log_report
        from cunet.tracking.results import log_scores

    params = load_params()
    folders = scored()
    if not folders:
        raise UserError(f"{RESULTS}: no scores. Run dvc repro first.")
    trained = []
    with required():
        for folder in folders:
            model = MODELS / folder
            trained += [model] if model.is_dir() else []
            new = log_scores(RESULTS / folder, model if model.is_dir() else None)
            print(f"{'logged' if new else 'logged before'}: {RESULTS / folder}")
        if (REPORTS / PAGE).is_file():
            print(f"logged: {REPORTS}")
            log_report(REPORTS, trained, MODELS / STUDIED / str(params.seeds[0]))


def _forecast(changes: list[str]) -> None:
    with needs("all"):
        from cunet import forecast
        from cunet.params import load_params

    forecast.show(load_params(changes=changes))
