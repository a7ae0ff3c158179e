"""The page: a song, a slider for each instrument, and what the model makes of both."""

import errno
import logging
import socket
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from starlette.middleware import Middleware

from cunet.app.guard import LARGEST_UPLOAD, Guard, make_room
from cunet.app.pictures import draw
from cunet.app.pieces import PIECE, write_pieces
from cunet.audio.reading import open_audio
from cunet.conditions.naming import Conditions, condition_name
from cunet.datasets.synthetic import compose_song
from cunet.errors import UserError, is_out_of_memory, no_memory
from cunet.files import temporary_folder
from cunet.names import MIXTURE
from cunet.player.element import script
from cunet.player.sounds import Address, Download, Player, Sound, Source, peaks
from cunet.separate.estimates import Above
from cunet.separate.model import Model
from cunet.separate.songs import Song, estimate_name, separate_song

ADDRESS = "127.0.0.1"  # nobody else's machine gets to it
FORMAT = "flac"
LONGEST = 15  # minutes
LONGEST_NAME = 60  # characters of a song's in the names of its estimates: 240 bytes at most
MIX = "mix"  # name of an estimate of several instruments
WAITING = 8  # in the queue; one at a time is separated
SESSIONS = 100  # browsers whose values are kept
SWEEP = 300  # seconds until old files are deleted
INVALID = "Invalid values. Reload the page."
CALLER_ERRORS = (ValueError, TypeError, KeyError, OSError, gr.Error)  # for values that Gradio does not expect
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO)  # whatever the values
ABOVE: dict[str, Above] = {"A share of the song": "share", "Silence": "silence"}
TITLES, SHOWN = ("Song", "Estimate"), "waveform and spectrogram"
VOCALS = "vocals"
EXAMPLE, EXAMPLE_SECONDS, EXAMPLE_SEED = "Composed example", 20, 2019  # no song that a model was trained on
PROGRESS = gr.Progress(track_tqdm=True)

HEAD = f"<script>{script()}</script>"
CSS = """:focus-visible { outline: 3px solid #3b82f6 !important; outline-offset: 0 !important; }
.html-container { padding: 0 !important; }
.hint { border: 1px dashed; border-radius: .6rem; padding: 3rem 1rem; text-align: center; opacity: .75; }"""
PLAYER = """<stem-player></stem-player>
${value ? "" : "<p class=hint>The song and its estimates will play here, side by side.</p>"}"""
SHOW = """watch("value", () => {
    const player = element.querySelector("stem-player");
    player.show(props.value);
    const { top, bottom } = player.getBoundingClientRect();
    if (props.value && (top < 0 || bottom > innerHeight)) player.scrollIntoView({ behavior: "smooth" });
});"""
REVEAL = (
    "() => document.querySelector('stem-player').parentElement.scrollIntoView({behavior: 'smooth', block: 'nearest'})"
)


def check_port(port: int) -> None:
    """Refuse a port before a model is loaded for its page, which takes seconds.

    Raises:
        UserError: the port is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the page: one that was closed is free at once
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            raise _port_is_taken(port) from None


def _port_is_taken(port: int) -> UserError:
    return UserError(f"port {port}: is in use, or needs other permissions. Choose another --port.")


def serve(model: Model, port: int, folder: Path) -> None:
    """Show the page on this machine until it is interrupted; uploads and estimates are in the folder.

    Raises:
        UserError: the port is taken.
    """
    names = (ADDRESS, "localhost")
    hosts = {f"{name}:{port}" for name in names} | ({*names} if port == 80 else set())  # which browsers leave out
    page = build(model, folder).queue(max_size=WAITING)
    try:
        page.launch(
            server_name=ADDRESS,
            server_port=port,
            max_file_size=LARGEST_UPLOAD,
            footer_links=[],
            head=HEAD,
            css=CSS,
            share=False,
            ssr_mode=False,
            enable_monitoring=False,
            state_session_capacity=SESSIONS,
            quiet=True,
            prevent_thread_lock=True,
            app_kwargs={"middleware": [Middleware(Guard, hosts=hosts, folder=folder)]},
        )
    except OSError:
        raise _port_is_taken(port) from None
    for name in ("asyncio", "python_multipart", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # they report what callers do wrong, with tracebacks
    print(f"{model.name}: open http://{ADDRESS}:{port} in a browser; Ctrl+C ends it", flush=True)
    try:
        while True:
            time.sleep(SWEEP)
            make_room(folder)
    finally:
        page.server.force_exit = True  # open tabs keep their connections
        page.close(verbose=False)


class _Page(gr.Blocks):
    """Gradio's page, which answers requests that fail with a sentence and prints nothing."""

    async def preprocess_data(self, block_fn: Any, *arguments: Any, **settings: Any) -> Any:
        """The values of a call, as the handlers take them."""
        if block_fn.fn is None:  # it runs in the browser
            raise _error(INVALID)
        try:
            return await super().preprocess_data(block_fn, *arguments, **settings)
        except CALLER_ERRORS as error:
            failed = error.__cause__ or error  # Gradio wraps errors of its components
            if isinstance(failed, OSError) and failed.errno in DISK_ERRORS:
                raise failed from None
            if isinstance(failed, CALLER_ERRORS):
                raise _error(INVALID) from None
            raise failed from None

    async def process_api(self, *arguments: Any, **settings: Any) -> Any:
        """The answer to a call."""
        try:
            return await super().process_api(*arguments, **settings)
        except gr.Error:
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise _error(f"N{no_memory(error)[1:]}") from None
            if isinstance(error, OSError):
                raise _error(f"The files cannot be kept ({error.strerror}).") from None
            raise


