"""What is kept of one screened file: its rows of the three tables, and the shapes that its page draws."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from hipcalc.columns import Column
from hipcalc.findings import Finding, HipRecord
from hipcalc.normalize import ExcludedRegion

if TYPE_CHECKING:
    from hipcalc.anatomy import HipFrame
    from hipcalc.normalize import NormalizedRadiograph

__all__ = ["FileRecord", "HipShape", "ImageRecord", "ImageStatus", "file_record", "rounded"]

ImageStatus = Literal["ok", "rejected", "failed"]
Points = tuple[tuple[float, float], ...]
Row = TypeVar("Row", bound=Any)

# Enough for a hundredth of a pixel in the largest radiograph; keeps the tables readable.
SIGNIFICANT_DIGITS = 6
CONTOUR_POINTS = 60


@dataclass(frozen=True, kw_only=True)
class ImageRecord:
    """One input file. Its fields are the columns of the images table, in order."""

    image_id: Annotated[
        str, Column("first 16 hex digits of the file's SHA-256; blank when the file could not be opened")
    ]
    path: Annotated[str, Column("the file or address, as the user named it")]
    status: Annotated[
        ImageStatus,
        Column(
            "ok; rejected (no radiograph that can be analysed, or without a hip); or failed (not readable, or its "
            "analysis broke off)"
        ),
    ]
    reason: Annotated[str, Column("why it was rejected or failed, in one sentence; blank when ok")]
    rows: Annotated[
        int | None, Column("height of the picture; blank where the picture was not read or its analysis failed", "px")
    ] = None
    columns: Annotated[int | None, Column("width of the picture; blank where rows is", "px")] = None
    spacing_mm: Annotated[float | None, Column("size of one pixel; blank when unknown", "mm")] = None
    spacing_source: Annotated[
        str,
        Column(
            "how spacing_mm is known: calibrated or magnification-corrected (header), detector-plane (header; all "
            "lengths in mm are magnified as the hip is), user, scale-bar (in the picture), or unknown; blank where "
            "rows is"
        ),
    ] = ""
    polarity: Annotated[
        str,
        Column(
            "whether bone has the high (bone-bright) or the low values of the file (bone-dark); blank where rows is"
        ),
    ] = ""
    view: Annotated[
        str,
        Column(
            "ap_pelvis (two hips, one of them may be absent or replaced), unilateral, frog_leg or lateral (by what "
            "header or file name say), or unknown; blank unless ok"
        ),
    ] = ""
    quality: Annotated[
        str,
        Column(
            "ok or limited, then after a colon the reasons and what was noticed in reading, joined by ;. Blank unless "
            "the status is ok"
        ),
    ] = ""
    decode_s: Annotated[
        float | None, Column("time of reading: blank here, as it is never the same twice; times.csv has it", "s")
    ] = None
    analyze_s: Annotated[
        float | None, Column("time of everything after reading: blank here; times.csv has it", "s")
    ] = None
    sha256: Annotated[
        str, Column("SHA-256 of the file's bytes, 64 hex digits; blank when the file could not be opened")
    ] = ""
    manufacturer: Annotated[
        str, Column("Manufacturer in the DICOM header; blank without one, and unless the status is ok")
    ] = ""


@dataclass(frozen=True, kw_only=True)
class HipShape:
    """Contours of one hip for its drawing: (row, column) points in pixels of the file."""

    roof_contour_px: Points
    head_contour_px: Points
    lateral_sign: int


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """Everything that is kept of one input file.

    Attributes
    ----------
    image : ImageRecord
    hips : tuple of HipRecord
    candidates : tuple of Finding
    shapes : tuple of HipShape
        One for each hip, in the same order.
    regions : tuple of ExcludedRegion
        Where nothing was looked for, by name.
    """

    image: ImageRecord
    hips: tuple[HipRecord, ...] = ()
    candidates: tuple[Finding, ...] = ()
    shapes: tuple[HipShape, ...] = ()
    regions: tuple[ExcludedRegion, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Candidates at or below the operating point."""
        return tuple(candidate for candidate in self.candidates if candidate.finding)

    def to_json(self) -> dict[str, Any]:
        """Return plain values, from which `from_json` makes an equal record."""
        # Twenty times faster than `dataclasses.asdict`, which copies every value.
        several = {
            name: [vars(row).copy() for row in rows] for name, rows in vars(self).items() if isinstance(rows, tuple)
        }
        return {"image": vars(self.image).copy(), **several}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "FileRecord":
        """Make a record from what `to_json` returned, also after it went through JSON text."""
        return cls(
            image=ImageRecord(**data["image"]),
            hips=tuple(HipRecord(**hip) for hip in data["hips"]),
            candidates=tuple(Finding(**candidate) for candidate in data["candidates"]),
            shapes=tuple(
                HipShape(
                    roof_contour_px=_pairs(shape["roof_contour_px"]),
                    head_contour_px=_pairs(shape["head_contour_px"]),
                    lateral_sign=shape["lateral_sign"],
                )
                for shape in data["shapes"]
            ),
            # Results of an earlier version have none.
            regions=tuple(
                ExcludedRegion(kind=region["kind"], outline_px=_pairs(region["outline_px"]))
                for region in data.get("regions", ())
            ),
        )

    def dumps(self) -> str:
        """Return the record as JSON text."""
        return json.dumps(self.to_json(), ensure_ascii=False, allow_nan=False)


def file_record(
    normalized: "NormalizedRadiograph",
    *,
    view: str,
    hips: Sequence["HipFrame"],
    hip_records: Sequence[HipRecord],
    candidates: Sequence[Finding],
    decode_s: float | None,
    analyze_s: float | None,
) -> FileRecord:
    """Gather what is kept of a radiograph that went through the whole flow.

    Parameters
    ----------
    normalized : NormalizedRadiograph
    view : str
    hips, hip_records : sequence of HipFrame, of HipRecord
        The same hips in the same order.
    candidates : sequence of Finding
    decode_s, analyze_s : float or None

    Returns
    -------
    FileRecord
        Its numbers have six significant digits, so that CSV, Parquet and pages agree.
    """
    source = normalized.radiograph
    image = ImageRecord(
        image_id=source.image_id,
        path=source.path,
        status="ok",
        reason="",
        rows=source.shape[0],
        columns=source.shape[1],
        spacing_mm=source.spacing_mm,
        spacing_source=source.spacing_source,
        polarity=source.polarity,
        view=view,
        quality=_quality_text(normalized),
        decode_s=decode_s,
        analyze_s=analyze_s,
        sha256=source.sha256,
    )
    return FileRecord(
        image=rounded(image),
        hips=tuple(rounded(hip) for hip in hip_records),
        candidates=tuple(rounded(candidate) for candidate in candidates),
        shapes=tuple(_shape(hip) for hip in hips),
        regions=normalized.regions,
    )


def rounded(row: Row) -> Row:
    """Return a row whose floats have six significant digits, and None in place of NaN and infinity."""
    changes = {name: _rounded(value) for name, value in vars(row).items() if isinstance(value, float)}
    return replace(row, **changes)


def _rounded(value: float) -> float | None:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None


def _quality_text(normalized: "NormalizedRadiograph") -> str:
    reasons = (*normalized.quality.reasons, *normalized.radiograph.notes)
    return f"{normalized.quality.level}: {'; '.join(reasons)}" if reasons else normalized.quality.level


def _shape(hip: "HipFrame") -> HipShape:
    return HipShape(
        roof_contour_px=_thinned(hip.roof_contour_px),
        head_contour_px=_thinned(hip.head_contour_px),
        lateral_sign=hip.lateral_sign,
    )


def _thinned(contour: NDArray[np.float64]) -> Points:
    """Keep at most `CONTOUR_POINTS` points, to a tenth of a pixel: a drawing needs no more."""
    if len(contour) > CONTOUR_POINTS:
        contour = contour[np.linspace(0, len(contour) - 1, CONTOUR_POINTS).round().astype(int)]
    return _pairs(np.round(contour, 1).tolist())


def _pairs(points: Sequence[Sequence[float]]) -> Points:
    return tuple((float(row), float(column)) for row, column in points)
