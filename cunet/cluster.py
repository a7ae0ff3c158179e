"""Per-track work on dask.distributed: on a local cluster or a running scheduler."""

import atexit
import logging
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import psutil
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from cunet.errors import UserError, first_line
from cunet.files import temporary_folder
from cunet.settings.cluster import Dask

if TYPE_CHECKING:  # imported where work is shared out: stages that only name a data set do without
    from distributed import Client, LocalCluster

PATIENCE = 20.0  # seconds
UNREACHABLE = "trying to connect"  # in the errors of dask for workers that are gone
Item = TypeVar("Item")


@contextmanager
def connect(settings: Dask, memory: int = 0, processes: bool = True) -> Iterator["Client"]:
    """Connect to the scheduler in `settings`, or to a local cluster that stops at the end of the block.

    A local cluster has only as many workers as fit the free memory, at `memory` bytes per task. Without `processes`,
    they are threads: these start at once, where a process takes seconds for its imports, but are as fast only if
    tasks spend their time in libraries that release Python's global lock. If memory runs out, threads take the whole
    program with them.

    Raises:
        UserError: no scheduler answers at the address, or it has no workers.
    """
    from distributed import Client

    if settings.scheduler is None:
        limits = nullcontext() if processes else threadpool_limits(1, "blas")  # as dask does for its processes
        with limits, _local_cluster(local_workers(settings, memory), processes) as cluster, Client(cluster) as client:
            yield client
        return
    try:
        client = Client(settings.scheduler, timeout=PATIENCE)
        client.wait_for_workers(1, timeout=PATIENCE)
    except (OSError, ValueError, TimeoutError):
        raise UserError(
            f"dask.scheduler: no scheduler with workers answers at {settings.scheduler}. "
            "Start one, or set dask.scheduler to null."
        ) from None
    with client:
        yield client


@contextmanager
def _local_cluster(workers: int, processes: bool) -> Iterator["LocalCluster"]:
    import dask
    from distributed import LocalCluster
    from distributed.deploy.spec import close_clusters

    atexit.unregister(close_clusters)  # it waits, and fails, for a cluster that an interruption left half started
    with temporary_folder() as folder, dask.config.set(temporary_directory=str(folder)):
        with _signals_to_this_process_alone() if processes else nullcontext():
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=processes,
                memory_limit="auto" if processes else None,  # dask measures only the memory of the whole process
                dashboard_address=":0",
                silence_logs=logging.CRITICAL,  # errors reach the caller; the log would repeat them
            )
        try:
            yield cluster
        finally:
            with suppress(AssertionError):  # dask raises it while it restarts a killed worker; harmless
                cluster.close()


@contextmanager
def _signals_to_this_process_alone() -> Iterator[None]:
    """Start processes that a terminal does not end: this one ends them, and Python's own helper loses count if it dies.

    They inherit the blocked signals. Those that arrive in the meantime follow at the end of the block.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    blocked = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
    try:
        resource_tracker.ensure_running()  # it unblocks SIGINT
        signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def local_workers(settings: Dask, memory: int) -> int:
    """Number of local workers: as requested, or fewer, so that each has `memory` bytes; at least one."""
    from distributed.system import MEMORY_LIMIT

    wanted = settings.workers or os.cpu_count() or 1
    free = min(psutil.virtual_memory().available, MEMORY_LIMIT)
    fitting = max(1, free // memory) if memory else wanted
    if fitting < wanted or memory > free:
        print(
            f"using {fitting} of {wanted} workers: a track needs {memory / 1e9:.1f} GB of memory, and "
            f"{free / 1e9:.1f} GB are free"
        )
    return min(wanted, fitting)


def for_each(
    client: "Client",
    function: Callable[..., Any],
    items: Sequence[Item],
    arguments: Callable[[Item], tuple[Any, ...]],
    progress: str,
    done: Callable[[Item], bool] = lambda item: False,
) -> Iterator[tuple[Item, Any]]:
    """Run `function(*arguments(item))` on the cluster for every item; yield (item, result) as they finish.

    Items that an interrupted run has `done` count as progress, but are neither run nor yielded. At most two tasks per
    worker are submitted at a time, so that their arguments do not fill the memory. An error in one task cancels the
    rest.

    Raises:
        UserError: a worker was killed several times with the same task, or the cluster lost a task or its scheduler.
    """
    from distributed import as_completed

    backlog = 2 * len(client.scheduler_info(n_workers=-1)["workers"])
    missing = [item for item in items if not done(item)]
    waiting = iter(missing)
    running = as_completed()
    item_of: dict[Any, Item] = {}

    def submit_next() -> None:
        for item in waiting:
            future = client.submit(function, *arguments(item), pure=False)
            item_of[future] = item
            running.add(future)
            return

    finished = len(items) - len(missing)
    with tqdm(total=len(items), initial=finished, desc=progress, unit="track", mininterval=1) as bar:
        for _ in range(backlog):
            with _losses_named(progress):
                submit_next()
        for future in running:
            with _losses_named(progress):
                result = future.result()
            bar.update()
            yield item_of.pop(future), result
            with _losses_named(progress):
                submit_next()


@contextmanager
def _losses_named(progress: str) -> Iterator[None]:
    """Use a cluster, which may lose workers or its scheduler in the block.

    Raises:
        UserError: it did.
    """
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        yield
    except KilledWorker:
        raise UserError(
            f"{progress}: a worker was killed, probably because memory ran out. Lower dask.workers, or use a "
            "machine with more memory; finished work is kept."
        ) from None
    except (CancelledError, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, CommClosedError) and UNREACHABLE not in str(error):
            raise  # of the task
        raise UserError(
            f"{progress}: the dask cluster lost a worker or its scheduler ({first_line(error)}). Run the same command "
            "again; finished work is kept."
        ) from None
