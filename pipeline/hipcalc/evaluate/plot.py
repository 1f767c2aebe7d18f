"""The FROC curve as a picture."""

from pathlib import Path

from matplotlib.figure import Figure

from hipcalc.evaluate.froc import Froc

__all__ = ["plot_froc"]


def plot_froc(curve: Froc, file: Path) -> None:
    """Write the curve as a PNG; the axis of false marks ends at 2 per hip, beyond which nobody reads."""
    figure = Figure(figsize=(5, 4), layout="constrained")
    axes = figure.subplots()
    axes.step(curve.false_marks_per_hip, curve.sensitivity, where="post", color="#1f5f8b")
    axes.set(xlim=(0, 2), ylim=(0, 1.02), xlabel="False marks per hip", ylabel="Sensitivity per focus")
    axes.grid(alpha=0.3)
    figure.savefig(file, dpi=150)
