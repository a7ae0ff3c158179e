"""What libraries write past Python."""

import os
import threading

import pytest

from cunet.quiet import quiet


def test_what_is_written_in_the_block_is_dropped_in_any_thread(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        for _ in range(20):
            with quiet():
                os.write(2, b"note")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.raises(KeyError), quiet():
        raise KeyError
    os.write(2, b"afterwards")
    assert capfd.readouterr() == ("", "afterwards")
