"""The plots of the agreement page, as PNG in the page itself."""

import base64
import io
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hipcalc.agreement.against import AgainstReader
from hipcalc.evaluate.plot import MOST_FALSE_MARKS

__all__ = ["froc_picture", "kappa_picture", "times_picture"]

_COLOURS = ("#1f5f8b", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def kappa_picture(table: pd.DataFrame) -> str:
    """Draw every kappa with its interval, one line each."""
    figure = Figure(figsize=(7, 0.9 + 0.36 * len(table)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(table))
    axes.hlines(places, table["low"], table["high"], color=_COLOURS[0])
    axes.plot(table["value"], places, "o", color=_COLOURS[0], label="kappa, 95% interval")
    axes.plot(table["adjusted"], places, "D", mfc="none", color=_COLOURS[1], label="adjusted")
    axes.set_yticks(places, (table["level"] + ": " + table["readers"]).tolist())
    axes.set(xlim=(-0.25, 1.02), xlabel="Agreement beyond chance", ylim=(len(table) - 0.4, -0.6))
    axes.axvline(0.0, color="0.6", linewidth=0.8)
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper right", frameon=False, ncols=2)
    return _address(figure)


def froc_picture(measured: Sequence[AgainstReader]) -> str:
    """Draw the detector's FROC curve against each reader."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for number, one in enumerate(measured):
        label = f"{one.reader} ({one.foci} foci, {one.added} of them added)"
        x, y = (np.concatenate([[0.0], values]) for values in (one.curve.false_marks_per_hip, one.curve.sensitivity))
        axes.step(x, y, where="post", color=_COLOURS[number % len(_COLOURS)], label=label)
    axes.set(xlim=(0, MOST_FALSE_MARKS), ylim=(0, 1.02), xlabel="False marks per hip", ylabel="Sensitivity per focus")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", frameon=False)
    return _address(figure)


def times_picture(seconds: Mapping[str, Sequence[float]]) -> str:
    """Draw the time per hip of each reader as box plots, whiskers from the 5th to the 95th percentile."""
    figure = Figure(figsize=(1.5 + 1.2 * max(2, len(seconds)), 4), layout="constrained")
    axes = figure.subplots()
    axes.boxplot(list(seconds.values()), whis=(5, 95), showfliers=False, widths=0.5)
    axes.set_xticks(range(1, len(seconds) + 1), list(seconds))
    axes.set(ylabel="Seconds per hip", ylim=(0, None))
    axes.grid(axis="y", alpha=0.3)
    return _address(figure)


def _address(figure: Figure) -> str:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode("ascii")
