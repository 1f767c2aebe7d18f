"""Hips of a results folder with what is known of their owners: each hip of a person once."""

from pathlib import Path

import pandas as pd

from hipcalc.anatomy import FOUND_STATUSES
from hipcalc.errors import UsageError
from hipcalc.report.participants import PARTICIPANT_COLUMNS
from hipcalc.review import Decision, hip_of, read_finished, read_log, verdict

__all__ = ["RIM_ZONES", "hips_of_people"]

# Where calcifications of the labrum lie.
RIM_ZONES = ("rim", "rim-overlay")
_HIP_COLUMNS = ["image_id", "path", "side", "status"]
_CANDIDATE_COLUMNS = ["candidate_id", "image_id", "path", "side", "zone", "finding"]


def hips_of_people(folder: Path, participants: pd.DataFrame | None) -> pd.DataFrame:
    """Return every hip that was searched, each hip of a person once.

    A hip in several images, or an image in several files, is positive if it is so in any of them; what is known of
    its owner is taken from the first.

    Parameters
    ----------
    folder : Path
        Results folder.
    participants : DataFrame or None
        What `hipcalc.report.participants.read_participants` returned; without it, each image is taken for a person.

    Returns
    -------
    DataFrame
        Columns `person`, `side`, `marked`, `marked_rim` (a finding that no reader rejected, anywhere or at the rim),
        `confirmed`, `confirmed_rim`, `reviewed` (every finding was decided upon), and those of the participants.

    Raises
    ------
    UsageError
        If the folder has no tables, or the participants name none of its images.
    """
    try:
        hips = pd.read_parquet(folder / "hips.parquet", columns=_HIP_COLUMNS)
        marks = pd.read_parquet(
            folder / "candidates.parquet", columns=_CANDIDATE_COLUMNS, filters=[("finding", "==", True)]
        )
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} holds no tables of hipcalc screen; give the folder after its --out.") from error
    hips = hips[hips["status"].isin(FOUND_STATUSES)]
    hips = hips.merge(_marks_per_hip(folder, marks), how="left", on=["image_id", "path", "side"])
    flags = ["marked", "marked_rim", "confirmed", "confirmed_rim"]
    hips[flags] = hips[flags].eq(True)
    hips["reviewed"] = ~hips["reviewed"].eq(False)
    if participants is None:
        hips["person"] = hips["image_id"]
    else:
        key = participants.columns[0]
        hips = hips.merge(participants, on=key, how="inner")
        if hips.empty:
            raise UsageError(f"The participants table names no image of {folder} in its column {key}; compare them.")
    more = [name for name in PARTICIPANT_COLUMNS if name in hips]
    once = hips.groupby(["person", "side"], sort=True, as_index=False)
    return once.agg({**dict.fromkeys(flags, "any"), "reviewed": "all", **dict.fromkeys(more, "first")})


def _marks_per_hip(folder: Path, marks: pd.DataFrame) -> pd.DataFrame:
    decisions: dict[str, list[Decision]] = {}
    for decision in sorted(read_log(folder), key=lambda decision: (decision.time, decision.reader)):
        decisions.setdefault(decision.candidate_id, []).append(decision)
    finished = read_finished(folder)
    marks = marks.assign(
        decision=[
            verdict(decisions.get(name, ()), finished.get(hip_of(name), ())).status for name in marks["candidate_id"]
        ]
    )
    marks["marked"] = marks["decision"] != "rejected"
    marks["confirmed"] = marks["decision"] == "confirmed"
    at_rim = marks["zone"].isin(RIM_ZONES)
    marks["marked_rim"], marks["confirmed_rim"] = marks["marked"] & at_rim, marks["confirmed"] & at_rim
    marks["reviewed"] = marks["decision"] != "unreviewed"
    any_of = dict.fromkeys(("marked", "marked_rim", "confirmed", "confirmed_rim"), "any")
    grouped = marks.groupby(["image_id", "path", "side"], as_index=False)
    return grouped.agg({**any_of, "reviewed": "all"})
