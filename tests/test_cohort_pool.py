"""Worker processes that die, raise or are stopped."""

import os
import signal
import time
from pathlib import Path

import pytest

from hipcalc.cohort.pool import run_tasks


def square(number: int) -> int:
    return number * number


def die_of_13(number: int) -> int:
    if number == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return number


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


def results(task, items, workers=2):
    # What is preloaded is loaded once for all tests of this process.
    running = run_tasks(task, items, workers=workers, preload=("hipcalc.cohort.analysis",))
    found = {result.index: result.value for result in running}
    return [found[index] for index in range(len(items))]


@pytest.mark.parametrize("workers", [1, 3])
def test_every_item_gets_its_own_result(workers):
    assert results(square, list(range(20)), workers) == [number * number for number in range(20)]
    assert results(square, [], workers) == []


def test_a_task_that_kills_its_worker_costs_itself_only():
    items = list(range(30))
    expected = [None if number == 13 else number for number in items]
    assert results(die_of_13, items) == expected
    assert results(die_of_13, [13, 13, 1]) == [None, None, 1]


def test_a_worker_that_was_killed_from_outside_costs_nothing(tmp_path):
    flags = [tmp_path / str(number) for number in range(4)]
    for flag in flags[1:]:
        flag.touch()
    assert results(die_once, flags) == ["0", "1", "2", "3"]


def test_an_exception_goes_through():
    with pytest.raises(ValueError, match="three"):
        results(fail_at_3, list(range(6)))


def test_closing_lets_running_tasks_finish_and_starts_no_others(tmp_path):
    flags = [tmp_path / f"{number:03d}" for number in range(60)]
    running = run_tasks(touch, flags, workers=2, preload=("hipcalc.cohort.analysis",))
    next(running)
    running.close()
    done = len(list(tmp_path.iterdir()))
    assert 1 <= done <= 8
    time.sleep(0.2)
    assert len(list(tmp_path.iterdir())) == done


def test_each_worker_has_one_thread_and_this_process_is_left_alone(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    assert results(threads, [1, 2])[0] == ("1", 1)
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ
