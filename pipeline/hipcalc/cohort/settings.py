"""What a user may set for a run, and what of it decides the results."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from hipcalc.candidates import check_operating_point
from hipcalc.errors import UsageError
from hipcalc.findings import DEFAULT_FALSE_MARKS_PER_HIP
from hipcalc.radiograph import compile_name_pattern
from hipcalc.report import settings_hash

__all__ = ["CohortSettings"]


@dataclass(frozen=True, kw_only=True)
class CohortSettings:
    """Settings of a run. Each of them changes what is written.

    Attributes
    ----------
    spacing_mm : float or None
        Size of one pixel, in place of what the files say.
    scale_bar_mm : float or None
        Length of the pictures' burned-in scale bar, from which their spacing is taken.
    name_pattern : str or None
        Regular expression that finds side and view in the files' names.
    false_marks_per_hip : float
        The operating point: marks to be expected in one hip without any focus.
    detectability : bool
        Whether each hip's detection limit is measured.
    pages : bool
        Whether HTML pages and their pictures are written.

    Raises
    ------
    UsageError
        When a number is out of range.
    """

    spacing_mm: float | None = None
    scale_bar_mm: float | None = None
    name_pattern: str | None = None
    false_marks_per_hip: float = DEFAULT_FALSE_MARKS_PER_HIP
    detectability: bool = True
    pages: bool = True

    def __post_init__(self) -> None:
        """Refuse numbers that make no sense, before any work is done."""
        if self.spacing_mm is not None and not 0 < self.spacing_mm < math.inf:
            raise UsageError(f"The pixel spacing must be a positive number of millimetres, not {self.spacing_mm:g}.")
        if self.scale_bar_mm is not None:
            # Here and not above: finding the bar takes what coordinators have no use for.
            from hipcalc.normalize import check_scale_bar_mm

            check_scale_bar_mm(self.scale_bar_mm)
            if self.spacing_mm is not None:
                raise UsageError("Give either the pixel spacing or the scale bar's length, not both.")
        if self.name_pattern is not None:
            compile_name_pattern(self.name_pattern)
        check_operating_point(self.false_marks_per_hip)

    @property
    def hash(self) -> str:
        """16 hex digits that change with any setting, with the package's version and with its models."""
        return settings_hash(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values by name."""
        return asdict(self)
