"""The same hip and the same candidates, however the picture is stored."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

import hipcalc
from hipcalc.radiograph import Radiograph
from support import ROOT

# In head radii: half a pixel here is about 0.01.
CENTRE, RADIUS, RIM = 0.03, 0.03, 0.05
PLACE = 0.05
# Candidates weaker than this come and go with the last bit of a grey level.
COUNTED_FALSE_MARKS = 1.0
# Stricter than the default, at which the tip of the rim behind the focus stands near the threshold.
FALSE_MARKS_PER_HIP = 0.1


@pytest.fixture(scope="module")
def original() -> Radiograph:
    """A phantom with a focus, at two thirds of its size, in whole grey levels of 12 bits."""
    image = hipcalc.read_radiograph(ROOT / "sample_data" / "07_left_hip.dcm")
    pixels = cv2.resize(image.pixels, None, fx=2 / 3, fy=2 / 3, interpolation=cv2.INTER_AREA)
    return replace(image, pixels=np.round(pixels), spacing_mm=1.5 * image.spacing_mm)


@pytest.fixture(scope="module")
def reference(original):
    found = hipcalc.screen(original, false_marks_per_hip=FALSE_MARKS_PER_HIP, detectability=False)
    assert [hip.status for hip in found.hips] == ["located"]
    assert len(found.findings) == 1
    return found


def in_bits(image, bits):
    return replace(image, pixels=np.floor(image.pixels / 2 ** (12 - bits)).astype(np.float32), bits=bits)


def cropped(image, rows, columns):
    return replace(image, pixels=np.ascontiguousarray(image.pixels[rows:-rows, columns:-columns]))


def padded(image, rows, columns):
    """Black borders, as exporters put around a picture to make it square."""
    return replace(image, pixels=np.pad(image.pixels, ((rows, rows), (columns, columns))))


# A change of the stored picture, and where a point (row, column) of it lies in the original.
CHANGES = {
    "gain and offset": (lambda image: replace(image, pixels=3.0 * image.pixels - 700.0), lambda r, c, _: (r, c)),
    "inversion": (
        lambda image: replace(image, pixels=4095.0 - image.pixels, polarity="bone-dark"),
        lambda r, c, _: (r, c),
    ),
    "10 bits": (lambda image: in_bits(image, 10), lambda r, c, _: (r, c)),
    "8 bits": (lambda image: in_bits(image, 8), lambda r, c, _: (r, c)),
    "crop": (lambda image: cropped(image, 40, 24), lambda r, c, _: (r + 40, c + 24)),
    "pad": (lambda image: padded(image, 40, 64), lambda r, c, _: (r - 40, c - 64)),
    "flip": (
        lambda image: replace(image, pixels=np.ascontiguousarray(image.pixels[:, ::-1]), side="R"),
        lambda r, c, columns: (r, columns - 1 - c),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_same_hip_and_the_same_candidates(original, reference, name):
    change, back = CHANGES[name]
    found = hipcalc.screen(change(original), false_marks_per_hip=FALSE_MARKS_PER_HIP, detectability=False)
    (hip,), (expected,) = found.hips, reference.hips
    columns, size = original.pixels.shape[1], expected.head_radius_px
    assert hip.status == "located"
    assert hip.side == ("R" if name == "flip" else "L")
    centre = back(hip.head_row_px, hip.head_column_px, columns)
    assert math.dist(centre, (expected.head_row_px, expected.head_column_px)) < CENTRE * size
    assert hip.head_radius_px == pytest.approx(size, rel=RADIUS)
    rim = back(hip.rim_row_px, hip.rim_column_px, columns)
    assert math.dist(rim, (expected.rim_row_px, expected.rim_column_px)) < RIM * size
    (finding,), (wanted,) = found.findings, reference.findings
    assert math.dist(back(finding.row_px, finding.column_px, columns), (wanted.row_px, wanted.column_px)) < PLACE * size
    assert finding.diameter_px == pytest.approx(wanted.diameter_px, rel=0.15)
    assert _missing(reference, found, lambda r, c: (r, c), lambda r, c: back(r, c, columns), size) <= 1
    assert _missing(found, reference, lambda r, c: back(r, c, columns), lambda r, c: (r, c), size) <= 1


def _missing(one, other, place_one, place_other, size):
    """How many strong candidates of one have no counterpart in the other."""
    places = [place_other(candidate.row_px, candidate.column_px) for candidate in other.candidates]
    strong = [candidate for candidate in one.candidates if candidate.expected_false_marks <= COUNTED_FALSE_MARKS]
    return sum(
        all(math.dist(place_one(candidate.row_px, candidate.column_px), place) > PLACE * size for place in places)
        for candidate in strong
    )


def _moved(pixels):
    """A picture of a patient who moved by 5 mm, evenly, from side to side."""
    return cv2.blur(pixels, (25, 1))


@pytest.mark.parametrize(
    ("change", "is_blurred"),
    [(lambda p: p, False), (lambda p: cv2.GaussianBlur(p, (0, 0), 4.0), True), (_moved, True)],
    ids=["as it is", "out of focus", "moved"],
)
def test_quality_tells_a_blurred_picture(original, change, is_blurred):
    found = hipcalc.screen(replace(original, pixels=change(original.pixels)), detectability=False)
    assert any("blurred or moved" in reason for reason in found.image.quality.reasons) == is_blurred
