"""What is still to be read by whom, and what is to be decided between readers: pure functions of study and log."""

from collections.abc import Sequence
from typing import Protocol

from hipcalc.reading_room.order import drawn_share, readers_of, reading_order
from hipcalc.reading_room.study import Study
from hipcalc.review import Disputes, Readings, disputes_of

__all__ = ["ReadableHip", "adjudication_queue", "assigned_readers", "disputes_in", "queue"]


class ReadableHip(Protocol):
    """What the plan must know of a hip."""

    @property
    def hip_id(self) -> str:
        """``<image_id>-<side>``."""

    @property
    def marks(self) -> int:
        """How many marks the detector set."""

    @property
    def head_radius_px(self) -> float:
        """NaN when it is not known."""


def assigned_readers(study: Study, hip_id: str) -> list[str]:
    """Return who of the study's readers is to read a hip; nobody by name when anybody may read."""
    is_double = drawn_share(study.seed, hip_id) < study.double_share
    return readers_of(study.seed, study.readers, hip_id, study.double_readers if is_double else 1)


def queue(study: Study, reader: str, hips: Sequence[ReadableHip], readings: Readings) -> list[str]:
    """Return every hip that a reader is to read, in this reader's order, finished ones included.

    Those that the study assigns to the reader (every hip, when it names no readers), and those that the reader has
    begun, whatever the study says by now.
    """
    wanted = (hip.hip_id for hip in hips if hip.marks or not study.marked_only)
    begun = {hip_id for hip_id in readings.hips() if readings.reading(reader, hip_id).last_seq}
    mine = {hip_id for hip_id in wanted if not study.readers or reader in assigned_readers(study, hip_id)}
    known = {hip.hip_id for hip in hips}
    return reading_order(study.seed, reader, mine | (begun & known))


def adjudication_queue(study: Study, reader: str, hips: Sequence[ReadableHip], readings: Readings) -> list[str]:
    """Return every hip on which readers disagree and which this adjudicator did not read, decided ones included."""
    mine = [hip.hip_id for hip in hips if disputes_in(hip, readings) and not _has_read(readings, reader, hip.hip_id)]
    return reading_order(study.seed, reader, mine)


def disputes_in(hip: ReadableHip, readings: Readings) -> Disputes:
    """Return what the readers of a hip do not agree upon."""
    return disputes_of(readings.readings(hip.hip_id), hip.head_radius_px)


def _has_read(readings: Readings, reader: str, hip_id: str) -> bool:
    reading = readings.reading(reader, hip_id)
    return bool(reading.last_seq) and reading.role == "reader"
