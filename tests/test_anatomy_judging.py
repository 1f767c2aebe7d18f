"""What speaks for a hip, and how much it is trusted."""

import math

import cv2
import numpy as np
import pytest

from hipcalc.anatomy.appearance import CELLS, EDGE_DIRECTIONS, edge_cells, lies_on_its_side, likeness
from hipcalc.anatomy.circle import PHI_DEG, RADII, HeadCircle, PolarStrip
from hipcalc.anatomy.fitting import HipFit
from hipcalc.anatomy.hypotheses import Hypothesis, LateralSign
from hipcalc.anatomy.judging import Evidence, confidence_alone, confidence_evened, confidence_of, status_of
from hipcalc.anatomy.patch import Pyramid
from hipcalc.anatomy.roof import Rim
from hipcalc.anatomy.selection import pair_misfit
from hipcalc.normalize import normalize
from hipcalc.synthetic import BodyAnatomy, Imaging, make_phantom
from hipcalc.synthetic.truth import HipTruth


@pytest.fixture(scope="module")
def hip() -> tuple[Pyramid, HipTruth]:
    imaging = Imaging(view="ap-left-hip", rows=560, columns=512, pixel_mm=0.42)
    phantom = make_phantom(body=BodyAnatomy(), imaging=imaging, seed=11)
    normalized = normalize(phantom.to_radiograph())
    return Pyramid.of(normalized.grey, ~normalized.excluded), phantom.hips[0]


def test_a_hip_looks_more_like_a_hip_than_what_is_around_it(hip: tuple[Pyramid, HipTruth]) -> None:
    picture, truth = hip
    radius = truth.head_radius_px
    own = likeness(picture, (truth.head_row_px, truth.head_column_px), radius, 1, 0.0)
    assert own > 2.0
    for down, right, size, sign in ((1.0, 0.0, 1.0, 1), (-1.0, 0.5, 1.0, 1), (0.0, 0.0, 0.6, 1), (0.0, 0.0, 1.0, -1)):
        place = truth.head_row_px + down * radius, truth.head_column_px + right * radius
        assert likeness(picture, place, size * radius, sign, 0.0) < own - 1.0


def test_a_mirrored_hip_looks_the_same(hip: tuple[Pyramid, HipTruth]) -> None:
    picture, truth = hip
    mirrored = Pyramid.of(picture.grey[0][:, ::-1].copy(), picture.keep[0][:, ::-1] > 0)
    place = truth.head_row_px, picture.grey[0].shape[1] - 1 - truth.head_column_px
    one, _ = edge_cells(picture, (truth.head_row_px, truth.head_column_px), truth.head_radius_px, 1)
    other, _ = edge_cells(mirrored, place, truth.head_radius_px, -1)
    assert one.shape == (CELLS, CELLS, EDGE_DIRECTIONS)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.98


def test_a_turned_hip_looks_the_same_when_the_turn_is_known(hip: tuple[Pyramid, HipTruth]) -> None:
    picture, truth = hip
    rows, columns = picture.grey[0].shape
    # A negative angle of OpenCV turns clockwise as displayed.
    turn = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), -10.0, 1.0)
    grey = cv2.warpAffine(picture.grey[0], turn, (columns, rows), borderMode=cv2.BORDER_REFLECT)
    turned = Pyramid.of(grey, picture.keep[0] > 0)
    column, row = turn @ (truth.head_column_px, truth.head_row_px, 1.0)
    own = likeness(picture, (truth.head_row_px, truth.head_column_px), truth.head_radius_px, 1, 0.0)
    known = likeness(turned, (row, column), truth.head_radius_px, 1, 10.0)
    unknown = likeness(turned, (row, column), truth.head_radius_px, 1, -10.0)
    assert known > own - 0.5
    assert known > unknown + 0.5


@pytest.mark.parametrize("quarter_turns", [1, 3])
@pytest.mark.parametrize("lateral_sign", [1, -1])
def test_a_picture_on_its_side_is_told_from_an_upright_one(
    hip: tuple[Pyramid, HipTruth], quarter_turns: int, lateral_sign: int
) -> None:
    picture, truth = hip
    place = np.zeros(picture.grey[0].shape, bool)
    place[round(truth.head_row_px), round(truth.head_column_px)] = True
    lying = Pyramid.of(np.rot90(picture.grey[0], quarter_turns).copy(), np.rot90(picture.keep[0] > 0, quarter_turns))
    ((row, column),) = np.argwhere(np.rot90(place, quarter_turns)).astype(float)
    assert lies_on_its_side(lying, (row, column), truth.head_radius_px, lateral_sign, 0.0)
    assert not lies_on_its_side(picture, (truth.head_row_px, truth.head_column_px), truth.head_radius_px, 1, 0.0)


