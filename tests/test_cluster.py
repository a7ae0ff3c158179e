"""Per-track work on a local cluster, and on one that runs already."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from distributed import LocalCluster

from cunet import cluster
from cunet.errors import UserError
from cunet.params import Params
from cunet.settings.cluster import Dask
from tests.conftest import ROOT


def test_an_existing_scheduler_does_the_work(params: Params, tmp_path: Path) -> None:
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as running:
        address = running.scheduler_address
        with cluster.connect(Dask(scheduler=address, workers=None)) as client:
            results = dict(cluster.for_each(client, abs, [-1, -2, -3], lambda item: (item,), "test"))
        assert results == {-1: 1, -2: 2, -3: 3}
        assert running.scheduler_info["workers"]


def test_a_worker_that_is_killed_is_one_line() -> None:
    """As the system or dask kills one that takes too much memory."""
    with (
        cluster.connect(Dask(scheduler=None, workers=1)) as client,
        pytest.raises(UserError, match=r"test: a worker was killed.*dask\.workers"),
    ):
        list(cluster.for_each(client, os._exit, [1], lambda item: (item,), "test"))


SCHEDULER = """
from distributed import LocalCluster
tcp = {"processes": False, "protocol": "tcp://"}
with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, **tcp) as cluster:
    print(cluster.scheduler_address, flush=True)
    input()
"""


def test_a_scheduler_that_is_killed_is_one_line() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", SCHEDULER], stdin=pipe, stdout=pipe, text=True) as running:
        assert running.stdout is not None
        with (
            cluster.connect(Dask(scheduler=running.stdout.readline().strip(), workers=None)) as client,
            pytest.raises(UserError, match="test: the dask cluster lost a worker or its scheduler"),
        ):
            for _ in cluster.for_each(client, time.sleep, [0, 60], lambda item: (item,), "test"):
                running.kill()


def test_a_local_cluster_has_no_more_workers_than_memory_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    many = Dask(scheduler=None, workers=4)
    free = psutil.virtual_memory().available
    assert cluster.local_workers(many, 0) == cluster.local_workers(many, free // 8) == 4
    assert capsys.readouterr().out == ""
    assert cluster.local_workers(many, free // 2 - 10**8) == 2
    assert "using 2 of 4 workers" in capsys.readouterr().out
    assert cluster.local_workers(Dask(scheduler=None, workers=1), 2 * free) == 1
    assert "a track needs" in capsys.readouterr().out


def test_what_is_done_is_not_run_again(tmp_path: Path) -> None:
    with cluster.connect(Dask(scheduler=None, workers=1)) as client:
        results = cluster.for_each(
            client, abs, [-1, -2, -3], lambda item: (item,), "test", done=lambda item: item == -2
        )
        assert dict(results) == {-1: 1, -3: 3}


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    with (
        pytest.raises(UserError, match=r"dask\.scheduler.*tcp://127\.0\.0\.1:9"),
        cluster.connect(Dask(scheduler="tcp://127.0.0.1:9", workers=None)),
    ):
        pass


AT_WORK = """
import time
from cunet import cluster
from cunet.cli.running import run
from cunet.settings.cluster import Dask
def work():
    with cluster.connect(Dask(scheduler=None, workers=2)) as client:
        client.submit(time.sleep, 60)
        print("ready", flush=True)
        time.sleep(60)
if __name__ == "__main__":
    run(work)
"""


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT"])
def test_a_terminal_ends_a_stage_and_its_workers_without_a_word(tmp_path: Path, name: str) -> None:
    """It sends the signal to all of them."""
    (tmp_path / "work.py").write_text(AT_WORK)
    (tmp_path / "temporary").mkdir()
    paths = {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "temporary")}
    with subprocess.Popen(
        [sys.executable, "work.py"],
        cwd=tmp_path,
        env=os.environ | paths,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        workers = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, getattr(signal, name))
        _, errors = process.communicate(timeout=30)  # which the workers hold open, too
    assert (process.returncode, errors) == (1, "interrupted\n")
    assert len(workers) >= 3  # with Python's own helper
    _, alive = psutil.wait_procs(workers, 5)
    assert [worker for worker in alive if worker.status() != psutil.STATUS_ZOMBIE] == []
    assert list((tmp_path / "temporary").iterdir()) == []
