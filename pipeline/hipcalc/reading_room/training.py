"""Practice on phantoms whose truth is known: made for a study, read like hips, with feedback after each."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from hipcalc.cohort import CohortSettings, run_cohort
from hipcalc.errors import UsageError
from hipcalc.findings import Finding
from hipcalc.reading_room.study import Study
from hipcalc.report import ResultsFolder
from hipcalc.report.words import class_name
from hipcalc.review import NEAR_HEAD_RADII, Reading, kept_foci
from hipcalc.synthetic import simulate

__all__ = ["TRAINING_FOLDER", "Feedback", "TrueFocus", "feedback", "prepare_training", "read_training_truth"]

# With a log of its own inside: what is decided in training never meets the study's decisions.
TRAINING_FOLDER = "review/training"


@dataclass(frozen=True, kw_only=True)
class TrueFocus:
    """A focus that was drawn into a phantom, or a trap that looks like one."""

    row_px: float
    column_px: float
    diameter_px: float
    kind: str
    is_trap: bool


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """What a reader made of one phantom hip.

    Attributes
    ----------
    words : tuple of str
        Sentences.
    marks : tuple of dict
        `row_px`, `column_px`, `diameter_px`, `words`, `found` of each true focus, and of what was wrongly confirmed.
    foci, found, false : int
        True foci; those that the reader confirmed or added; what was confirmed or added and is none.
    """

    words: tuple[str, ...]
    marks: tuple[dict[str, Any], ...]
    foci: int
    found: int
    false: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold."""
        return {"words": list(self.words), "marks": list(self.marks)} | {
            name: getattr(self, name) for name in ("foci", "found", "false")
        }


def prepare_training(folder: Path, study: Study, *, say: Callable[[str], None] = lambda _: None) -> Path:
    """Make the study's phantoms and screen them, unless that was done; return their results folder.

    Parameters
    ----------
    folder : Path
        Results folder of the study.
    study : Study
        Whose seed and number of phantoms.
    say : callable
        Told in a sentence what takes time.

    Raises
    ------
    UsageError, OutputError
        If they cannot be written.
    """
    name = f"{study.seed}-{study.training}"
    phantoms, results = folder / TRAINING_FOLDER / f"phantoms-{name}", folder / TRAINING_FOLDER / f"results-{name}"
    if not (phantoms / "truth_hips.csv").exists():
        say(f"Making {study.training} phantom radiographs to practise on: some seconds each, once.")
        # What an interrupted run left would be refused.
        for left in phantoms.glob("*") if phantoms.exists() else ():
            left.unlink()
        simulate(phantoms, n=study.training, seed=study.seed)
    if not _is_done(results):
        settings = CohortSettings(pages=False, detectability=False)
        run_cohort([str(phantoms)], results, settings=settings, workers=1, resume=results.exists())
    return results


def _is_done(results: Path) -> bool:
    return (results / "run.json").exists() and ResultsFolder(results).read_run()["status"] == "done"


def read_training_truth(results: Path) -> dict[str, tuple[TrueFocus, ...]]:
    """Return the true foci and the traps of every hip of a training folder, by hip id.

    Parameters
    ----------
    results : Path
        What `prepare_training` returned.

    Raises
    ------
    UsageError
        If the truth tables are not beside it.
    """
    phantoms = results.with_name(results.name.replace("results", "phantoms", 1))
    try:
        images = pd.read_csv(results / "images.csv", usecols=["image_id", "path"], dtype=str)
        ids = {Path(path).name: image_id for image_id, path in zip(images["image_id"], images["path"], strict=True)}
        tables = [(pd.read_csv(phantoms / name), name != "truth.csv") for name in ("truth.csv", "truth_traps.csv")]
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{phantoms} lacks its truth tables ({error}); delete {results.parent} to make it anew."
        ) from error
    truth: dict[str, list[TrueFocus]] = defaultdict(list)
    for table, is_trap in tables:
        for row in table.to_dict("records"):
            truth[f"{ids.get(row['path'], '')}-{row['side']}"].append(
                TrueFocus(
                    row_px=row["row_px"],
                    column_px=row["column_px"],
                    diameter_px=row["diameter_px"],
                    kind=row["class"],
                    is_trap=is_trap,
                )
            )
    return {hip_id: tuple(foci) for hip_id, foci in truth.items()}


def feedback(
    reading: Reading, candidates: Sequence[Finding], truth: Sequence[TrueFocus], head_radius_px: float
) -> Feedback:
    """Compare a reading of one phantom hip with its truth.

    A focus is found when a mark that the reader confirmed, or added, lies within it or within 0.08 head radii of its
    centre, as in the FROC's matching.

    Parameters
    ----------
    reading : Reading
    candidates : sequence of Finding
        The hip's.
    truth : sequence of TrueFocus
        The hip's.
    head_radius_px : float
    """
    places = _confirmed_places(reading, candidates)
    foci = [one for one in truth if not one.is_trap]
    hits = {id(focus): [place for place in places if _is_on(place, focus, head_radius_px)] for focus in foci}
    on_focus = [place for hit in hits.values() for place in hit]
    false = [place for place in places if place not in on_focus]
    marks = [{**_place_of(focus), "words": class_name(focus.kind), "found": bool(hits[id(focus)])} for focus in foci]
    wrong = [_false_mark(place, truth, head_radius_px) for place in false]
    found = sum(bool(hit) for hit in hits.values())
    return Feedback(
        words=_words(len(foci), found, [mark["words"] for mark in wrong]),
        marks=(*marks, *wrong),
        foci=len(foci),
        found=found,
        false=len(false),
    )


def _confirmed_places(reading: Reading, candidates: Sequence[Finding]) -> list[dict[str, float]]:
    confirmed = [
        one for one in candidates if (said := reading.decisions.get(one.candidate_id)) and said.status == "confirmed"
    ]
    return [_place_of(one) for one in (*confirmed, *kept_foci(reading))]


def _place_of(one: Any) -> dict[str, float]:
    return {name: getattr(one, name) for name in ("row_px", "column_px", "diameter_px")}


def _is_on(place: Mapping[str, float], focus: TrueFocus, head_radius_px: float) -> bool:
    distance = math.hypot(place["row_px"] - focus.row_px, place["column_px"] - focus.column_px)
    return distance <= max(focus.diameter_px / 2, NEAR_HEAD_RADII * head_radius_px)


def _false_mark(place: dict[str, float], truth: Sequence[TrueFocus], head_radius_px: float) -> dict[str, Any]:
    trap = next((one for one in truth if one.is_trap and _is_on(place, one, head_radius_px)), None)
    words = "nothing was drawn here" if trap is None else f"a trap: {class_name(trap.kind)}"
    return {**place, "words": words, "found": False}


def _words(foci: int, found: int, wrong: Sequence[str]) -> tuple[str, ...]:
    if foci:
        words = [f"{found} of {foci} {'focus' if foci == 1 else 'foci'} found."]
    else:
        words = ["There is no focus in this hip."]
    if wrong:
        words.append(
            f"{len(wrong)} confirmed or added that {'is' if len(wrong) == 1 else 'are'} none: {'; '.join(wrong)}."
        )
    return tuple(words)
