"""How many prostheses are found where no native hip is beside them. Prints a line per view.

    PYTHONPATH=tests/benchmarks python tests/benchmarks/bench_implants.py

Phantoms of pelves with two prostheses and of single replaced hips; the constants of implants.py were chosen on them.
"""

import cv2
from fit_appearance import small_phantom

from hipcalc.anatomy import locate_hips
from hipcalc.normalize import normalize

SEED, COUNT = 5, 12


def main() -> None:
    """Print how many pictures show an implant, a located hip, and nothing."""
    cv2.setNumThreads(1)
    for kind in ("pelvis", "hip"):
        phantoms = [small_phantom(kind, number, seed=SEED, replaced=True) for number in range(COUNT)]
        seen = [{hip.status for hip in locate_hips(normalize(one.to_radiograph()))} for one in phantoms]
        counts = {status: sum(status in one for one in seen) for status in ("implant", "uncertain", "located")}
        print(f"{kind}: {COUNT} pictures; with {counts}; without any hip: {sum(not one for one in seen)}")


if __name__ == "__main__":
    main()
