"""One input in a worker: its record and its pictures, whatever happens to it."""

import hashlib
import time
import traceback
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hipcalc.cohort.settings import CohortSettings
from hipcalc.cohort.sources import fetch, stamp
from hipcalc.errors import HipcalcError, InputRejectedError, OutputError
from hipcalc.report import (
    Entry,
    FileRecord,
    ImageRecord,
    ImageStatus,
    Input,
    ResultsFolder,
    entry_of,
    pack,
    record_key,
    rounded,
)

if TYPE_CHECKING:
    from hipcalc.radiograph import Radiograph

# What reads and analyses is imported where it is needed: a coordinator hands jobs out and needs none of it.

__all__ = ["Analysed", "Done", "Job", "analyse_input", "record_loss"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One input to analyse, and where its pictures go.

    Attributes
    ----------
    input : Input
    folder : ResultsFolder
    settings : CohortSettings
    settings_hash : str
    known_sha256 : str
        Of the content that the ledger already holds a result of; empty when there is none.
    """

    input: Input
    folder: ResultsFolder
    settings: CohortSettings
    settings_hash: str
    known_sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Analysed:
    """What a worker hands back for the ledger: an entry and a record; no record where the content is as it was.

    Attributes
    ----------
    entry : Entry
    packed : bytes or None
    stages_s : dict of str to float
        Seconds of each stage; empty for what ended before its end.
    """

    entry: Entry
    packed: bytes | None
    stages_s: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a caller is told of a finished input."""

    path: str
    status: str
    reason: str
    hips: int
    findings: int
    seconds: float
    reused: bool = False

    @classmethod
    def of(cls, entry: Entry, *, reused: bool = False) -> "Done":
        """Return what is told of an entry of the ledger."""
        seconds = 0.0 if reused else (entry.decode_s or 0.0) + (entry.analyze_s or 0.0)
        return cls(
            path=entry.path,
            status=entry.status,
            reason=entry.reason,
            hips=entry.hips,
            findings=entry.marks,
            seconds=seconds,
            reused=reused,
        )


def analyse_input(job: Job) -> Analysed:
    """Analyse one input, write its pictures, and never raise for what is wrong with the input.

    Raises
    ------
    OutputError
        If pictures cannot be written.
    MemoryError
        If memory ends: alone it may be enough.
    """
    path = job.input.path
    started = time.perf_counter()
    seen = stamp(job.input.source, now=True)
    try:
        data = fetch(job.input.source)
    except HipcalcError as error:
        status: ImageStatus = "rejected" if isinstance(error, InputRejectedError) else "failed"
        return _analysed(job, _without_result(path, "", status, _reason(error, job)), seen)
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 == job.known_sha256:
        kept = _without_result(path, sha256, "ok", "")
        return Analysed(entry=entry_of("", kept, job.settings_hash, stamp=seen), packed=None)
    with warnings.catch_warnings():
        # A library's warning is no message for a user; in the tests it is an error.
        warnings.simplefilter("ignore")
        record, stages_s = _record(job, data, sha256, started)
    return replace(_analysed(job, record, seen), stages_s=stages_s)


def record_loss(job: Job, how: str) -> Analysed:
    """Return what is kept of an input whose analysis lost its process, also when it was alone."""
    try:
        sha256 = hashlib.sha256(fetch(job.input.source)).hexdigest()
    except HipcalcError:
        sha256 = ""
    reason = f"the analysis of this file {how}, also when it ran alone; look at the file, or raise the limit."
    return _analysed(job, _without_result(job.input.path, sha256, "failed", reason), "")


def _analysed(job: Job, record: FileRecord, seen: str) -> Analysed:
    # Times differ from run to run. They stand in the ledger and in a table of their own, so that the tables of
    # results are the same bytes whatever the machine was doing.
    image = record.image
    times = (image.decode_s, image.analyze_s)
    record = replace(record, image=replace(image, decode_s=None, analyze_s=None))
    key = record_key(image.image_id, image.path)
    return Analysed(entry=entry_of(key, record, job.settings_hash, stamp=seen, times=times), packed=pack(record))


def _record(job: Job, data: bytes, sha256: str, started: float) -> tuple[FileRecord, dict[str, float]]:
    """Return the record, and the seconds of each stage if there was a last one."""
    from hipcalc.radiograph import manufacturer_of
    from hipcalc.report import write_pictures, write_thumbnail
    from hipcalc.screen import screen

    path = job.input.path
    pictures = job.folder.pictures(record_key(sha256[:16], path))
    radiograph: Radiograph | None = None
    try:
        radiograph = _read(job, data, sha256)
        decode_s = time.perf_counter() - started
        screening = screen(
            radiograph,
            false_marks_per_hip=job.settings.false_marks_per_hip,
            detectability=job.settings.detectability,
        )
        stages_s = {"reading": decode_s, **screening.stages_s}
        if job.settings.pages:
            began = time.perf_counter()
            write_pictures(pictures, screening.image, screening.hips)
            stages_s["pictures"] = time.perf_counter() - began
        record = screening.record(decode_s=decode_s)
        return replace(record, image=replace(record.image, manufacturer=manufacturer_of(data))), stages_s
    except (OutputError, MemoryError):
        raise
    except InputRejectedError as error:
        if radiograph is not None and job.settings.pages:
            write_thumbnail(pictures, radiograph)
        return _without_result(path, sha256, "rejected", _reason(error, job), radiograph), {}
    except HipcalcError as error:
        return _without_result(path, sha256, "failed", _reason(error, job)), {}
    except Exception as error:
        return _without_result(path, sha256, "failed", _internal_error(error)), {}


def _read(job: Job, data: bytes, sha256: str) -> "Radiograph":
    """Read the file, and take from picture and name what the settings say is to be found there."""
    from hipcalc.normalize import calibrate_by_scale_bar
    from hipcalc.radiograph import apply_name_pattern, radiograph_from_bytes

    settings = job.settings
    radiograph = radiograph_from_bytes(data, job.input.path, spacing_mm=settings.spacing_mm, sha256=sha256)
    if settings.name_pattern is not None:
        radiograph = apply_name_pattern(radiograph, settings.name_pattern)
    if settings.scale_bar_mm is not None:
        radiograph = calibrate_by_scale_bar(radiograph, settings.scale_bar_mm)
    return radiograph


def _without_result(
    path: str, sha256: str, status: ImageStatus, reason: str, radiograph: "Radiograph | None" = None
) -> FileRecord:
    """Return a record that says why there is no result, with what is known of a file that could be read."""
    image = ImageRecord(image_id=sha256[:16], path=path, status=status, reason=reason, sha256=sha256)
    if radiograph is not None:
        rows, columns = radiograph.shape
        image = replace(
            image,
            rows=rows,
            columns=columns,
            spacing_mm=radiograph.spacing_mm,
            spacing_source=radiograph.spacing_source,
            polarity=radiograph.polarity,
        )
    return FileRecord(image=rounded(image))


def _reason(error: HipcalcError, job: Job) -> str:
    # The table has the path in its own column, and where a PACS was asked is nobody's business.
    return str(error).removeprefix(f"{job.input.path}: ").removeprefix(f"{job.input.source}: ")


def _internal_error(error: Exception) -> str:
    """Say where a fault of our own is; the message itself may quote the file's header, so it is left out."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "hipcalc" in frame.filename]
    place = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "an unknown place"
    return f"a fault of hipcalc itself ({type(error).__name__} in {place}); please report it."
