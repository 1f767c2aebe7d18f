"""Worker processes that die, raise or are stopped."""

import os
import platform
import resource
import signal
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from hipcalc.cohort.pool import LocalEngine, run_tasks
from hipcalc.cohort.process import Limits, begin_workers, close_workers
from hipcalc.errors import OutputError


def square(number: int) -> int:
    return number * number


def die_once(flag: Path) -> str:
    """Die the first time, as if the system had killed this worker for somebody else's memory."""
    if not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return flag.name


def fail_at_3(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


def touch(flag: Path) -> None:
    time.sleep(0.05)
    flag.touch()


def threads(_: int) -> tuple[str | None, int]:
    import cv2

    return os.environ.get("OMP_NUM_THREADS"), cv2.getNumThreads()


def trouble(kind: str) -> str:
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "crash":
        os._exit(7)
    if kind == "hang":
        time.sleep(60)
    if kind == "bloat":
        bytearray(3_000_000_000)
    time.sleep(0.02)
    return kind


def print_it(number: int) -> int:
    print("a decoder's chatter", flush=True)
    os.write(1, b"and of a library in C\n")
    return number


def all_results(task, items, workers=2, **options):
    groups = run_tasks(task, items, engine=LocalEngine(workers), **options)
    return {result.item: result for group in groups for result in group}


def results(task, items, workers=2, **options):
    found = all_results(task, items, workers, **options)
    return [found[item].value for item in items]


def test_every_item_gets_its_own_result():
    assert results(square, list(range(100)), 3) == [number * number for number in range(100)]
    assert results(square, []) == []


def test_a_task_that_loses_its_worker_costs_itself_only_and_says_how():
    items = [*(f"a{number}" for number in range(9)), "kill", "hang", *(f"b{number}" for number in range(9))]
    items += ["crash", "bloat", "c"]
    found = all_results(trouble, items, limits=Limits(time_s=2.0, memory_bytes=1500 * 2**20))
    assert [found[item].value for item in items] == [item if len(item) < 3 else None for item in items]
    assert {item: (found[item].fate, found[item].how) for item in items if len(item) > 2} == {
        "kill": ("died", "was ended by SIGKILL (out of memory, or stopped by hand)"),
        "crash": ("died", "ended with status 7"),
        "hang": ("time", "took longer than the time limit of 2 s"),
        "bloat": ("memory", "needs more memory than the limit of 1500 MB"),
    }


def test_a_worker_that_cannot_start_blames_no_item():
    with pytest.raises(OutputError, match="a worker process could not be started .exit status .*; is there memory"):
        results(square, [1, 2], limits=Limits(memory_bytes=1_000_000))


def test_what_a_task_prints_neither_breaks_its_answer_nor_reaches_the_terminal(capfd):
    assert results(print_it, [1, 2, 3]) == [1, 2, 3]
    assert "".join(capfd.readouterr()) == ""


def test_a_worker_that_was_killed_from_outside_costs_nothing(tmp_path):
    flags = [tmp_path / str(number) for number in range(4)]
    for flag in flags[1:]:
        flag.touch()
    assert results(die_once, flags) == ["0", "1", "2", "3"]


def test_an_exception_goes_through():
    with pytest.raises(ValueError, match="three"):
        results(fail_at_3, list(range(6)))


def test_asked_to_stop_it_finishes_what_runs_and_starts_no_others(tmp_path):
    flags = [tmp_path / f"{number:03d}" for number in range(200)]
    asked = []
    finished = 0
    for group in run_tasks(touch, flags, engine=LocalEngine(2), stop=lambda: bool(asked)):
        finished += len(group)
        asked.append(True)
    assert 1 <= finished <= 8
    assert len(list(tmp_path.iterdir())) == finished


def test_items_are_taken_only_as_workers_come_free(tmp_path):
    taken = []

    def items():
        for number in range(10_000):
            taken.append(number)
            yield number

    for group in run_tasks(square, items(), engine=LocalEngine(1)):
        assert group
        break
    assert len(taken) < 200


def test_each_worker_has_one_thread_and_this_process_is_left_alone(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    assert results(threads, [1, 2])[0] == ("1", 1)
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def new_pages(_):
    """Count the pages that a second array of 100 MB needs where the first one lay."""
    np.ones(12_500_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(12_500_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told how much freed memory to keep")
def test_a_worker_keeps_its_memory_also_where_a_cluster_has_it_given_back(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")
    ((result,),) = run_tasks(new_pages, [1], engine=LocalEngine(1))
    assert result.value < 100


def tunables(_: int) -> str:
    return os.environ["GLIBC_TUNABLES"]


@pytest.mark.parametrize(
    ("of_the_user", "all_of_them"), [("", ""), ("glibc.malloc.hugetlb=0", ":glibc.malloc.hugetlb=0")]
)
def test_a_worker_asks_for_large_pages_unless_the_user_says_otherwise(of_the_user, all_of_them, monkeypatch):
    monkeypatch.setenv("GLIBC_TUNABLES", of_the_user)
    ((result,),) = run_tasks(tunables, [1], engine=LocalEngine(1))
    assert result.value == "glibc.malloc.hugetlb=1" + all_of_them


def process_number(_: int) -> int:
    return os.getpid()


@pytest.mark.parametrize(("memory_bytes", "is_taken"), [(None, True), (2**31, False)])
def test_a_process_that_was_begun_ahead_is_taken_if_it_has_the_same_memory_limit(memory_bytes, is_taken):
    before = {child.pid for child in psutil.Process().children()}
    begin_workers(2, memory_bytes)
    begun = {child.pid for child in psutil.Process().children()} - before
    limits = Limits(time_s=60)
    used = {result.value for group in run_tasks(process_number, range(8), engine=LocalEngine(2), limits=limits)
            for result in group}  # fmt: skip
    assert len(begun) == 2
    assert (used <= begun) is is_taken
    assert not begun & {child.pid for child in psutil.Process().children()}


def test_a_process_that_was_begun_ahead_and_killed_is_started_again():
    begin_workers(1, None)
    psutil.Process().children()[-1].kill()
    (group,) = run_tasks(square, [3], engine=LocalEngine(1))
    assert [result.value for result in group] == [9]


def test_processes_that_wait_for_a_task_end_with_the_others():
    before = psutil.Process().children()
    begin_workers(1, None)
    close_workers()
    assert psutil.Process().children() == before
