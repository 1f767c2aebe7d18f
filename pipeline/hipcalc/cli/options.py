"""Arguments of every command, in one place."""

import argparse
from pathlib import Path
from typing import NoReturn

from hipcalc.cli.status import WRONG_USAGE
from hipcalc.cli.terminal import printable
from hipcalc.findings import DEFAULT_FALSE_MARKS_PER_HIP
from hipcalc.report.format_table import DEFAULT_FORMATS, FORMATS

__all__ = ["parser"]

_DESCRIPTION = (
    "Finds small dense foci near the acetabular rim on hip and pelvis radiographs, has a human confirm them, and maps "
    "confirmed findings to a guideline workflow. Research software, not a medical device."
)
_EXIT = (
    "exit status: 0 all inputs done; 3 done, but some inputs failed or were rejected (they are listed); "
    "2 wrong usage; 1 nothing could be done"
)


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, as every other error is said, and where to read on."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USAGE, f"hipcalc: {printable(message)}; see {self.prog} --help\n")


def parser(version: str) -> argparse.ArgumentParser:
    """Return the parser of the command line; `command` of what it parses names the subcommand."""
    top = _Parser(prog="hipcalc", description=_DESCRIPTION, epilog=_EXIT)
    top.add_argument("--version", action="version", version=f"hipcalc {version}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _screen(commands.add_parser("screen", help="screen files and folders of radiographs", epilog=_EXIT))
    _merge(commands.add_parser("merge", help="shards that were screened apart -> one results folder"))
    _query(commands.add_parser("query", help="ask the tables of a results folder in SQL"))
    _prevalence(commands.add_parser("prevalence", help="group-level figures of a cohort, as a paper reports them"))
    _review(commands.add_parser("review", help="open the reading room, or check or export its log"))
    _agreement(commands.add_parser("agreement", help="how far readers agree, and the detector with them"))
    _report(commands.add_parser("report", help="confirmed findings and clinical context -> workflow reports"))
    _evaluate(commands.add_parser("evaluate", help="measure results against a truth table"))
    _send(commands.add_parser("send", help="store DICOM results in a PACS"))
    _simulate(commands.add_parser("simulate", help="write phantom radiographs with truth tables"))
    return top


def _screen(command: argparse.ArgumentParser) -> None:
    command.description = "Screen radiographs (DICOM, PNG, JPEG, TIFF); folders are searched to their depth."
    command.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="file, folder, or address (s3://..., dicomweb+https://..., dimse://...)",
    )
    command.add_argument("--out", required=True, metavar="DIR", help="results folder: new or empty, or see --resume")
    command.add_argument("--workers", type=_whole, metavar="N", help="processes (default: one for each core)")
    command.add_argument(
        "--engine", choices=["local", "dask"], default="local", help="where workers run (default: local)"
    )
    command.add_argument("--scheduler", metavar="ADDRESS", help="of the Dask cluster, as in tcp://10.0.0.1:8786")
    command.add_argument(
        "--shard",
        type=_shard,
        metavar="I/N",
        help="do this part of the inputs alone, in DIR/shards; see hipcalc merge",
    )
    command.add_argument("--resume", action="store_true", help="go on in DIR: what is done there is kept")
    command.add_argument(
        "--time-limit",
        type=_positive,
        metavar="SECONDS",
        default=300.0,
        help="an image that takes longer fails (default: %(default)g)",
    )
    command.add_argument(
        "--memory-limit", type=_positive, metavar="MB", help="an image that needs more fails (default: no limit)"
    )
    command.add_argument(
        "--log", choices=["text", "json"], default="text", help="progress for people, or a JSON object per line"
    )
    command.add_argument(
        "--spacing", type=_number, metavar="MM", help="size of one pixel in millimetres, in place of what the files say"
    )
    command.add_argument(
        "--scale-bar", type=_number, metavar="MM", help="length of the pictures' burned-in scale bar: gives the spacing"
    )
    command.add_argument(
        "--name-pattern",
        metavar="REGEX",
        help="takes side and view from file names, as in '_(?P<side>[RL])_(?P<view>ap|frog)'",
    )
    command.add_argument(
        "--identifiers",
        action="store_true",
        help="also write identifiers.csv, which links images to patients, for your eyes only (nothing else names them)",
    )
    command.add_argument(
        "--false-marks-per-hip",
        type=_number,
        metavar="X",
        default=DEFAULT_FALSE_MARKS_PER_HIP,
        help="operating point: marks to be expected in one hip without any focus (default: %(default)s)",
    )
    command.add_argument("--no-detectability", action="store_true", help="leave out each hip's detection limit")
    command.add_argument(
        "--format", choices=["html", "tables"], default="html", help="tables and pages, or tables only (default: html)"
    )


def _merge(command: argparse.ArgumentParser) -> None:
    command.description = "Make one results folder of the shards in it: the same bytes as a run without shards."
    command.add_argument("results", metavar="DIR", help="folder after --out of every shard")


def _query(command: argparse.ArgumentParser) -> None:
    command.description = (
        "Ask the tables images, hips, candidates and findings of a results folder, merged or in shards, in SQL."
    )
    command.add_argument("results", metavar="DIR", help="folder that hipcalc screen wrote")
    command.add_argument("sql", metavar="SQL", help='as in "select zone, count(*) from findings group by zone"')
    command.add_argument(
        "--format", choices=["table", "csv"], default="table", help="how the answer is printed (default: table)"
    )


