"""Phantoms: the truth is where the picture says it is."""

import math

import cv2
import numpy as np
import pytest

from hipcalc.errors import UsageError
from hipcalc.synthetic import BodyAnatomy, FocusPlan, HipAnatomy, Imaging, make_phantom

SMALL = {"rows": 460, "columns": 400, "pixel_mm": 0.45}
PELVIS = Imaging(rows=620, columns=760, pixel_mm=0.5)
LEFT = Imaging(view="ap-left-hip", **SMALL)
RIGHT = Imaging(view="ap-right-hip", **SMALL)
FOCUS = FocusPlan(side="L", kind="ossicle", r_head_radii=1.35, phi_deg=45.0, diameter_mm=6.0, cnr=6.0)


@pytest.fixture(scope="module")
def left():
    return make_phantom(body=BodyAnatomy(), imaging=LEFT, foci=(FOCUS,), seed=4)


@pytest.fixture(scope="module")
def pelvis():
    left = HipAnatomy(head_radius_mm=26.0, centre_edge_angle_deg=38.0, acetabular_index_deg=2.0)
    return make_phantom(body=BodyAnatomy(left=left, obliquity_deg=3.0), imaging=PELVIS, seed=5)


def along_ray(pixels, row, column, angle_deg, distances):
    """Grey levels along a ray from a point, smoothed across it; angle 0 is up, clockwise."""
    smooth = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), 1.0)
    angle = math.radians(angle_deg)
    rows = (row - distances * math.cos(angle)).astype(np.float32)
    columns = (column + distances * math.sin(angle)).astype(np.float32)
    return cv2.remap(smooth, columns[None, :], rows[None, :], cv2.INTER_CUBIC)[0]


def mean_profile(phantom, hip, angles, distances):
    rays = [
        along_ray(phantom.pixels, hip.head_row_px, hip.head_column_px, hip.lateral_sign * angle, distances)
        for angle in angles
    ]
    return np.mean(rays, axis=0)


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("first", [38, -8, -176], ids=["lateral", "under the roof", "below"])
def test_head_contour_is_a_circle_of_the_stated_centre_and_radius(pelvis, index, first):
    hip = pelvis.hips[index]
    distances = np.linspace(0.85, 1.15, 181) * hip.head_radius_px
    profile = mean_profile(pelvis, hip, np.arange(first, first + 22, 2), distances)
    steepest = distances[np.argmin(np.gradient(profile))]
    assert steepest == pytest.approx(hip.head_radius_px, abs=1.0)


def test_joint_space_is_dark_between_head_and_sourcil(left):
    hip = left.hips[0]
    space = left.body.left.joint_space_mm / left.body.left.head_radius_mm
    distances = np.array([0.95, 1.0 + space / 2, 1.0 + space + 0.06]) * hip.head_radius_px
    head, joint, sourcil = mean_profile(left, hip, np.arange(-10, 25, 5), distances)
    assert joint < head
    assert joint < sourcil - 100


def test_sourcil_ends_at_the_rim_point(left):
    hip = left.hips[0]
    radius = math.hypot(hip.rim_row_px - hip.head_row_px, hip.rim_column_px - hip.head_column_px) + 3.0
    angles = np.arange(10.0, 60.0, 1.0)
    levels = [mean_profile(left, hip, [angle], np.array([radius]))[0] for angle in angles]
    steepest = angles[np.argmin(np.gradient(cv2.GaussianBlur(np.array([levels], np.float32), (0, 0), 1.5)[0]))]
    assert steepest == pytest.approx(hip.centre_edge_angle_deg, abs=5.0)


@pytest.mark.parametrize("index", [0, 1])
def test_the_roof_ends_at_the_centre_edge_angle_on_and_above_the_articular_surface(pelvis, index):
    hip, anatomy = pelvis.hips[index], (pelvis.body.right, pelvis.body.left)[index]
    up, out = hip.head_row_px - hip.rim_row_px, hip.lateral_sign * (hip.rim_column_px - hip.head_column_px)
    assert math.degrees(math.atan2(out, up)) == pytest.approx(hip.centre_edge_angle_deg)
    surface = anatomy.socket_radius_mm * hip.magnification / PELVIS.pixel_mm
    assert math.hypot(up, out) == pytest.approx(surface + 1.9 * hip.magnification / PELVIS.pixel_mm, rel=0.01)
    up, out = (hip.head_row_px - hip.sourcil_lateral_row_px, hip.sourcil_lateral_column_px - hip.head_column_px)
    assert math.hypot(up, out) == pytest.approx(surface, rel=0.01)


