"""The decisions in the log of a results folder: added from tables, and read for the reports."""

import csv
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from hipcalc.errors import UsageError
from hipcalc.review.decision import Decision, check_agreement, read_decisions
from hipcalc.review.events import Draft, hip_of
from hipcalc.review.log import LOG_FILE, ReviewLog
from hipcalc.review.readings import Readings, decision_of, in_force

__all__ = ["append_decisions", "import_earlier_log", "open_log", "read_finished", "read_log"]

# Where an earlier version kept its log; its rows are taken over, and the file is left as it is.
EARLIER_LOG = "decisions.csv"


def append_decisions(results_dir: str | Path, decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Add decisions to the log of a results folder, durably, all of them or none.

    A decision that the log already holds is not added again, so that the same table can be given twice.

    Parameters
    ----------
    results_dir : str or Path
        Folder that ``hipcalc screen`` wrote; the log is its file ``review/log.sqlite``.
    decisions : iterable of Decision

    Returns
    -------
    tuple of Decision
        Every decision in force, in the order of writing.

    Raises
    ------
    UsageError
        If a candidate is not in the folder's candidates table, if two decisions contradict each other, or if the
        log cannot be read. The log is then as it was.
    OutputError
        If it cannot be written.
    """
    folder = Path(results_dir)
    wanted = tuple(dict.fromkeys(decisions))
    known = _known_candidates(folder)
    with open_log(folder) as log:
        events = log.events()
        known |= {event.payload["candidate_id"] for event in events if event.kind == "focus"}
        for decision in wanted:
            if decision.candidate_id not in known:
                raise UsageError(
                    f"{folder / 'candidates.csv'} holds no candidate {decision.candidate_id}; correct the decision's "
                    "candidate_id, or give the results folder that it belongs to."
                )
        there = {decision_of(event) for event in events if event.kind in ("decision", "focus")}
        new = [decision for decision in wanted if decision not in there]
        check_agreement((*read_log(folder), *new))
        log.append([_draft(decision) for decision in new])
    return read_log(folder)


def read_log(results_dir: str | Path) -> tuple[Decision, ...]:
    """Return every decision in force in the log of a results folder, in the order of writing; none without a log.

    What a reader undid is left out. A note that was written after its decision is a row of its own in the log.

    Raises
    ------
    UsageError
        If the log is damaged, or a table of an earlier version is no table of decisions.
    """
    folder = Path(results_dir)
    if not (folder / LOG_FILE).exists():
        return read_decisions(folder / EARLIER_LOG) if (folder / EARLIER_LOG).exists() else ()
    with ReviewLog(folder / LOG_FILE) as log:
        return tuple(decision_of(event) for event in in_force(log.events()) if event.kind in ("decision", "focus"))


def read_finished(results_dir: str | Path) -> dict[str, tuple[str, ...]]:
    """Return the readers who finished each hip in the reading room, by hip id; adjudicators left out.

    Raises
    ------
    UsageError
        If the log is damaged.
    """
    folder = Path(results_dir)
    if not (folder / LOG_FILE).exists():
        return {}
    readings = Readings()
    with ReviewLog(folder / LOG_FILE) as log:
        readings.take(log.events())
    done = {
        hip_id: tuple(one.reader for one in readings.readings(hip_id) if one.is_reader and one.status == "read")
        for hip_id in readings.hips()
    }
    return {hip_id: readers for hip_id, readers in done.items() if readers}


def open_log(results_dir: str | Path) -> ReviewLog:
    """Open the log of a results folder, and take over the decisions of an earlier version where there are some.

    Raises
    ------
    UsageError
        If the log is damaged, or the earlier one is no table of decisions.
    OutputError
        If what is to be taken over cannot be written.
    """
    folder = Path(results_dir)
    log = ReviewLog(folder / LOG_FILE)
    try:
        if not (folder / LOG_FILE).exists():
            import_earlier_log(folder, log)
    except BaseException:
        log.close()
        raise
    return log


def import_earlier_log(folder: Path, log: ReviewLog) -> None:
    """Write the rows of ``decisions.csv``, where there is one, to a log."""
    earlier = folder / EARLIER_LOG
    if earlier.exists():
        decisions = tuple(dict.fromkeys(read_decisions(earlier)))
        check_agreement(decisions)
        log.append([_draft(decision) for decision in decisions])


def _draft(decision: Decision) -> Draft:
    row = decision.to_row()
    identity = json.dumps([*row.values()], ensure_ascii=False).encode("utf-8", "surrogatepass")
    decided = row.pop("time")
    reader = row.pop("reader")
    is_adjudicator = row.pop("role") == "adjudicator"
    return Draft(
        request_id=f"import-{hashlib.sha256(identity).hexdigest()}",
        reader=reader,
        role="adjudicator" if is_adjudicator else "import",
        kind="decision",
        hip_id=hip_of(decision.candidate_id),
        payload={**row, "decided": decided},
    )


def _known_candidates(folder: Path) -> set[str]:
    table = folder / "candidates.csv"
    try:
        with table.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            return {row["candidate_id"] for row in csv.DictReader(file)}
    except (OSError, csv.Error, KeyError) as error:
        raise UsageError(f"{table} is no candidates table; give a folder that hipcalc screen wrote.") from error