def _prevalence(command: argparse.ArgumentParser) -> None:
    command.description = (
        "Prevalence of findings among hips with intervals that respect the two hips of a person, by side, sex, age and "
        "site, adjusted for the search's errors; drift over site and time; a methods paragraph."
    )
    command.add_argument("results", metavar="DIR", help="folder that hipcalc screen wrote")
    command.add_argument(
        "--participants", metavar="FILE", help="CSV table: path or image_id, person, and sex, age, site, date if known"
    )
    command.add_argument("--sensitivity", type=_share, metavar="X/N", help="hips called positive, of hips with a focus")
    command.add_argument("--specificity", type=_share, metavar="X/N", help="hips called negative, of hips without one")


def _review(command: argparse.ArgumentParser) -> None:
    command.description = (
        "Open the reading room of a results folder: a page on this machine on which readers confirm, reject and add "
        "foci. Every decision is a row of a log, added and never changed."
    )
    command.add_argument("results", metavar="DIR", help="folder that hipcalc screen wrote")
    command.add_argument("--reader", metavar="NAME", help="the only one who may read (default: the page asks)")
    command.add_argument("--study", metavar="FILE", help="adopt a study's plan: readers, blinding, double reading")
    command.add_argument("--training", action="store_true", help="practise on phantoms, with feedback, in a log apart")
    command.add_argument("--port", type=_port, default=0, metavar="N", help="default: any that is free")
    command.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default: for this machine alone)"
    )
    command.add_argument("--no-browser", action="store_true", help="print the page's address, and do not open it")
    what = command.add_mutually_exclusive_group()
    what.add_argument("--verify", action="store_true", help="check that no row was changed since it was written")
    what.add_argument("--export", action="store_true", help="write the log as CSV and JSON beside it, in DIR/review")


def _agreement(command: argparse.ArgumentParser) -> None:
    command.description = (
        "Kappa per hip and per focus with intervals over patients, places that two readers marked, FROC of the "
        "detector against each reader, time per hip: tables and a page."
    )
    command.add_argument("results", metavar="DIR", help="folder that hipcalc screen wrote, read with hipcalc review")
    command.add_argument("--participants", metavar="FILE", help="CSV table: path or image_id, and person")


def _report(command: argparse.ArgumentParser) -> None:
    command.description = "Say where each hip stands in the guideline workflow. Nothing unconfirmed gets advice."
    command.add_argument("results", metavar="DIR", help="folder that hipcalc screen wrote")
    command.add_argument(
        "--context",
        required=True,
        metavar="FILE",
        help="CSV table, JSON list or FHIR Bundle: clinical context of each hip",
    )
    command.add_argument(
        "--decisions", metavar="FILE", help="CSV table: readers' decisions, added to the log in DIR/review"
    )
    command.add_argument(
        "--workflow", type=Path, metavar="FILE", help="a site's own copy of guideline-1/workflow.toml, checked first"
    )
    command.add_argument(
        "--participants", metavar="FILE", help="CSV table: path or image_id, and person: whose each image is"
    )
    command.add_argument(
        "--format",
        type=_names,
        metavar="NAME,...",
        default=DEFAULT_FORMATS,
        help=f"one or several of {', '.join(FORMATS)} (default: {','.join(DEFAULT_FORMATS)})",
    )
    command.add_argument(
        "--source",
        nargs="+",
        default=(),
        metavar="PLACE",
        help="where the images are now, for dicom and --identifiers: folders, or the PACS that they were screened from",
    )
    command.add_argument(
        "--identifiers",
        action="store_true",
        help="name each image's study in fhir by its DICOM UID, which leads to the patient, for your eyes only",
    )


def _evaluate(command: argparse.ArgumentParser) -> None:
    command.description = "FROC, localisation error and calibration of a results folder against truth tables."
    command.add_argument("results", metavar="DIR", help="folder that hipcalc screen wrote")
    command.add_argument(
        "--truth",
        required=True,
        nargs="+",
        metavar="FILE",
        help="CSV table of foci (path or image_id, side, row_px, column_px, diameter_px) or of hips (path or image_id, "
        "side, head_row_px, head_column_px, head_radius_px, rim_row_px, rim_column_px), in pixels of the files; either "
        "may have patient. Several may be given",
    )


def _send(command: argparse.ArgumentParser) -> None:
    command.description = "Store the DICOM files of a results folder, or any others, in a PACS; nothing else is sent."
    command.add_argument("files", nargs="+", metavar="PATH", help="file or folder")
    command.add_argument(
        "--to", required=True, metavar="ADDRESS", help="dicomweb+https://host/dicom-web, or dimse://CALLED@host:port"
    )


def _simulate(command: argparse.ArgumentParser) -> None:
    command.description = "Write phantom radiographs as DICOM, with truth tables; the same seed gives the same files."
    command.add_argument("out", metavar="OUT", help="folder, new or empty")
    command.add_argument("--n", type=_whole, metavar="N", help="how many (default: 10)")
    command.add_argument("--seed", type=_whole, metavar="S", help="0 or larger (default: 1)")
    command.add_argument("--workers", type=_whole, metavar="N", help="processes (default: one for each core)")
    command.add_argument("--sample", action="store_true", help="write the bundled sample instead, into any folder")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in FORMATS:
            raise argparse.ArgumentTypeError(f"{name!r} is no format of a report; choose out of {', '.join(FORMATS)}")
    return names


def _shard(text: str) -> tuple[int, int]:
    return _pair(text, "not a part I/N, as in 3/10")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"not a port, 0 to 65535: {text}")
    return int(text)


def _share(text: str) -> tuple[int, int]:
    return _pair(text, "not a share X/N of hips, as in 45/50")


def _pair(text: str, wrong: str) -> tuple[int, int]:
    part, slash, whole = text.partition("/")
    if not (slash and part.isdecimal() and whole.isdecimal()):
        raise argparse.ArgumentTypeError(f"{wrong}: {text}")
    return int(part), int(whole)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a number, as in 0.143: {text}") from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a whole number: {text}") from None


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"not a positive number: {text}")
    return value
