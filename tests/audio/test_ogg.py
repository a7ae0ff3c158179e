"""Pages of Ogg files."""

from pathlib import Path

import pytest
import soundfile

from cunet.audio.defects import Defect, Kind
from cunet.audio.ogg import Fault, fault_of_pages
from cunet.audio.reading import open_audio
from tests.sounds import RATE, noise


@pytest.mark.parametrize("missing", [1, 3000])
def test_an_ogg_cut_off_in_its_last_page_is_noticed(tmp_path: Path, missing: int) -> None:
    path = tmp_path / "song.ogg"
    soundfile.write(path, noise(3), RATE, format="OGG")
    content = path.read_bytes()
    path.write_bytes(content[:-missing])
    assert len(content) - content.rindex(b"OggS") > missing
    with open_audio(path) as audio:
        assert audio.found == Defect(Kind.CUT_OFF)


def test_a_tag_behind_an_ogg_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "song.ogg"
    soundfile.write(path, noise(3), RATE, format="OGG")
    path.write_bytes(path.read_bytes() + b"TAG" + bytes(125))
    with open_audio(path) as audio:
        assert audio.defect == ""


def test_ogg_pieces_one_after_the_other_are_one_song(tmp_path: Path) -> None:
    path = tmp_path / "radio.ogg"
    soundfile.write(path, noise(3), RATE, format="OGG")
    first = path.read_bytes()
    soundfile.write(path, noise(2, seed=1), RATE, format="OGG")
    path.write_bytes(first + path.read_bytes())
    with open_audio(path) as audio:
        assert audio.defect == ""
        assert abs(audio.samples - 5 * RATE) < 5000


@pytest.mark.parametrize("piece", [100, 2**22])
def test_a_changed_or_missing_page_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr("cunet.audio.ogg.PIECE", piece)
    path = tmp_path / "song.ogg"
    soundfile.write(path, noise(3), RATE, format="OGG")
    content = path.read_bytes()
    pages = [b"OggS" + page for page in content.split(b"OggS")[1:]]
    assert fault_of_pages(path) is None
    path.write_bytes(b"".join(pages[:4] + pages[5:]))
    assert fault_of_pages(path) is Fault.DAMAGED
    path.write_bytes(content[:9000] + b"changed" + content[9007:])
    assert fault_of_pages(path) is Fault.DAMAGED
    path.write_bytes(content + content)
    assert fault_of_pages(path) is Fault.CHAINED
