"""The library's one call: a radiograph in, hips and marks out, and how a notebook shows them."""

import re
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest

import hipcalc
from hipcalc.errors import InputRejectedError, InputUnreadableError, UsageError
from small_radiographs import SAMPLE, small_hip


@pytest.fixture(scope="module")
def screening():
    return hipcalc.screen(SAMPLE / "06_right_hip.dcm")


def test_the_planted_focus_of_the_sample_is_found_at_its_place(screening):
    truth = pd.read_csv(SAMPLE / "truth.csv").set_index("path").loc["06_right_hip.dcm"]
    strongest = min(screening.findings, key=lambda finding: finding.expected_false_marks)
    assert strongest.side == truth["side"] == "R"
    assert strongest.row_px == pytest.approx(truth["row_px"], abs=truth["diameter_px"] / 2)
    assert strongest.column_px == pytest.approx(truth["column_px"], abs=truth["diameter_px"] / 2)
    assert strongest.zone == "rim"


def test_the_hip_is_where_the_truth_says(screening):
    truth = pd.read_csv(SAMPLE / "truth_hips.csv").set_index("path").loc["06_right_hip.dcm"]
    (hip,) = (hip for hip in screening.hip_records if hip.status != "absent")
    for name in ("head_row_px", "head_column_px", "head_radius_px"):
        assert getattr(hip, name) == pytest.approx(truth[name], abs=0.1 * truth["head_radius_px"])
    assert hip.centre_edge_angle_deg == pytest.approx(truth["centre_edge_angle_deg"], abs=8)
    assert hip.detection_limit_mm is None or 0.5 < hip.detection_limit_mm < 12


def test_detectability_asked_for_alone_is_what_the_hips_table_says(screening):
    alone = hipcalc.detectability(screening.image, screening.hips[0])
    (record,) = screening.hip_records
    assert alone.detection_limit_mm == record.detection_limit_mm
    assert alone.detection_limit_head_radii == record.detection_limit_head_radii
    assert alone.false_marks_per_hip == 0.25
    assert alone.curve
    assert alone.places


def test_findings_are_the_candidates_at_or_below_the_operating_point(screening):
    flagged = {one.candidate_id for one in screening.candidates if one.expected_false_marks <= 0.25}
    assert {one.candidate_id for one in screening.findings} == flagged
    assert len({one.candidate_id for one in screening.candidates}) == len(screening.candidates)
    image_id = screening.image.radiograph.image_id
    assert all(one.candidate_id.startswith(f"{image_id}-{one.side}-") for one in screening.candidates)


def test_the_operating_point_moves_candidates_and_leaves_them_as_they_are(tmp_path):
    path = small_hip(tmp_path / "hip.png")
    strict = hipcalc.screen(path, false_marks_per_hip=0.001, detectability=False)
    loose = hipcalc.screen(hipcalc.read_radiograph(path), false_marks_per_hip=5.0, detectability=False)
    assert len(strict.findings) < len(loose.findings)
    assert [one.candidate_id for one in strict.candidates] == [one.candidate_id for one in loose.candidates]
    assert strict.hip_records == loose.hip_records
    assert all(hip.detection_limit_head_radii is None for hip in strict.hip_records)


def test_a_frame_holds_every_candidate(screening):
    frame = screening.to_frame()
    assert len(frame) == len(screening.candidates)
    assert list(frame)[:4] == ["candidate_id", "image_id", "path", "side"]
    assert frame["finding"].sum() == len(screening.findings)


def test_a_plot_shows_the_file_in_its_own_pixels(screening):
    figure = screening.plot()
    (axes,) = figure.axes
    rows, columns = screening.image.shape
    assert axes.get_images()[0].get_array().shape == (rows, columns)
    numbers = [text.get_text() for text in axes.texts]
    assert numbers == [str(number) for number in range(1, len(screening.findings) + 1)]
    assert "Unconfirmed algorithm output" in figure.get_supxlabel()


def test_a_notebook_shows_picture_and_table_in_one_piece(screening):
    html = screening._repr_html_()
    sources = re.findall(r'href="([^"]{0,30})', html)
    assert len(sources) == 2
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert not re.search(r'(href|src)="(?!data:)', html)
    assert html.count("<tr>") == 1 + len(screening.findings)
    limit = screening.hip_records[0].detection_limit_head_radii
    assert re.search(rf"hip \(located\), detection limit ([\d.]+ mm \()?{limit:.2f} R", html)
    assert "No human has confirmed this result" in html
    assert "Research software" in html


def test_the_input_is_left_as_it_was(tmp_path):
    radiograph = hipcalc.read_radiograph(small_hip(tmp_path / "hip.png"))
    before = radiograph.pixels.copy()
    hipcalc.screen(radiograph, detectability=False)
    assert np.array_equal(radiograph.pixels, before)


def test_what_is_no_radiograph_is_refused():
    with pytest.raises(UsageError, match="ndarray is no radiograph; give a file's path, or what hipcalc.read_radiogr"):
        hipcalc.screen(np.zeros((400, 400)))


def test_a_console_shows_one_line(screening):
    assert repr(screening).startswith("<Screening of ")
    assert repr(screening).endswith(f"of {len(screening.candidates)} marked>")
    assert len(repr(screening)) < 300


def test_what_is_no_hip_is_refused(tmp_path):
    noise = np.random.default_rng(2).integers(0, 60000, (300, 300), dtype=np.uint16)
    cv2.imwrite(str(tmp_path / "noise.png"), noise)
    with pytest.raises(InputRejectedError, match=r"noise\.png: .*\.$"):
        hipcalc.screen(tmp_path / "noise.png")
    with pytest.raises(InputUnreadableError, match="nowhere.dcm: there is no such file"):
        hipcalc.screen(tmp_path / "nowhere.dcm")
    with pytest.raises(InputRejectedError, match="04_forearm.dcm: "):
        hipcalc.screen(SAMPLE / "04_forearm.dcm")


def test_a_picture_that_is_clipped_where_its_joint_lies_is_told_so(tmp_path):
    grey = np.random.default_rng(2).normal(0.3, 0.02, (600, 600)) + np.linspace(0, 0.3, 600)
    cv2.circle(grey, (300, 300), 150, 2.0, -1)
    levels = np.clip(cv2.GaussianBlur(grey, (0, 0), 4.0), 0, 0.9)
    cv2.imwrite(str(tmp_path / "clipped.png"), np.rint(65535 * levels).astype(np.uint16))
    with pytest.raises(InputRejectedError, match=r"clipped\.png: no hip was found; .* it is clipped to white"):
        hipcalc.screen(replace(hipcalc.read_radiograph(tmp_path / "clipped.png"), polarity="bone-bright"))


@pytest.mark.parametrize("value", [0.0, -1.0, 10.5, float("nan")])
def test_an_operating_point_out_of_range_is_refused(value):
    with pytest.raises(UsageError, match="must be above 0 and at most 10 expected false marks"):
        hipcalc.screen("unread.dcm", false_marks_per_hip=value)


def test_the_public_names_are_all_there_and_plots_are_not_loaded_before_they_are_needed():
    for name in hipcalc.__all__:
        assert getattr(hipcalc, name).__doc__
    program = (
        "import sys, hipcalc; heavy = {'matplotlib', 'pyarrow', 'pandas', 'IPython'} & set(sys.modules); "
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
