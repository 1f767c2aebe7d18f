"""One radiograph through the whole flow: file -> normalised -> hip frames -> candidates -> findings."""

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hipcalc.anatomy import (
    HipFrame,
    HipMeasures,
    View,
    hip_columns,
    laterality_notes,
    locate_hips,
    measure_hips,
    quarter_turns_to_hips,
    recognise_view,
)
from hipcalc.candidates import check_operating_point, control_of, rank_spots
from hipcalc.candidates import measure_hips as measure_spots
from hipcalc.errors import InputRejectedError, UsageError
from hipcalc.findings import DEFAULT_FALSE_MARKS_PER_HIP, Finding, HipRecord, compare_sides, describe_candidates
from hipcalc.normalize import NormalizedRadiograph, judge_hips, motion_blur_px, normalize
from hipcalc.radiograph import Radiograph, read_radiograph
from hipcalc.report import FileRecord, file_record, table_frame

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from hipcalc.detectability import DetectionLimit

__all__ = ["Screening", "screen"]

# From this share of the picture on, clipped areas may hide a joint.
MUCH_CLIPPED = 0.01
QUARTER_TURNS = {1: "a quarter turn clockwise", 2: "half a turn", 3: "a quarter turn counterclockwise"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Screening:
    """What was found in one radiograph. It is an algorithm's output: a human confirms it (`hipcalc.apply_reviews`).

    Attributes
    ----------
    image : NormalizedRadiograph
    view : str
    hips : tuple of HipFrame
        From the image's left to its right.
    measures : tuple of HipMeasures
        Landmarks, angles, coverage and joint space of each hip, in the same order.
    hip_records : tuple of HipRecord
        The same hips as rows of the hips table.
    candidates : tuple of Finding
        Every candidate, hip by hip, strongest first.
    analyze_s : float
        Seconds that the analysis took, reading left out.
    stages_s : dict of str to float
        Seconds of each stage of it, in their order.
    """

    image: NormalizedRadiograph
    view: View
    hips: tuple[HipFrame, ...]
    measures: tuple[HipMeasures, ...]
    hip_records: tuple[HipRecord, ...]
    candidates: tuple[Finding, ...]
    analyze_s: float
    stages_s: dict[str, float]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Candidates at or below the operating point."""
        return tuple(candidate for candidate in self.candidates if candidate.finding)

    def record(self, *, decode_s: float | None = None) -> FileRecord:
        """Return the rows of the three tables and the shapes that a page draws.

        Parameters
        ----------
        decode_s : float, optional
            Seconds that reading the file took.
        """
        return file_record(
            self.image,
            view=self.view,
            hips=self.hips,
            hip_records=self.hip_records,
            candidates=self.candidates,
            decode_s=decode_s,
            analyze_s=self.analyze_s,
        )

    def to_frame(self) -> "pd.DataFrame":
        """Return every candidate as a row, with the columns of the candidates table."""
        return table_frame("candidates", self.record().candidates)

    def plot(self) -> "Figure":
        """Draw the radiograph with head circles, rim points and numbered marks.

        Returns
        -------
        matplotlib.figure.Figure
            Closed for pyplot, so that a notebook shows it once.
        """
        from hipcalc.report import plot_record

        return plot_record(self.record(), self.image)

    def __repr__(self) -> str:
        # The generated one prints the picture's arrays.
        radiograph = self.image.radiograph
        hips = ", ".join(f"{hip.side} {hip.status}" for hip in self.hips)
        return f"<Screening of {radiograph.path}: hips {hips}; {len(self.findings)} of {len(self.candidates)} marked>"

    def _repr_html_(self) -> str:
        from hipcalc.report import notebook_html

        return notebook_html(self.record(), self.image)


def screen(
    source: str | Path | Radiograph,
    *,
    false_marks_per_hip: float = DEFAULT_FALSE_MARKS_PER_HIP,
    detectability: bool = True,
) -> Screening:
    """Find small dense foci near the acetabular rim in one radiograph.

    Parameters
    ----------
    source : str, Path or Radiograph
        A file, or what `hipcalc.read_radiograph` returned.
    false_marks_per_hip : float
        The operating point: marks to be expected in one hip without any focus. Candidates at or below it are findings.
    detectability : bool
        Whether the smallest focus that would have been found is measured for each hip.

    Returns
    -------
    Screening

    Raises
    ------
    InputUnreadableError
        If the file cannot be read.
    InputRejectedError
        If it is no radiograph, cannot carry an answer, or shows no hip.
    UsageError
        If the operating point is out of range, or the source is something else.
    """
    if not isinstance(source, str | Path | Radiograph):
        raise UsageError(
            f"{type(source).__name__} is no radiograph; give a file's path, or what hipcalc.read_radiograph returned."
        )
    check_operating_point(false_marks_per_hip)
    radiograph = source if isinstance(source, Radiograph) else read_radiograph(source)
    laps = _Laps()
    image = normalize(radiograph)
    laps.end("normalising")
    _refuse_hopeless(image)
    hips = locate_hips(image)
    laps.end("locating")
    _refuse_without_hip(image, hips)
    image = _with_what_hips_tell(image, hips)
    measures = measure_hips(image, hips)
    laps.end("measuring")
    measured = measure_spots(image, hips)
    controls = [control_of(measured, number) for number in range(len(hips))]
    described = [
        (hip, describe_candidates(rank_spots(spots, control), hip, image, false_marks_per_hip=false_marks_per_hip))
        for hip, spots, control in zip(hips, measured, controls, strict=True)
    ]
    candidates = compare_sides(described)
    laps.end("detecting")
    limits: list[DetectionLimit | None] = [None] * len(hips)
    if detectability:
        # Loaded by those who want it: planting foci takes what simulates them.
        from hipcalc.detectability import detectability as limit_of

        limits = [
            limit_of(image, spots or hip, false_marks_per_hip=false_marks_per_hip, control=control)
            for hip, spots, control in zip(hips, measured, controls, strict=True)
        ]
        laps.end("detection limits")
    return Screening(
        image=image,
        view=recognise_view(image, hips),
        hips=hips,
        measures=measures,
        hip_records=tuple(_hip_record(image, *row) for row in zip(hips, measures, limits, strict=True)),
        candidates=candidates,
        analyze_s=sum(laps.seconds.values()),
        stages_s=laps.seconds,
    )


class _Laps:
    """Seconds of stages that follow each other."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def end(self, stage: str) -> None:
        """Take the time since the stage before as that of this one."""
        now = time.perf_counter()
        self.seconds[stage] = now - self._last
        self._last = now


def _refuse_hopeless(image: NormalizedRadiograph) -> None:
    if image.quality.level == "rejected":
        raise InputRejectedError(f"{image.radiograph.path}: {'; '.join(image.quality.reasons)}.")


def _refuse_without_hip(image: NormalizedRadiograph, hips: tuple[HipFrame, ...]) -> None:
    if all(hip.status == "absent" for hip in hips):
        turns = quarter_turns_to_hips(image)
        if turns is not None:
            raise InputRejectedError(
                f"{image.radiograph.path}: no hip was found as the picture lies, but after {QUARTER_TURNS[turns]} it "
                "shows one; turn it, and screen it again."
            )
        why = "the picture may show another body part"
        # Without the share: a cohort's losses are counted by their reasons.
        if image.share_within("clipped") >= MUCH_CLIPPED:
            why += ", or its joints lie where it is clipped to white"
        raise InputRejectedError(f"{image.radiograph.path}: no hip was found; {why}.")


def _with_what_hips_tell(image: NormalizedRadiograph, hips: tuple[HipFrame, ...]) -> NormalizedRadiograph:
    """Add to quality and notes what can be judged only once the hips are known."""
    radiograph = image.radiograph
    notes = (*radiograph.notes, *laterality_notes(radiograph, hips))
    heads = _trusted_heads(hips)
    blurs = [motion_blur_px(image, row_px=row, column_px=column) for row, column, _ in heads]
    quality = judge_hips(image.quality, heads, [blur for blur in blurs if blur is not None])
    return replace(image, quality=quality, radiograph=replace(radiograph, notes=notes))


def _trusted_heads(hips: tuple[HipFrame, ...]) -> tuple[tuple[float, float, float], ...]:
    located = (hip for hip in hips if hip.status == "located")
    return tuple((hip.head_row_px, hip.head_column_px, hip.head_radius_px) for hip in located)


def _hip_record(
    image: NormalizedRadiograph, hip: HipFrame, measured: HipMeasures, limit: "DetectionLimit | None"
) -> HipRecord:
    return HipRecord(
        image_id=image.radiograph.image_id,
        path=image.radiograph.path,
        side=hip.side,
        status=hip.status,
        confidence=hip.confidence,
        head_row_px=_known(hip.head_row_px),
        head_column_px=_known(hip.head_column_px),
        head_radius_px=_known(hip.head_radius_px),
        rim_row_px=_known(hip.rim_row_px),
        rim_column_px=_known(hip.rim_column_px),
        centre_edge_angle_deg=_known(hip.rim_phi_deg),
        detection_limit_mm=None if limit is None else limit.detection_limit_mm,
        detection_limit_head_radii=None if limit is None else limit.detection_limit_head_radii,
        side_source=hip.side_source,
        detection_limit_tissue="" if limit is None else limit.tissue,
        **hip_columns(hip, measured),  # type: ignore[arg-type]
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
