"""The FROC and ROC curves as a picture."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hipcalc.evaluate.froc import Froc
from hipcalc.evaluate.hip_roc import HipRoc

__all__ = ["MOST_FALSE_MARKS", "plot_curves"]

# Beyond so many false marks per hip nobody reads.
MOST_FALSE_MARKS = 2.0
_COLOUR = "#1f5f8b"


def plot_curves(
    curve: Froc, band: tuple[NDArray[np.float64], NDArray[np.float64]], roc: HipRoc, area: float, file: Path
) -> None:
    """Write the FROC curve with its 95% band, and the per-hip ROC curve beside it, as a PNG.

    Parameters
    ----------
    curve : Froc
    band : tuple of ndarray
        False marks per hip, shape (n,), and the interval there, shape (2, n).
    roc : HipRoc
    area : float
        Under the ROC curve; NaN where hips of one kind only were given.
    file : Path
        Of any suffix.
    """
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.fill_between(band[0], *band[1], color=_COLOUR, alpha=0.2, linewidth=0, label="95% interval (patients)")
    left.step(curve.false_marks_per_hip, curve.sensitivity, where="post", color=_COLOUR)
    left.legend(loc="lower right", frameon=False)
    _dressed(left, MOST_FALSE_MARKS, "False marks per hip", "Sensitivity per focus")
    if np.isfinite(area):
        right.step(*roc.curve(), where="post", color=_COLOUR)
        right.plot([0, 1], [0, 1], color="0.7", linewidth=0.8)
        right.set_title(f"area {area:.2f}", fontsize="medium")
    else:
        right.set_title("needs hips with a focus and hips without", fontsize="medium")
    _dressed(right, 1.0, "Share of hips without focus that are marked", "Sensitivity per hip")
    figure.savefig(file, dpi=150, format="png")


def _dressed(axes: Axes, limit: float, across: str, up: str) -> None:
    axes.set(xlim=(0, limit), ylim=(0, 1.02), xlabel=across, ylabel=up)
    axes.grid(alpha=0.3)
