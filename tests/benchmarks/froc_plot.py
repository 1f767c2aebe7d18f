"""The FROC curves of the detector and its peers on the same planted foci, as a picture."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

# False marks per hip; below the first, ten hips tell nothing.
FALSE_MARKS = np.geomspace(0.1, 4.0, 100)
OURS = "hipcalc"
NORMALISED = ", locally normalised"

# Per finder: strengths of its marks per hip without a focus; and of each focus the style, the CNR and the strongest
# mark on it, minus infinity without one.
Scores = tuple[list[np.ndarray], list[tuple[str, float, float]]]


def draw_froc(scores: dict[str, Scores], titles: dict[str, str], file: Path) -> None:
    """Draw one panel per style of planted foci; of a peer's two settings the locally normalised one is drawn solid."""
    figure, panels = plt.subplots(1, len(titles), figsize=(9.0, 4.0), sharey=True, layout="constrained")
    colours = dict(zip(sorted({_peer(name) for name in scores} - {OURS}), plt.get_cmap("Dark2").colors, strict=False))
    for panel, (style, title) in zip(np.ravel(panels), titles.items(), strict=True):
        for name, (false, hits) in scores.items():
            found = np.array([value for own, _, value in hits if own == style])
            look = {"color": "black", "linewidth": 2.2} if name == OURS else {"color": colours[_peer(name)]}
            line = "-" if name == OURS or name.endswith(NORMALISED) else ":"
            panel.plot(FALSE_MARKS, sensitivity(false, found), line, label=_label(name), **look)
        panel.set_title(f"{title} ({len(found)} foci)", fontsize=10)
        panel.set(xlabel="false marks per hip", xscale="log", ylim=(0, 1))
        panel.set_xticks([0.1, 0.25, 0.5, 1, 2, 4], ["0.1", "0.25", "0.5", "1", "2", "4"])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    np.ravel(panels)[0].set_ylabel("sensitivity")
    handles, labels = np.ravel(panels)[-1].get_legend_handles_labels()
    shown = [k for k, label in enumerate(labels) if label]
    figure.legend(
        [handles[k] for k in shown],
        [labels[k] for k in shown],
        title="dotted: on grey levels",
        loc="outside right center",
        frameon=False,
    )
    figure.savefig(file, dpi=90)
    plt.close(figure)


def sensitivity(false: list[np.ndarray], found: np.ndarray) -> np.ndarray:
    """Return the share of foci marked at each of `FALSE_MARKS`."""
    ordered = np.sort(np.concatenate(false))[::-1]
    ranks = np.minimum((FALSE_MARKS * len(false)).astype(int), len(ordered) - 1)
    return (found[:, None] > ordered[ranks]).mean(axis=0)


def _peer(name: str) -> str:
    return name.split(",")[0]


def _label(name: str) -> str:
    """Return what the legend says; nothing for a peer on grey levels, which is drawn as its better setting, dotted."""
    return _peer(name) if name == OURS or name.endswith(NORMALISED) else ""