def _error(text: str) -> gr.Error:
    return gr.Error(text, print_exception=False)


def build(model: Model, folder: Path) -> Any:
    """The page of a model, with its files in a folder."""
    handlers = _Handlers(model, folder)
    with _Page(title=f"{model.name}: separate a song", analytics_enabled=False) as page:
        gr.Markdown(
            "# Separate a song\nChoose how much of each instrument to keep. "
            f"A song may last {LONGEST} minutes; nothing leaves this machine. Model: {model.name}."
        )
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                song, sliders, above = _questions(model, handlers)
                with gr.Row():
                    separate = gr.Button("Separate", variant="primary", interactive=False)  # until there is a song
                    stems = gr.Button("Each instrument alone", interactive=False)
            with gr.Column(scale=3, min_width=320):
                player = gr.HTML(html_template=PLAYER, js_on_load=SHOW, apply_default_css=False, min_height=120)
                pictures = [
                    gr.Image(visible=False, show_label=False, buttons=["fullscreen"], alt_text=f"{title}: {SHOWN}")
                    for title in TITLES
                ]
        results = [player, *pictures]
        hidden = [None, *[gr.update(value=None, visible=False)] * len(pictures)]

        def clear(song: str | None) -> list[Any]:
            """Hide what was made of another song; a song that is still on its way cannot be separated."""
            return [*hidden, *[gr.update(interactive=song is not None)] * 2]

        song.change(clear, song, [*results, separate, stems])
        clicked: dict[str, Any] = {"concurrency_id": "separate", "concurrency_limit": 1, "show_progress_on": player}
        separate.click(handlers.separate, [song, above, *sliders], results, **clicked)
        stems.click(handlers.stems, [song, above], results, **clicked)
        for button in (separate, stems):
            button.click(None, js=REVEAL)
    return page


def _questions(model: Model, handlers: "_Handlers") -> tuple[gr.Audio, list[gr.Slider], gr.Radio]:
    """The song, how much of each instrument, and what is above the model's band."""
    song = gr.Audio(
        type="filepath", sources=["upload", "microphone"], label="Song", editable=False, buttons=["download"]
    )
    gr.Button(f"Example: {EXAMPLE_SECONDS} s of composed music", size="sm").click(handlers.example, None, song)
    last = model.instruments[-1]
    offered = presets(model.instruments)
    with gr.Row():
        buttons = [gr.Button(name, size="sm", min_width=80) for name in offered]
    sliders = [gr.Slider(0, 1, value=float(name == last), step=0.05, label=name) for name in model.instruments]
    for button, weights in zip(buttons, offered.values(), strict=True):
        button.click(None, None, sliders, js=f"() => {weights}")
    label = f"Above {model.rate // 2000} kHz, where the model hears nothing"
    above = gr.Radio(list(ABOVE), value=next(iter(ABOVE)), label=label)
    return song, sliders, above


def presets(instruments: Sequence[str]) -> dict[str, list[float]]:
    """Weights of all instruments, by what they are good for."""
    presets = {"Everything": [1.0 for _ in instruments]}
    if VOCALS in instruments:
        presets["Karaoke"] = [float(name != VOCALS) for name in instruments]
        presets["Voice alone"] = [float(name == VOCALS) for name in instruments]
    return presets