@pytest.mark.parametrize("clip_limit", [2.0, 4.0])
def test_a_hip_whose_local_contrast_was_lifted_still_looks_like_one(
    hip: tuple[Pyramid, HipTruth], clip_limit: float
) -> None:
    picture, truth = hip
    levels = (250.0 * np.clip(picture.grey[0], 0.0, 1.0)).astype(np.uint8)
    lifted = cv2.createCLAHE(clip_limit, (8, 8)).apply(levels).astype(np.float32)
    place = truth.head_row_px, truth.head_column_px
    assert likeness(Pyramid.of(lifted, picture.keep[0] > 0), place, truth.head_radius_px, 1, 0.0) > 1.5


def test_hips_that_are_turned_against_each_other_are_no_pair() -> None:
    left, right = (hip_fit(column, sign, turn) for column, sign, turn in ((200.0, -1, 12.0), (508.0, 1, 12.0)))
    assert pair_misfit(left, right) < 0.1
    assert math.isinf(pair_misfit(left, hip_fit(508.0, 1, -12.0)))
    assert math.isinf(pair_misfit(right, left))


def hip_fit(column: float, sign: LateralSign, turn_deg: float) -> HipFit:
    """A hip of radius 40 at row 300."""
    zero = np.zeros((len(RADII), len(PHI_DEG)), np.float32)
    return HipFit(
        hypothesis=Hypothesis(
            row_px=300.0, column_px=column, radius_px=40.0, lateral_sign=sign, turn_deg=turn_deg, context=0.0
        ),
        circle=HeadCircle(row_px=300.0, column_px=column, radius_px=40.0, support=1.0),
        strip=PolarStrip(outward=zero, lateral=zero, grey=zero, kept=zero > 0),
        rim=Rim(r_head_radii=1.2, phi_deg=30.0, support=1.0),
        evidence=Evidence(
            joint=10.0, circle_support=1.0, rim_support=1.0, likeness=2.0, head_over_side=0.9, floor_over_head=0.5
        ),
        worth=1.0,
    )


def test_nothing_pictured_looks_like_nothing() -> None:
    empty = Pyramid.of(np.zeros((300, 300), np.float32), np.zeros((300, 300), bool))
    assert likeness(empty, (150.0, 150.0), 40.0, 1, 0.0) == 0.0


def test_confidence_grows_with_the_evidence() -> None:
    by_worth = [confidence_of(worth, 3.0, paired=False) for worth in (-4.0, 0.0, 9.0)]
    assert by_worth == sorted(by_worth)
    assert 0.0 < by_worth[0] < 0.1 < 0.9 < by_worth[-1] < 1.0
    assert status_of(confidence_of(9.0, 3.0, paired=False)) == "located"
    assert confidence_of(0.0, 1.0, paired=False) < confidence_of(0.0, 3.0, paired=False)
    assert confidence_of(0.0, 3.0, paired=False) < confidence_of(0.0, 3.0, paired=True)
    assert confidence_of(0.0, 6.0, paired=False) == confidence_of(0.0, 60.0, paired=False)


def test_a_hip_whose_other_side_is_missing_is_trusted_less() -> None:
    assert 0.8 < confidence_alone(0.9) < 0.9
    assert status_of(confidence_alone(0.75)) == "uncertain"


def test_a_hip_seen_only_without_the_tone_curve_is_trusted_less() -> None:
    confidences = [confidence_evened(confidence) for confidence in (0.0, 0.3, 0.6, 0.9, 0.99, 1.0)]
    assert confidences == sorted(confidences)
    assert confidences[0] == 0.0
    assert status_of(confidence_evened(0.8)) == "uncertain"
    assert status_of(confidence_evened(0.99)) == "located"


@pytest.mark.parametrize(("confidence", "status"), [(0.95, "located"), (0.6, "uncertain"), (0.2, "absent")])
def test_status_follows_confidence(confidence: float, status: str) -> None:
    assert status_of(confidence) == status
