"""The formats of the workflow report: one module each, found by name, loaded when it is asked for."""

import importlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from hipcalc.errors import OutputError, UsageError
from hipcalc.report.codes import check_codes
from hipcalc.report.format_table import DEFAULT_FORMATS, FORMATS, Format
from hipcalc.report.formats.contents import NotWritten, WorkflowReport

__all__ = ["DEFAULT_FORMATS", "FORMATS", "Format", "NotWritten", "WorkflowReport", "check_formats", "write_formats"]


def check_formats(names: Iterable[str], *, has_pictures: bool) -> None:
    """Refuse what could not be written, before anything is.

    Raises
    ------
    UsageError
        If a name is no format, if the package that a format needs is not installed, if it shows radiographs and
        the run kept no pictures, or if a site's own map of codes is wrong.
    """
    check_codes()
    for name in names:
        if name not in FORMATS:
            raise UsageError(f"{name!r} is no format of a report; choose out of {', '.join(FORMATS)}.")
        form = FORMATS[name]
        if form.package and find_spec(form.package) is None:
            raise UsageError(
                f"The format {name} needs a package that is not there: pip install 'hipcalc[{form.extra}]'."
            )
        if form.needs_pictures and not has_pictures:
            raise UsageError(
                f"The format {name} shows pictures, and hipcalc screen --format tables kept none; choose other "
                "formats, or screen into a new folder without it."
            )


def write_formats(names: Iterable[str], report: WorkflowReport) -> tuple[NotWritten, ...]:
    """Write some formats, and take away what an earlier report wrote and this one did not.

    A report that is left behind could show as confirmed what is confirmed no longer.

    Returns
    -------
    tuple of NotWritten
        What the formats could not write.

    Raises
    ------
    OutputError
        If a file cannot be written or taken away.
    """
    wanted = set(names)
    made = [
        one
        for name, form in FORMATS.items()
        if name in wanted
        for one in importlib.import_module(f"{__name__}.{form.module}").write(report)
    ]
    written = {one for one in made if isinstance(one, Path)}
    for path in _earlier(report.folder):
        if path not in written:
            _remove(path, report.folder)
    return tuple(one for one in made if isinstance(one, NotWritten))


def _earlier(folder: Path) -> Iterator[Path]:
    for form in FORMATS.values():
        for place in form.places:
            yield from sorted(path for path in folder.glob(place) if path.is_file())


def _remove(path: Path, folder: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise OutputError(f"{path} is of an earlier report and cannot be removed ({error.strerror}).") from error
    # A folder that it was the last of goes with it, as far as the one of all formats.
    for parent in path.relative_to(folder).parents[:-1]:
        with suppress(OSError):
            (folder / parent).rmdir()