class _Handlers:
    """What the buttons do. Files live beside `folder` until the page has taken them: Gradio keeps copies in it."""

    def __init__(self, model: Model, folder: Path) -> None:
        self._model, self._folder = model, folder

    def example(self) -> Iterator[str]:
        """A song that is composed here and now, always the same."""
        with temporary_folder(self._folder.parent) as folder:
            compose_song(folder / EXAMPLE, (EXAMPLE_SEED,), EXAMPLE_SECONDS)
            yield str((folder / EXAMPLE / f"{MIXTURE}.wav").rename(folder / f"{EXAMPLE}.wav"))

    def separate(
        self, song: str | None, above: str, progress: gr.Progress = PROGRESS, *weights: float
    ) -> Iterator[tuple[Any, ...]]:
        """The estimate of the weighted instruments, and pictures of song and estimate.

        Gradio passes `progress` by position, so it stands before the weights.
        """
        if not any(weights):
            raise _error("All sliders are at 0: raise at least one.")
        with self._working_folder(song) as folder:
            condition = self._model.condition(dict(zip(self._model.instruments, weights, strict=True)))
            (file,) = self._write(song, {estimate_name(condition, MIX): condition}, above, folder)
            with open_audio(Path(str(song))) as mixture, open_audio(file) as estimate:
                pictures = draw(dict(zip(TITLES, (mixture, estimate), strict=True)))
            player = _player(Path(str(song)), {condition_name(condition): file}, folder)
            yield player.data(), *(gr.Image(picture, visible=True) for picture in pictures)

    def stems(self, song: str | None, above: str, progress: gr.Progress = PROGRESS) -> Iterator[tuple[Any, ...]]:
        """The estimate of each instrument, and all of them in one file."""
        with self._working_folder(song) as folder:
            files = self._write(song, self._model.single_conditions(), above, folder)
            archive = folder / f"{Path(str(song)).stem}.zip"
            with zipfile.ZipFile(archive, "w") as packed:
                for file in files:
                    packed.write(file, file.name)
            player = _player(Path(str(song)), dict(zip(self._model.instruments, files, strict=True)), folder)
            player = replace(player, stems=True, archive=Download(_address(archive), archive.name))
            yield player.data(), *[gr.Image(None, visible=False)] * len(TITLES)

    def _write(self, song: str | None, conditions: Conditions, above: str, folder: Path) -> list[Path]:
        """Estimates in files that are named as they are downloaded: `<song> - <estimate>.flac`."""
        if song is None:
            raise _error("There is no song yet: drop a file on the page, or record one.")
        if above not in ABOVE:
            raise _error("Choose what is above the model's band.")
        path = Path(song)
        if not path.is_file():
            raise _error("The song is no longer here: drop it on the page again.")
        task = Song(path, folder)
        for remark in separate_song(self._model, task, conditions, FORMAT, ABOVE[above], minutes=LONGEST):
            shown = remark.replace(f"{path}:", path.name).replace(f"{folder}/", "")
            gr.Warning(_sentence(shown.partition(". ")[0]))  # what to do concerns the command line
        files = task.files(conditions, FORMAT)
        return [file.rename(folder / f"{path.stem[:LONGEST_NAME]} - {file.name}") for file in files.values()]

    @contextmanager
    def _working_folder(self, song: str | None) -> Iterator[Path]:
        """A temporary folder; what goes wrong in it is a sentence on the page."""
        folder = None
        make_room(self._folder)
        try:
            with temporary_folder(self._folder.parent) as folder:
                yield folder
        except UserError as error:
            text = str(error).replace(f"{song}:", Path(str(song)).name).replace(f"{folder}: ", "")
            raise _error(_sentence(text)) from None


def _player(song: Path, estimates: dict[str, Path], folder: Path) -> Player:
    """A player of a song and its estimates, by their titles; its sound is in files in the folder."""
    sources, sounds = [], []
    for number, (title, path) in enumerate({TITLES[0]: song, **estimates}.items()):
        with open_audio(path) as audio:
            pieces = folder / f"{number}.pieces"
            sources.append(Source(_address(pieces), write_pieces(audio, pieces)))
            download = Download(_address(path), path.name) if number else None
            sounds.append(Sound(title, [(number, 1.0)], peaks(audio.samples, audio.read), download=download))
            seconds, rate = audio.samples / audio.rate, audio.rate
    return Player(song.stem, seconds, rate, {"": sounds}, sources, PIECE)


def _address(path: Path) -> Address:
    """A file as Gradio serves it, and deletes it later."""
    return dict(FileData(path=str(path)).model_dump())


def _sentence(text: str) -> str:
    return f"{text.rstrip('.')}."