def test_hip_coordinates_grow_to_lateral_on_both_sides(pelvis):
    right, left = pelvis.hips
    assert right.to_image(1.3, 90.0) == pytest.approx(
        (right.head_row_px, right.head_column_px - 1.3 * right.head_radius_px)
    )
    assert left.to_image(1.3, 90.0) == pytest.approx(
        (left.head_row_px, left.head_column_px + 1.3 * left.head_radius_px)
    )


def test_truth_angles_are_those_of_the_anatomy(pelvis):
    right, left = pelvis.hips
    assert (right.side, left.side) == ("R", "L")
    assert right.head_column_px < left.head_column_px
    # Obliquity, clockwise as displayed, takes from the right hip's angle and adds to the left one's.
    assert right.centre_edge_angle_deg == pytest.approx(30.0 - 3.0, abs=0.5)
    assert left.centre_edge_angle_deg == pytest.approx(38.0 + 3.0, abs=0.5)
    assert left.acetabular_index_deg == pytest.approx(2.0 - 3.0, abs=0.5)
    scale = left.magnification / PELVIS.pixel_mm
    assert left.head_radius_px == pytest.approx(26.0 * scale)
    between = math.hypot(left.head_column_px - right.head_column_px, left.head_row_px - right.head_row_px)
    assert between == pytest.approx(180.0 * scale, rel=0.01)


def test_a_focus_is_where_and_as_bright_as_the_truth_says(left):
    (focus,) = left.foci
    plain = make_phantom(body=BodyAnatomy(), imaging=LEFT, seed=4)
    added = left.pixels.astype(np.float32) - plain.pixels.astype(np.float32)
    inside = np.zeros(added.shape, bool)
    rows, columns = focus.mask.shape
    inside[focus.mask_row : focus.mask_row + rows, focus.mask_column : focus.mask_column + columns] = focus.mask
    assert np.percentile(added[inside], 80) == pytest.approx(focus.contrast)
    assert focus.cnr == pytest.approx(FOCUS.cnr, rel=0.25)
    weight = np.clip(added, 0, None) * cv2.dilate(inside.astype(np.uint8), np.ones((5, 5), np.uint8))
    row, column = (float((axis * weight).sum() / weight.sum()) for axis in np.indices(added.shape))
    assert (row, column) == pytest.approx((focus.row_px, focus.column_px), abs=0.7)
    assert math.sqrt(4 * inside.sum() / math.pi) == pytest.approx(focus.diameter_px, rel=0.08)
    assert focus.diameter_px == pytest.approx(6.0 * left.magnification / LEFT.pixel_mm)
    assert (focus.row_px, focus.column_px) == pytest.approx(left.hips[0].to_image(1.35, 45.0))
    # The edge of the deposit, not of its blur: outside of the outline nearly nothing is added.
    ring = cv2.dilate(inside.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool) & ~cv2.dilate(
        inside.astype(np.uint8), np.ones((5, 5), np.uint8)
    ).astype(bool)
    assert np.abs(added[ring]).mean() < 0.2 * focus.contrast


def test_sides_are_mirrored():
    left = make_phantom(body=BodyAnatomy(), imaging=LEFT, seed=1).hips[0]
    right = make_phantom(body=BodyAnatomy(), imaging=RIGHT, seed=1).hips[0]
    last = SMALL["columns"] - 1
    assert right.head_column_px == pytest.approx(last - left.head_column_px)
    assert right.rim_column_px == pytest.approx(last - left.rim_column_px)
    assert right.rim_row_px == pytest.approx(left.rim_row_px)


def test_the_same_seed_gives_the_same_pixels_and_another_seed_others():
    imaging = Imaging(view="ap-left-hip", rows=120, columns=100, pixel_mm=0.5)
    one, same, other = (make_phantom(body=BodyAnatomy(), imaging=imaging, seed=seed).pixels for seed in (7, 7, 8))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_picture_is_read_as_a_radiograph(left):
    radiograph = left.to_radiograph("x.dcm")
    assert radiograph.side == "L"
    assert radiograph.spacing_mm == pytest.approx(0.45 / left.magnification)
    assert radiograph.shape == (460, 400)
    assert left.pixels.max() < 4096
    assert np.ptp(left.pixels) > 2000


def test_a_thicker_cortex_and_denser_bone_are_brighter():
    thin = HipAnatomy(cortical_thickness=0.6, bone_density=0.5)
    thick = HipAnatomy(cortical_thickness=1.4, bone_density=1.3)
    contrast = []
    for hip in (thin, thick):
        phantom = make_phantom(body=BodyAnatomy(left=hip), imaging=LEFT, seed=2)
        truth = phantom.hips[0]
        levels = mean_profile(phantom, truth, [40, 45, 50], np.array([0.5, 1.45]) * truth.head_radius_px)
        contrast.append((levels[0] - levels[1]) / np.ptp(phantom.pixels))
    assert contrast[1] > contrast[0] + 0.05


