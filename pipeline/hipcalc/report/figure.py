"""The radiograph with its marks as a matplotlib figure."""

from typing import TYPE_CHECKING

from hipcalc.normalize import NormalizedRadiograph
from hipcalc.report.overlay import HipMark, Ring, draw
from hipcalc.report.pictures import picture_of, whole_box
from hipcalc.report.provenance import RESEARCH_NOTICE
from hipcalc.report.records import FileRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_record"]

_LONGER_SIDE_INCHES = 9.0
_HEAD, _RIM, _FOCUS = "#56b4e9", "#f0e442", "#ffb000"


def plot_record(record: FileRecord, normalized: NormalizedRadiograph) -> "Figure":
    """Draw a radiograph with head circles, rim points and numbered marks.

    Parameters
    ----------
    record : FileRecord
    normalized : NormalizedRadiograph
        The same image.

    Returns
    -------
    matplotlib.figure.Figure
        Axes are in pixels of the file; closed for pyplot, so that a notebook shows it once.
    """
    # Slow to import, and only needed here.
    from matplotlib import pyplot as plt

    rows, columns = normalized.shape
    scale = _LONGER_SIDE_INCHES / max(rows, columns)
    figure, axes = plt.subplots(figsize=(columns * scale, rows * scale), layout="constrained")
    axes.imshow(picture_of(normalized.grey), cmap="gray", vmin=0, vmax=255)
    drawing = draw(record, whole_box(normalized.shape), {})
    for hip in drawing.hips:
        _draw_hip(axes, hip)
    for ring in drawing.rings:
        if ring.number:
            _draw_ring(axes, ring)
    axes.set_axis_off()
    figure.supxlabel(f"Unconfirmed algorithm output. {RESEARCH_NOTICE}", fontsize=7, wrap=True)
    plt.close(figure)
    return figure


def _draw_hip(axes: "Axes", hip: HipMark) -> None:
    from matplotlib.patches import Circle

    line = "-" if hip.trusted else "--"
    axes.add_patch(Circle((hip.x, hip.y), hip.radius, fill=False, color=_HEAD, linewidth=1, linestyle=line))
    if hip.rim:
        axes.plot(*hip.rim, "+", color=_RIM, markersize=9)


def _draw_ring(axes: "Axes", ring: Ring) -> None:
    from matplotlib.patches import Circle

    axes.add_patch(Circle((ring.x, ring.y), ring.radius, fill=False, color=_FOCUS, linewidth=1.5, linestyle="--"))
    axes.text(ring.label_x, ring.label_y, str(ring.number), color="white", ha="center", va="center", weight="bold")
