"""The page: a song, a slider for each instrument, and what the model makes of both."""

import os
import socket
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from cunet.app.pictures import draw
from cunet.audio import open_audio
from cunet.conditions.naming import Conditions
from cunet.errors import UserError
from cunet.files import temporary_folder
from cunet.separate.estimates import Above
from cunet.separate.model import Model
from cunet.separate.songs import Song, estimate_name, separate_song

ADDRESS = "127.0.0.1"  # nobody else's machine gets to it
FORMAT = "flac"
LARGEST = "500mb"  # of an upload
LONGEST = 15  # minutes
LONGEST_NAME = 60  # characters of a song's in the names of its estimates: 240 bytes at most
MIX = "mix"  # name of an estimate of several instruments
WAITING = 8  # in the queue; one at a time is separated
SWEEP, KEEP = 300, 1800  # seconds: how often old files are deleted, and how old they get while the page is open
ABOVE: dict[str, Above] = {"Silence": "silence", "The mixture's share": "share"}
TITLES, SHOWN = ("Song", "Estimate"), "waveform and spectrogram"
PROGRESS = gr.Progress(track_tqdm=True)


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
    return UserError(f"port {port} is taken, or not for you: choose another --port")


def serve(model: Model, port: int) -> None:
    """Show the page on this machine until it is interrupted; uploads and estimates are deleted with it.

    Raises:
        UserError: the port is taken.
    """
    with temporary_folder() as folder:
        os.environ["GRADIO_TEMP_DIR"] = str(folder)
        page = build(model).queue(max_size=WAITING)
        try:
            page.launch(
                server_name=ADDRESS,
                server_port=port,
                max_file_size=LARGEST,
                footer_links=[],
                share=False,
                ssr_mode=False,
                enable_monitoring=False,
                quiet=True,
                prevent_thread_lock=True,
            )
        except OSError:
            raise _port_is_taken(port) from None
        print(f"{model.name}: open http://{ADDRESS}:{port} in a browser; Ctrl+C ends it", flush=True)
        page.block_thread()


def build(model: Model) -> Any:
    """The page of a model."""
    with gr.Blocks(title=f"{model.name}: separate a song", analytics_enabled=False, delete_cache=(SWEEP, KEEP)) as page:
        gr.Markdown(
            f"# Separate a song\nTell **{model.name}** how much of each instrument to keep. It listens up to "
            f"{model.rate // 2000} kHz. A song may last {LONGEST} minutes; nothing leaves this machine."
        )
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                song = gr.Audio(
                    type="filepath",
                    sources=["upload", "microphone"],
                    label="Song",
                    editable=False,
                    buttons=["download"],
                )
                sliders = [
                    gr.Slider(0, 1, value=float(instrument == model.instruments[-1]), step=0.05, label=instrument)
                    for instrument in model.instruments
                ]
                above = gr.Radio(list(ABOVE), value="Silence", label=f"Above {model.rate // 2000} kHz")
                with gr.Row():
                    separate = gr.Button("Separate", variant="primary", interactive=False)  # until there is a song
                    stems = gr.Button("Each instrument", interactive=False)
            with gr.Column(scale=3, min_width=320):
                estimate = gr.Audio(label="Estimate", interactive=False, buttons=["download"])
                pictures = [
                    gr.Image(visible=False, show_label=False, buttons=["fullscreen"], alt_text=f"{title}: {SHOWN}")
                    for title in TITLES
                ]
                players = [
                    gr.Audio(label=instrument, interactive=False, buttons=["download"], visible=False)
                    for instrument in model.instruments
                ]
                archive = gr.DownloadButton("Download all (zip)", visible=False)
        handlers = _Handlers(model)
        shown = [estimate, *pictures, *players, archive]
        hidden = [gr.update(value=None), *[gr.update(value=None, visible=False)] * (len(shown) - 1)]

        def replace(song: str | None) -> list[Any]:
            """Hide what was made of another song; a song that is still on its way cannot be separated."""
            return [*hidden, *[gr.update(interactive=song is not None)] * 2]

        song.change(replace, song, [*shown, separate, stems])
        # Gradio shows no progress on hidden components, and most outputs are hidden at first.
        clicked: dict[str, Any] = {"concurrency_id": "separate", "concurrency_limit": 1, "show_progress_on": estimate}
        separate.click(handlers.separate, [song, above, *sliders], [estimate, *pictures], **clicked)
        stems.click(handlers.stems, [song, above], [*players, archive], **clicked)
    return page


class _Handlers:
    """What the buttons do. Files live until the page has taken them: gradio keeps copies, and deletes them later."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def separate(
        self, song: str | None, above: str, progress: gr.Progress = PROGRESS, *weights: float
    ) -> Iterator[tuple[Any, ...]]:
        """The estimate of the weighted instruments, and pictures of song and estimate.

        Gradio passes `progress` by position, so it stands before the weights.
        """
        condition = dict(zip(self._model.instruments, weights, strict=True))
        if not any(weights):
            raise gr.Error("All sliders are at 0: raise at least one.", print_exception=False)
        with _working_folder(song) as folder:
            (file,) = self._write(song, {estimate_name(condition, MIX): condition}, above, folder)
            with open_audio(Path(str(song))) as mixture, open_audio(file) as estimate:
                pictures = draw(dict(zip(TITLES, (mixture, estimate), strict=True)))
            yield str(file), *(gr.Image(picture, visible=True) for picture in pictures)

    def stems(self, song: str | None, above: str, progress: gr.Progress = PROGRESS) -> Iterator[tuple[Any, ...]]:
        """The estimate of each instrument, and all of them in one file."""
        with _working_folder(song) as folder:
            files = self._write(song, self._model.single_conditions(), above, folder)
            archive = folder / f"{Path(str(song)).stem}.zip"
            with zipfile.ZipFile(archive, "w") as packed:
                for file in files:
                    packed.write(file, file.name)
            shown = [gr.Audio(str(file), visible=True) for file in files]
            yield *shown, gr.DownloadButton(value=str(archive), visible=True)

    def _write(self, song: str | None, conditions: Conditions, above: str, folder: Path) -> list[Path]:
        """Estimates in files that are named as they are downloaded: `<song> - <estimate>.flac`."""
        if song is None:
            raise gr.Error("There is no song yet: drop a file on the page, or record one.", print_exception=False)
        path = Path(song)
        with open_audio(path, LONGEST * 60) as audio:
            if audio.samples > LONGEST * 60 * audio.rate:
                raise UserError(
                    f"{path}: lasts more than {LONGEST} minutes: "
                    "cunet separate on the command line takes songs of any length"
                )
        task = Song(path, folder)
        for remark in separate_song(self._model, task, conditions, FORMAT, ABOVE[above]):
            shown = remark.replace(f"{path}:", path.name).replace(f"{folder}/", "")
            gr.Warning(f"{shown.partition(';')[0]}.")
        files = task.files(conditions, FORMAT)
        return [file.rename(folder / f"{path.stem[:LONGEST_NAME]} - {file.name}") for file in files.values()]


@contextmanager
def _working_folder(song: str | None) -> Iterator[Path]:
    """A temporary folder; what goes wrong in it is a sentence on the page."""
    folder = None
    try:
        with temporary_folder() as folder:
            yield folder
    except UserError as error:
        sentence = str(error).replace(f"{song}:", Path(str(song)).name).replace(f"{folder}: ", "")
        raise gr.Error(f"{sentence}.", print_exception=False) from None