RANGES = [
    (HipAnatomy, "head_radius_mm", 12.0, "20 and 27 mm"),
    (HipAnatomy, "centre_edge_angle_deg", 50.0, "15 and 45 degrees"),
    (HipAnatomy, "acetabular_index_deg", 25.0, "-5 and 20 degrees"),
    (HipAnatomy, "neck_shaft_angle_deg", 100.0, "115 and 145 degrees"),
    (HipAnatomy, "joint_space_mm", 0.5, "1 and 5 mm"),
    (HipAnatomy, "femoral_rotation_deg", 60.0, "-15 and 30 degrees"),
    (HipAnatomy, "cortical_thickness", 2.0, "0.6 and 1.4 of the adult mean"),
    (HipAnatomy, "bone_density", 0.1, "0.5 and 1.3 of the adult mean"),
    (HipAnatomy, "asphericity", 0.5, "0 and 0.12 head radii"),
    (BodyAnatomy, "head_distance_mm", 100.0, "150 and 210 mm"),
    (BodyAnatomy, "pelvic_tilt_deg", 40.0, "-12 and 12 degrees"),
    (BodyAnatomy, "pelvic_rotation_deg", -20.0, "-8 and 8 degrees"),
    (BodyAnatomy, "obliquity_deg", 10.0, "-6 and 6 degrees"),
    (BodyAnatomy, "body_thickness_mm", 500.0, "150 and 350 mm"),
    (BodyAnatomy, "gas", 2.0, "0 and 1"),
    (Imaging, "rows", 10, "64 and 4000 pixels"),
    (Imaging, "columns", 9000, "64 and 4000 pixels"),
    (Imaging, "pixel_mm", 0.01, "0.1 and 0.5 mm"),
    (Imaging, "source_distance_mm", 100.0, "900 and 2000 mm"),
    (Imaging, "table_distance_mm", 300.0, "10 and 120 mm"),
    (Imaging, "kilovolts", 20.0, "60 and 100 kV"),
    (Imaging, "dose", 0.0, "0.2 and 5 of 2.5 microgray"),
    (Imaging, "blur_mm", 2.0, "0.05 and 0.5 mm"),
    (Imaging, "scatter", 3.0, "0 and 1.5"),
    (Imaging, "enhancement", 5.0, "0 and 1.5"),
    (FocusPlan, "r_head_radii", 9.0, "0 and 4 head radii"),
    (FocusPlan, "phi_deg", 200.0, "-180 and 180 degrees"),
    (FocusPlan, "diameter_mm", 0.2, "1 and 15 mm"),
    (FocusPlan, "cnr", 50.0, "0.5 and 15"),
    (FocusPlan, "orientation_deg", 999.0, "-180 and 180 degrees"),
]


@pytest.mark.parametrize(("kind", "name", "value", "range_text"), RANGES)
def test_a_parameter_out_of_range_is_named_with_its_range_and_unit(kind, name, value, range_text):
    needed = {"side": "L"} if kind is FocusPlan else {}
    with pytest.raises(UsageError, match=f"{name} is {value:g} but must be between {range_text}"):
        kind(**needed, **{name: value})


def test_a_parameter_that_is_not_a_number_is_refused():
    with pytest.raises(UsageError, match="head_radius_mm is nan but must be between"):
        HipAnatomy(head_radius_mm=math.nan)


def test_a_sourcil_too_short_is_refused():
    with pytest.raises(UsageError, match=r"leaves a sourcil of less than 25 degrees"):
        HipAnatomy(centre_edge_angle_deg=15.0, acetabular_index_deg=-5.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FocusPlan(side="X"), "side is 'X' but must be R or L"),
        (lambda: FocusPlan(side="L", kind="star"), "kind is 'star' but must be one of amorphous"),
        (lambda: Imaging(view="lateral"), "view is 'lateral' but must be one of ap-pelvis"),
    ],
)
def test_unknown_words_are_named(make, message):
    with pytest.raises(UsageError, match=message):
        make()


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (FocusPlan(side="R"), "planned at side R, but the view ap-left-hip does not show that hip"),
        (
            FocusPlan(side="L", r_head_radii=4.0, phi_deg=0.0),
            "phi 0 degrees of side L lies outside the image of 120 x 100",
        ),
    ],
)
def test_a_focus_that_is_not_in_the_picture_is_refused(plan, message):
    imaging = Imaging(view="ap-left-hip", rows=120, columns=100, pixel_mm=0.5)
    with pytest.raises(UsageError, match=message):
        make_phantom(body=BodyAnatomy(), imaging=imaging, foci=(plan,), seed=1)
