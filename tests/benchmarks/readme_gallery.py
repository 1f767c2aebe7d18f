"""The gallery of the README: a normal and a positive hip, each beside itself with its truth drawn.

python tests/benchmarks/readme_gallery.py .readme/phantoms.jpg
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic import (
    BodyAnatomy,
    FocusPlan,
    Furniture,
    HipAnatomy,
    Imaging,
    Phantom,
    SideMarker,
    make_phantom,
)

WIDTH = 440
HEAD, RIM, FOCUS = (255, 200, 60), (80, 220, 80), (60, 120, 255)


def phantoms() -> tuple[tuple[str, Phantom], ...]:
    marker = Furniture(markers=(SideMarker(letter="L", row_mm=35.0, column_mm=155.0, height_mm=13.0),))
    imaging = Imaging(view="ap-left-hip", rows=1000, columns=850, pixel_mm=0.21, blur_mm=0.17, furniture=marker)
    foci = (
        FocusPlan(
            side="L", kind="ring", r_head_radii=1.32, phi_deg=47.0, diameter_mm=6.5, cnr=4.0, aspect=1.3,
            least_over_step=0.35, most_over_step=0.5,
        ),
        FocusPlan(side="L", kind="amorphous", r_head_radii=1.55, phi_deg=62.0, diameter_mm=4.1, cnr=4.0),
    )  # fmt: skip
    left = HipAnatomy(head_radius_mm=24.0, centre_edge_angle_deg=31.0)
    body = BodyAnatomy(left=left, right=left)
    normal = make_phantom(body=body, imaging=imaging, seed=11)
    return ("normal", normal), ("positive", make_phantom(body=body, imaging=imaging, foci=foci, seed=12))


def picture(phantom: Phantom) -> NDArray[np.uint8]:
    grey = np.asarray(phantom.pixels >> (phantom.imaging.bits - 8), np.uint8)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


def with_truth(phantom: Phantom) -> NDArray[np.uint8]:
    drawn = picture(phantom)
    for hip in phantom.hips:
        centre = (round(hip.head_column_px), round(hip.head_row_px))
        cv2.circle(drawn, centre, round(hip.head_radius_px), HEAD, 3, cv2.LINE_AA)
        ends = ((hip.sourcil_medial_column_px, hip.sourcil_medial_row_px), (hip.rim_column_px, hip.rim_row_px))
        for x, y in ends:
            cv2.drawMarker(drawn, (round(x), round(y)), RIM, cv2.MARKER_CROSS, 24, 3)
    for focus in phantom.foci:
        outline, _ = cv2.findContours(
            focus.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE,
            offset=(focus.mask_column, focus.mask_row),
        )  # fmt: skip
        cv2.drawContours(drawn, outline, -1, FOCUS, 2, cv2.LINE_AA)
    return drawn


def main(file: Path) -> None:
    cv2.setNumThreads(1)
    tiles = []
    for name, phantom in phantoms():
        for drawn in (picture(phantom), with_truth(phantom)):
            tile = cv2.resize(drawn, (WIDTH, WIDTH * drawn.shape[0] // drawn.shape[1]), interpolation=cv2.INTER_AREA)
            cv2.putText(tile, name, (10, tile.shape[0] - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
            tiles.append(tile)
    cv2.imwrite(str(file), np.hstack(tiles), [cv2.IMWRITE_JPEG_QUALITY, 82])
    print(f"{file}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
