"""What speaks for a hip, and how much it is trusted."""

import cv2
import numpy as np
import pytest

from hipcalc.anatomy.appearance import CELLS, EDGE_DIRECTIONS, edge_cells, likeness
from hipcalc.anatomy.judging import confidence_alone, confidence_of, status_of
from hipcalc.anatomy.patch import Pyramid
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
    assert own > 0.2
    for down, right, size, sign in ((1.0, 0.0, 1.0, 1), (-1.0, 0.5, 1.0, 1), (0.0, 0.0, 0.6, 1), (0.0, 0.0, 1.0, -1)):
        place = truth.head_row_px + down * radius, truth.head_column_px + right * radius
        assert likeness(picture, place, size * radius, sign, 0.0) < own - 0.1


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
    assert known > own - 0.05
    assert known > unknown + 0.05


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
    assert confidence_alone(0.9) < 0.6
    assert status_of(confidence_alone(0.8)) == "absent"


@pytest.mark.parametrize(("confidence", "status"), [(0.95, "located"), (0.6, "uncertain"), (0.2, "absent")])
def test_status_follows_confidence(confidence: float, status: str) -> None:
    assert status_of(confidence) == status
