"""Tasks on an existing Dask cluster: its workers hand them to processes of their own, as this machine does."""

import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager, suppress
from importlib.metadata import version
from typing import Any

from hipcalc.cohort.process import begin_workers, close_workers
from hipcalc.errors import OutputError, UsageError

__all__ = ["DaskEngine"]

_CONNECT_S = 20
# So long a cluster may be without any worker: schedulers of jobs take their time to start others.
_ALONE_S = 120.0


class DaskEngine:
    """The workers of a Dask cluster that is running already.

    Every worker needs this version of hipcalc, and inputs and results folder under the same paths.

    Parameters
    ----------
    address : str
        Of the scheduler, as in ``tcp://10.0.0.1:8786``.

    Raises
    ------
    UsageError
        If `distributed` is not installed, nobody answers, or the cluster's hipcalc is another.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ImportError as error:
            raise UsageError("The Dask engine needs the package distributed: pip install 'hipcalc[dask]'.") from error
        self._address = address
        self._seen = time.monotonic()
        # A task whose nodes went away several times, which says little about its image.
        self.lost_errors: tuple[type[Exception], ...] = (distributed.KilledWorker,)
        try:
            self._client: Any = distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise UsageError(f"{address}: no Dask scheduler answers there; check the address.") from error
        try:
            self._check()
        except BaseException:
            self._client.close()
            raise

    def _check(self) -> None:
        # Loads nothing there.
        versions = self._client.run(version, "hipcalc", on_error="return")
        if not versions:
            raise UsageError(f"{self._address}: this Dask cluster has no workers; start some.")
        own = version("hipcalc")
        other = {str(one) for one in versions.values()} - {own}
        if other:
            raise UsageError(
                f"{self._address}: the cluster's workers have another hipcalc ({', '.join(sorted(other))}) than this "
                f"one ({own}); install the same everywhere."
            )

    def begin(self, memory_bytes: int | None) -> None:
        """Let the cluster's processes load what they need before there is a task (see `begin_workers`)."""
        self._client.run(_begin_on_node, memory_bytes, on_error="ignore")

    def close(self) -> None:
        """Leave the cluster; the processes that were started there are ended."""
        if self._client.status == "closed":
            return
        with suppress(Exception):
            # Where the scheduler is gone, its workers end on their own, and their processes with them.
            self._client.run(close_workers, on_error="ignore")
        self._client.close(timeout=_CONNECT_S)

    @property
    def workers(self) -> int:
        """How many tasks run at once."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def check(self) -> None:
        """Raise OutputError when the cluster has had no worker for a while: it would wait for one for ever."""
        now = time.monotonic()
        if self._client.scheduler_info()["workers"]:
            self._seen = now
        elif now - self._seen > _ALONE_S:
            raise OutputError(f"{self._address}: the Dask cluster has lost all its workers; start some again.")

    @contextmanager
    def open(self) -> Iterator[Executor]:
        """Return the cluster as an executor; leaving it ends the processes that were started there."""
        executor = self._client.get_executor(pure=False)
        try:
            yield executor
        except CancelledError as error:
            raise OutputError(f"{self._address}: the Dask cluster is lost; start it again.") from error
        finally:
            self.close()


def _begin_on_node(memory_bytes: int | None, dask_worker: Any) -> None:
    begin_workers(dask_worker.state.nthreads, memory_bytes)
