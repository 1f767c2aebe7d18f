"""One file in a worker: its record and its pictures, whatever happens to it."""

import time
import traceback
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from hipcalc.cohort.settings import CohortSettings
from hipcalc.errors import HipcalcError, InputRejectedError, OutputError
from hipcalc.normalize import calibrate_by_scale_bar
from hipcalc.radiograph import Radiograph, apply_name_pattern, content_sha256, read_radiograph
from hipcalc.report import (
    FileRecord,
    ImageRecord,
    ImageStatus,
    ResultsFolder,
    record_key,
    rounded,
    write_pictures,
    write_thumbnail,
)
from hipcalc.screen import screen

__all__ = ["Done", "Job", "analyse_file", "record_death"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One file to analyse, and where its results go."""

    path: str
    folder: ResultsFolder
    settings: CohortSettings
    settings_hash: str
    resume: bool


@dataclass(frozen=True, kw_only=True)
class Done:
    """What the coordinator needs to know of a finished file; its record is in the folder under `key`."""

    key: str
    path: str
    status: str
    reason: str
    hips: int
    findings: int
    reused: bool = False


def analyse_file(job: Job) -> Done:
    """Analyse one file, keep its record and its pictures, and never raise for what is wrong with the file.

    Raises
    ------
    OutputError
        If results cannot be written.
    """
    sha256 = content_sha256(job.path)
    key = record_key(sha256[:16], job.path)
    if job.resume:
        kept = job.folder.load(key, job.settings_hash)
        # What failed is tried again: the disk or the network may have been the cause.
        if kept is not None and kept.image.status != "failed":
            return _done(key, kept, reused=True)
    with warnings.catch_warnings():
        # A library's warning is no message for a user; in the tests it is an error.
        warnings.simplefilter("ignore")
        record = _record(job, sha256, job.folder.pictures(key))
    # The record is written last: where there is one, its pictures are there too.
    job.folder.save(key, record, job.settings_hash)
    return _done(key, record)


def record_death(job: Job) -> Done:
    """Keep the record of a file whose analysis killed its process."""
    sha256 = content_sha256(job.path)
    key = record_key(sha256[:16], job.path)
    reason = "the analysis of this file ended its process (out of memory, or a fault in a decoder); look at the file."
    record = _without_result(job.path, sha256, "failed", reason)
    job.folder.save(key, record, job.settings_hash)
    return _done(key, record)


def _record(job: Job, sha256: str, pictures: Path) -> FileRecord:
    radiograph: Radiograph | None = None
    started = time.perf_counter()
    try:
        radiograph = _read(job)
        decode_s = time.perf_counter() - started
        screening = screen(
            radiograph,
            false_marks_per_hip=job.settings.false_marks_per_hip,
            detectability=job.settings.detectability,
        )
        if job.settings.pages:
            write_pictures(pictures, screening.image, screening.hips)
        return screening.record(decode_s=decode_s)
    except OutputError:
        raise
    except InputRejectedError as error:
        if radiograph is not None and job.settings.pages:
            write_thumbnail(pictures, radiograph)
        return _without_result(job.path, sha256, "rejected", _reason(error, job.path), radiograph)
    except HipcalcError as error:
        return _without_result(job.path, sha256, "failed", _reason(error, job.path))
    except MemoryError:
        return _without_result(
            job.path, sha256, "failed", "the analysis needs more memory than is free; use fewer workers."
        )
    except Exception as error:
        return _without_result(job.path, sha256, "failed", _internal_error(error))


def _read(job: Job) -> Radiograph:
    """Read the file, and take from picture and name what the settings say is to be found there."""
    settings = job.settings
    radiograph = read_radiograph(job.path, spacing_mm=settings.spacing_mm)
    if settings.name_pattern is not None:
        radiograph = apply_name_pattern(radiograph, settings.name_pattern)
    if settings.scale_bar_mm is not None:
        radiograph = calibrate_by_scale_bar(radiograph, settings.scale_bar_mm)
    return radiograph


def _without_result(
    path: str, sha256: str, status: ImageStatus, reason: str, radiograph: Radiograph | None = None
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


def _reason(error: HipcalcError, path: str) -> str:
    # The table has the path in its own column.
    return str(error).removeprefix(f"{path}: ")


def _internal_error(error: Exception) -> str:
    """Say where a fault of our own is; the message itself may quote the file's header, so it is left out."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "hipcalc" in frame.filename]
    place = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "an unknown place"
    return f"a fault of hipcalc itself ({type(error).__name__} in {place}); please report it."


def _done(key: str, record: FileRecord, *, reused: bool = False) -> Done:
    return Done(
        key=key,
        path=record.image.path,
        status=record.image.status,
        reason=record.image.reason,
        hips=sum(hip.status != "absent" for hip in record.hips),
        findings=len(record.findings),
        reused=reused,
    )
