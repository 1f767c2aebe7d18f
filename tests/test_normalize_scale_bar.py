"""The length of a burned-in scale bar, and silence where there is none."""

import cv2
import numpy as np
import pytest

from hipcalc.normalize import scale_bar_length_px
from radiograph_files import bony_picture, write_letter

PICTURE = bony_picture(620, 560)


def ruler(first: int, last: int, *, level: float, ticks: bool, thickness: int = 2) -> np.ndarray:
    """Draw an upright bar near the right border; ticks go to the left, one every 20 pixels."""
    picture = PICTURE.copy()
    if level < 0:
        # A black bar is drawn where it shows: on a bright border.
        picture[:, 480:] += 0.5
    picture[first : last + thickness, 530 : 530 + thickness] = level
    if ticks:
        for row in range(first, last + 1, 20):
            picture[row : row + thickness, 518:530] = level
    return picture


@pytest.mark.parametrize("lying", [False, True])
@pytest.mark.parametrize("level", [1.6, -0.6])
@pytest.mark.parametrize("ticks", [False, True])
def test_length_of_a_bar(level, ticks, lying):
    picture = ruler(150, 350, level=level, ticks=ticks)
    length = scale_bar_length_px(np.ascontiguousarray(picture.T) if lying else picture)
    # Without ticks the bar ends where its last pixel ends.
    assert length == pytest.approx(200 if ticks else 202, abs=1.01)


@pytest.mark.parametrize(("gain", "offset"), [(4095, 0), (-4095, 4095), (0.01, 7)])
def test_grey_scale_and_polarity_do_not_matter(gain, offset):
    picture = ruler(150, 350, level=1.6, ticks=True) * np.float32(gain) + np.float32(offset)
    assert scale_bar_length_px(picture.astype(np.float32)) == pytest.approx(200, abs=1.01)


def test_bar_survives_lossy_compression():
    byte = np.clip(ruler(150, 350, level=1.2, ticks=True) * 200, 0, 255).astype(np.uint8)
    decoded = cv2.imdecode(cv2.imencode(".jpg", byte, [cv2.IMWRITE_JPEG_QUALITY, 85])[1], cv2.IMREAD_GRAYSCALE)
    assert scale_bar_length_px(decoded.astype(np.float32)) == pytest.approx(200, abs=2.01)


def test_no_bar_no_length():
    lettered = PICTURE.copy()
    write_letter(lettered, "L", (80, 60), 1.4)
    framed = PICTURE.copy()
    framed[:, 2:4] = 1.5
    boxed = PICTURE.copy()
    boxed[:90, :200] = 0
    assert [scale_bar_length_px(picture) for picture in (PICTURE, lettered, framed, boxed)] == [None] * 4


def test_bars_of_different_lengths_are_no_answer():
    picture = ruler(150, 350, level=1.6, ticks=True)
    picture[100:400, 30:32] = 1.6
    picture[[100, 101, 398, 399], 30:44] = 1.6
    assert scale_bar_length_px(picture) is None
