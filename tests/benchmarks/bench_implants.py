"""How many prostheses are found where no native hip is beside them. Prints a line per view.

    PYTHONPATH=tests/benchmarks python tests/benchmarks/bench_implants.py

Phantoms of pelves with two prostheses and of single replaced hips; the constants of implants.py were chosen on them.
"""

from dataclasses import replace

import cv2
import numpy as np
from fit_appearance import PIXEL_MM

from hipcalc.anatomy import locate_hips
from hipcalc.normalize import NormalizedRadiograph, normalize
from hipcalc.synthetic import make_phantom
from hipcalc.synthetic.draw_body import draw_body
from hipcalc.synthetic.draw_imaging import draw_imaging

SEED, COUNT = 5, 12


def replaced(kind: str, number: int) -> NormalizedRadiograph:
    """Return a phantom of which every hip is replaced."""
    rng = np.random.default_rng([SEED, number, kind == "pelvis"])
    view = "ap-pelvis" if kind == "pelvis" else ("ap-left-hip" if number % 2 else "ap-right-hip")
    body, imaging = draw_body(rng), draw_imaging(view, rng)
    body = replace(body, right=replace(body.right, prosthesis=True), left=replace(body.left, prosthesis=True))
    factor = imaging.pixel_mm / PIXEL_MM[kind]
    size = {"rows": int(imaging.rows * factor), "columns": int(imaging.columns * factor)}
    imaging = replace(imaging, pixel_mm=PIXEL_MM[kind], **size)
    return normalize(make_phantom(body=body, imaging=imaging, foci=(), seed=number).to_radiograph())


def main() -> None:
    """Print how many pictures show an implant, a located hip, and nothing."""
    cv2.setNumThreads(1)
    for kind in ("pelvis", "hip"):
        seen = [{hip.status for hip in locate_hips(replaced(kind, number))} for number in range(COUNT)]
        counts = {status: sum(status in one for one in seen) for status in ("implant", "uncertain", "located")}
        print(f"{kind}: {COUNT} pictures; with {counts}; without any hip: {sum(not one for one in seen)}")


if __name__ == "__main__":
    main()
