"""The review log as tables and as JSON, beside it."""

import csv
import io
import json
import os
from dataclasses import asdict
from pathlib import Path

from hipcalc.errors import OutputError
from hipcalc.review.decision import DECISION_COLUMNS
from hipcalc.review.log import ReviewLog
from hipcalc.review.readings import decision_of, in_force

__all__ = ["export_log"]

_EVENT_COLUMNS = ("seq", "time", "reader", "role", "kind", "hip_id", "request_id", "payload", "previous", "hash")


def export_log(log: ReviewLog) -> tuple[Path, ...]:
    """Write ``decisions.csv`` (those in force), ``events.csv`` and ``events.json`` (every row) beside the log.

    Returns
    -------
    tuple of Path

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    events = log.events()
    decisions = [decision_of(event).to_row() for event in in_force(events) if event.kind in ("decision", "focus")]
    rows = [{**asdict(event), "payload": json.dumps(event.payload, ensure_ascii=False)} for event in events]
    texts = {
        "decisions.csv": _csv(DECISION_COLUMNS, decisions),
        "events.csv": _csv(_EVENT_COLUMNS, rows),
        "events.json": json.dumps([asdict(event) for event in events], indent=1, ensure_ascii=False) + "\n",
    }
    return tuple(_write(log.file.with_name(name), text) for name, text in texts.items())


def _csv(columns: tuple[str, ...], rows: list[dict[str, str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _write(file: Path, text: str) -> Path:
    draft = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise OutputError(f"{file} cannot be written ({error.strerror}); free space or allow writing there.") from error
    return file
