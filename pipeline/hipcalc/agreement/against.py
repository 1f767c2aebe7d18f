"""The detector against each reader, as if what the reader confirmed and added were the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hipcalc.agreement.units import Hips
from hipcalc.errors import UsageError
from hipcalc.evaluate import Froc, froc_curve, match_marks, sensitivity_at
from hipcalc.review import Reading, kept_foci

__all__ = ["AgainstReader", "against_reader", "read_candidates"]

OPERATING_POINTS = (0.1, 0.25, 0.5, 1.0)
RESAMPLES = 1000
_COLUMNS = [
    "candidate_id",
    "row_px",
    "column_px",
    "diameter_px",
    "diameter_head_radii",
    "expected_false_marks",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class AgainstReader:
    """The FROC curve of the detector against one reader.

    Attributes
    ----------
    reader : str
    hips, foci, added : int
        Read hips; foci that the reader confirmed or added; those added.
    curve : Froc
    sensitivity : dict of float to tuple
        By false marks per hip: sensitivity with its 95% interval (bootstrap over patients).
    """

    reader: str
    hips: int
    foci: int
    added: int
    curve: Froc
    sensitivity: dict[float, tuple[float, float, float]]


def read_candidates(folder: Path) -> pd.DataFrame:
    """Return the candidates of a results folder, with `hip_id`.

    Raises
    ------
    UsageError
        If the table is missing or wrong.
    """
    try:
        table = pd.read_csv(folder / "candidates.csv", usecols=_COLUMNS)
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} holds no tables of hipcalc screen; give the folder after its --out.") from error
    return table.assign(hip_id=table["candidate_id"].astype(str).str.rpartition("-")[0])


def against_reader(
    reader: str,
    finished: Mapping[str, Mapping[str, Reading]],
    candidates: pd.DataFrame,
    hips: Hips,
    rng: np.random.Generator,
) -> AgainstReader:
    """Measure the detector against what one reader confirmed or added in the hips that this reader read.

    Every candidate counts, not only those that were shown. One that the reader was not shown and that lies on no focus
    of the reader's is a false mark; a focus that the reader added is missed, unless some candidate lies on it.
    """
    of_reader = {hip_id: of_hip[reader] for hip_id, of_hip in finished.items() if reader in of_hip}
    # A hip is to the matching what an image is: the other hip of the image may not have been read.
    units = pd.DataFrame(
        {"image_id": list(of_reader), "patient": [hips.patient[hip_id] for hip_id in of_reader]}, dtype=object
    )
    marks = candidates[candidates["hip_id"].isin(of_reader)].assign(image_id=lambda table: table["hip_id"])
    foci = pd.DataFrame(_foci(of_reader, marks), columns=["image_id", "row_px", "column_px", "diameter_px"])
    matched = match_marks(marks, foci, units)
    return AgainstReader(
        reader=reader,
        hips=len(of_reader),
        foci=len(foci),
        added=sum(len(kept_foci(one)) for one in of_reader.values()),
        curve=froc_curve(matched),
        sensitivity={at: sensitivity_at(matched, at, resamples=RESAMPLES, rng=rng) for at in OPERATING_POINTS},
    )


def _foci(of_reader: Mapping[str, Reading], marks: pd.DataFrame) -> list[tuple[str, float, float, float]]:
    rows = marks[["candidate_id", "row_px", "column_px", "diameter_px"]].itertuples(index=False, name=None)
    places = {str(mark): (row, column, diameter) for mark, row, column, diameter in rows}
    foci = []
    for hip_id, reading in of_reader.items():
        foci += [(hip_id, one.row_px, one.column_px, one.diameter_px) for one in kept_foci(reading)]
        foci += [
            (hip_id, *places[mark])
            for mark, decision in reading.decisions.items()
            if decision.status == "confirmed" and mark in places
        ]
    return foci
