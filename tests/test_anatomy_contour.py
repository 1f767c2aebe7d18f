"""The circle that settles on the visible contour, and prostheses known by their shape."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from hipcalc.anatomy import locate_hips, recognise_view
from hipcalc.anatomy.circle import PHI_DEG, RADII, HeadCircle, HeadPatch, moved
from hipcalc.anatomy.contour import settle_circle
from hipcalc.anatomy.implants import heads_on_stems, is_metal
from hipcalc.anatomy.patch import Pyramid
from hipcalc.normalize import normalize
from hipcalc.synthetic import BodyAnatomy, Imaging, make_phantom
from hipcalc.synthetic.draw_body import draw_body
from hipcalc.synthetic.draw_imaging import draw_imaging

HEAD = (200.0, 210.0, 80.0)
RADII_PX = (20.0, 60.0)


def pyramid_of(picture: np.ndarray) -> Pyramid:
    return Pyramid.of(picture, np.ones(picture.shape, bool))


def head_picture(hidden_deg: tuple[float, float] | None = None) -> Pyramid:
    """A bright disk in noise; between two polar angles (0 cranial, lateral at the right) its edge is hidden in bone."""
    rows, columns = np.mgrid[:420, :420]
    down, right = rows - HEAD[0], columns - HEAD[1]
    picture = 1.0 / (1.0 + np.exp((np.hypot(down, right) - HEAD[2]) / 1.5))
    if hidden_deg is not None:
        phi = np.degrees(np.arctan2(right, -down))
        picture[(phi > hidden_deg[0]) & (phi < hidden_deg[1])] = 1.0
    picture += np.random.default_rng(2).normal(0.0, 0.03, picture.shape)
    return pyramid_of(picture.astype(np.float32))


@pytest.mark.parametrize(("lateral_sign", "turn_deg"), [(1, 0.0), (-1, 0.0), (1, 12.0), (-1, -12.0)])
def test_strips_of_a_patch_are_those_of_the_picture_as_far_as_it_reaches(lateral_sign: int, turn_deg: float) -> None:
    circle = HeadCircle(row_px=HEAD[0], column_px=HEAD[1], radius_px=HEAD[2], support=0.0)
    patch = HeadPatch.around(head_picture(), circle, 0.1, lateral_sign, turn_deg)
    for away, beyond in ((0.08, False), (0.35, True)):
        near = moved(circle, 0.0, away, 1.0, lateral_sign, turn_deg)
        strip = patch.strip(near)
        np.testing.assert_allclose(patch.outward(near), strip.outward, atol=1e-6)
        assert strip.kept.all() != beyond
        assert not strip.outward[~strip.kept].any()
        # Lateral of the middle of the disk it gets darker nearer, medial farther away.
        edge = RADII[strip.outward.argmin(axis=0)]
        lateral, medial = (edge[np.flatnonzero(phi == PHI_DEG)[0]] for phi in (90.0, -90.0))
        assert lateral == pytest.approx(1.0 - away, abs=0.05)
        assert medial == pytest.approx(1.0 + away, abs=0.05)


@pytest.mark.parametrize("hidden_deg", [None, (-20.0, 25.0), (20.0, 70.0)])
def test_a_circle_settles_on_what_is_visible_of_its_contour(hidden_deg: tuple[float, float] | None) -> None:
    start = HeadCircle(row_px=HEAD[0] + 4.0, column_px=HEAD[1] - 3.0, radius_px=HEAD[2] * 0.96, support=0.0)
    settled, _ = settle_circle(head_picture(hidden_deg), start, 1, 0.0)
    assert math.hypot(settled.row_px - HEAD[0], settled.column_px - HEAD[1]) < 0.015 * HEAD[2]
    assert settled.radius_px == pytest.approx(HEAD[2], rel=0.015)


def test_the_visible_share_says_how_much_shows() -> None:
    start = HeadCircle(row_px=HEAD[0], column_px=HEAD[1], radius_px=HEAD[2], support=0.0)
    whole, part = (settle_circle(head_picture(hidden), start, 1, 0.0)[0].visible for hidden in (None, (-100.0, 0.0)))
    assert whole > 0.95
    assert 0.2 < part < 0.75


def implant_picture(head_px: float, stem_px: float) -> np.ndarray:
    """A ball on a stem to the lower right, bright on a grey ground."""
    picture = np.full((500, 400), 0.3, np.float32)
    cv2.line(picture, (180, 160), (260, 300), 0.95, round(2 * stem_px), cv2.LINE_AA)
    cv2.line(picture, (260, 300), (270, 480), 0.95, round(2 * stem_px), cv2.LINE_AA)
    cv2.circle(picture, (180, 160), round(head_px), 1.0, -1, cv2.LINE_AA)
    return picture


def test_a_ball_on_a_stem_is_a_prosthesis() -> None:
    (head,) = heads_on_stems(pyramid_of(implant_picture(34.0, 12.0)), RADII_PX)
    assert math.hypot(head.row_px - 160.0, head.column_px - 180.0) < 4.0
    assert head.radius_px == pytest.approx(34.0, abs=3.0)
    assert head.lateral_sign == 1
    (mirrored,) = heads_on_stems(pyramid_of(implant_picture(34.0, 12.0)[:, ::-1].copy()), RADII_PX)
    assert mirrored.lateral_sign == -1


def test_an_upright_stem_makes_one_prosthesis() -> None:
    """At one level it leans to one side, at a lower one, with what lies beside it, to the other."""
    picture = np.full((500, 400), 0.3, np.float32)
    cv2.line(picture, (186, 300), (120, 470), 0.72, 14, cv2.LINE_AA)
    cv2.line(picture, (184, 160), (188, 480), 0.95, 20, cv2.LINE_AA)
    cv2.circle(picture, (180, 160), 34, 1.0, -1, cv2.LINE_AA)
    assert len(heads_on_stems(pyramid_of(picture), RADII_PX)) == 1


@pytest.mark.parametrize(
    "picture",
    [
        implant_picture(12.0, 12.0),
        implant_picture(34.0, 30.0),
        implant_picture(34.0, 12.0)[::-1].copy(),
        np.pad(np.full((60, 60), 1.0, np.float32), 150, constant_values=0.3),
    ],
    ids=["a nail", "a wide stem", "upside down", "a plate"],
)
def test_other_metal_is_no_prosthesis(picture: np.ndarray) -> None:
    assert heads_on_stems(pyramid_of(picture), RADII_PX) == ()


def test_a_hip_that_was_replaced_is_an_implant_without_a_native_one_beside_it() -> None:
    body = BodyAnatomy()
    body = replace(body, left=replace(body.left, prosthesis=True))
    phantom = make_phantom(body=body, imaging=Imaging(view="ap-left-hip", rows=640, columns=560, pixel_mm=0.4), seed=3)
    (truth,) = phantom.hips
    normalized = normalize(phantom.to_radiograph())
    (hip,) = locate_hips(normalized)
    assert (hip.status, hip.side, hip.confidence) == ("implant", "L", 0.0)
    away = math.hypot(hip.head_row_px - truth.head_row_px, hip.head_column_px - truth.head_column_px)
    assert away < truth.head_radius_px
    assert math.isnan(hip.rim_row_px)
    assert recognise_view(normalized, (hip,)) == "unilateral"


@pytest.mark.parametrize(("level", "filled"), [(1.0, True), (0.45, False), (0.3, False)])
def test_a_circle_that_outshines_its_surroundings_is_filled_with_metal(level: float, filled: bool) -> None:
    picture = np.random.default_rng(4).uniform(0.3, 0.6, (300, 300)).astype(np.float32)
    cv2.circle(picture, (140, 160), 50, level, -1)
    assert is_metal(pyramid_of(picture), (160.0, 140.0), 50.0) is filled
    assert not is_metal(Pyramid.of(picture, np.zeros(picture.shape, bool)), (160.0, 140.0), 50.0)


@pytest.mark.parametrize(("seed", "found"), [(6, ["implant", "implant"]), (5, ["implant"])])
def test_metal_in_both_hips_is_not_called_a_native_hip(seed: int, found: list[str]) -> None:
    """Wide cups, whose shape is no ball on a stem: circle, roof and rim of the first are clear as a native hip's."""
    rng = np.random.default_rng([seed, 5, 1])
    body, imaging = draw_body(rng), draw_imaging("ap-pelvis", rng)
    body = replace(body, right=replace(body.right, prosthesis=True), left=replace(body.left, prosthesis=True))
    scale = imaging.pixel_mm / 0.5
    imaging = replace(imaging, rows=int(imaging.rows * scale), columns=int(imaging.columns * scale), pixel_mm=0.5)
    hips = locate_hips(normalize(make_phantom(body=body, imaging=imaging, foci=(), seed=seed).to_radiograph()))
    assert [(hip.status, hip.confidence) for hip in hips] == [(status, 0.0) for status in found]
    assert len({hip.side for hip in hips}) == len(found)
