"""Worker processes that die, raise or are stopped."""

import os
import signal
import time
from pathlib import Path

import pytest

from hipcalc.cohort.pool import LocalEngine, run_tasks
from hipcalc.cohort.process import Limits
from hipcalc.errors import OutputError


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


def hang_at_2(number: int) -> int:
    if number == 2:
        time.sleep(60)
    return number


def bloat_at_3(number: int) -> int:
    if number == 3:
        return len(bytearray(3_000_000_000))
    return number


def crash_at_4(number: int) -> int:
    if number == 4:
        os._exit(7)
    return number


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


@pytest.mark.parametrize("workers", [1, 3])
def test_every_item_gets_its_own_result(workers):
    assert results(square, list(range(100)), workers) == [number * number for number in range(100)]
    assert results(square, [], workers) == []


def test_a_task_that_kills_its_worker_costs_itself_only():
    items = list(range(30))
    expected = [None if number == 13 else number for number in items]
    assert results(die_of_13, items) == expected


def test_the_item_says_how_its_process_was_lost():
    lost = all_results(die_of_13, [12, 13])[13]
    assert (lost.fate, lost.how) == ("died", "was ended by SIGKILL (out of memory, or stopped by hand)")
    lost = all_results(crash_at_4, [4, 5])[4]
    assert (lost.fate, lost.how) == ("died", "ended with status 7")


def test_a_task_that_hangs_is_ended_and_costs_itself_only():
    found = all_results(hang_at_2, [0, 1, 2, 3, 4], limits=Limits(time_s=1.5))
    assert [found[number].value for number in range(5)] == [0, 1, None, 3, 4]
    assert (found[2].fate, found[2].how) == ("time", "took longer than the time limit of 1.5 s")


def test_a_task_that_needs_more_memory_than_the_limit_costs_itself_only():
    found = all_results(bloat_at_3, [1, 2, 3, 4], limits=Limits(memory_bytes=1500 * 2**20))
    assert [found[number].value for number in range(1, 5)] == [1, 2, None, 4]
    assert (found[3].fate, found[3].how) == ("memory", "needs more memory than the limit of 1500 MB")


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
