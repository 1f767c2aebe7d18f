"""Pages: what a reader sees, and that nothing of it comes from the net."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import pytest
from markupsafe import Markup

from hipcalc.cli import tables
from hipcalc.normalize import ExcludedRegion
from hipcalc.report import ResultsFolder, RunFacts, write_pages
from hipcalc.report.cells import NO_REVIEW, PageReview
from hipcalc.report.cohort_figures import CohortFigures
from hipcalc.report.formats.sections import origin_lines
from hipcalc.report.further import link_further
from hipcalc.report.hip_provenance import hip_provenances
from hipcalc.report.image_page import PageLinks, image_page
from hipcalc.report.overlay import draw, numbered_marks
from hipcalc.report.pictures import hip_box, picture_of, whole_box
from hipcalc.report.provenance import unconfirmed_notice
from hipcalc.report.records import FileRecord
from report_builders import SHAPE, frame, one_hip, pelvis, picture, record_of, results_folder, run_facts
from support import require_program


class Page(HTMLParser):
    """Collects the tags of a page with their attributes, and its visible text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def find(self, tag, css_class=None):
        return [
            found for name, found in self.tags if name == tag and css_class in (None, *found.get("class", "").split())
        ]

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))


def page_of(record, review=NO_REVIEW):
    return Page(image_page(record, run_facts(), PageLinks(pictures="pictures/x"), review))


def reviewed(**status):
    by_id = {f"abcdef0000000001-{key.replace('_', '-')}": value for key, value in status.items()}
    return PageReview(status=by_id, text={}, workflow=Markup(""))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return results_folder(tmp_path_factory.mktemp("results"), twice=True)


def test_the_page_draws_head_rim_roof_and_each_mark_in_pixels_of_the_file():
    record = pelvis()[2]
    page = page_of(record)
    overview = page.find("svg")[0]
    assert overview["viewbox"] == f"-0.5 -0.5 {SHAPE[1]} {SHAPE[0]}"
    circles = [float(circle["cx"]) for circle in page.find("circle", "head")]
    assert circles[:2] == [150.0, 450.0]
    assert page.find("path", "rim")[0]["transform"].startswith("translate(125.0 150.0)")
    assert page.find("polyline", "roof")[0]["points"].startswith("120,150 125,150")
    first = page.find("circle", "ring")[1]
    assert float(first["cx"]) == pytest.approx(record.candidates[0].column_px)
    assert float(first["cy"]) == pytest.approx(record.candidates[0].row_px)


def test_the_page_draws_and_names_what_was_left_out_and_says_nothing_where_all_was_looked_at():
    image = picture()
    region = ExcludedRegion(kind="direct-exposure", outline_px=((0.0, 0.0), (40.0, 0.0), (40.0, 30.5)))
    record = record_of(replace(image, regions=(region,)), (), ())
    assert FileRecord.from_json(json.loads(record.dumps())) == record
    html = image_page(record, run_facts(), PageLinks(pictures="p"))
    assert '<polygon class="left-out" points="0,0 0,40 30.5,40"/>' in html
    assert "left out: direct exposure" in html
    assert "left out" not in image_page(record_of(image, (), ()), run_facts(), PageLinks(pictures="p"))


def test_the_table_gives_each_marks_measures_and_its_differential():
    text = page_of(pelvis()[2]).text
    for part in (
        "Right, rim / labrum",
        "10.7 h · 1.25 R at 40°",
        "4.0 mm (0.17 R)",
        "0.1 expected false",
        "labral calcification 60%",
        "os acetabuli 25%",
    ):
        assert part in text
    for part in (
        "centre-edge angle 27°",
        "3.1 mm (0.13 R)",
        "0.5 mm per pixel, calibrated",
        "limited: few grey levels",
    ):
        assert part in text
    for part in ("9.8.7", "detector-1", "0123456789abcdef", "0.25 expected false marks", "abcdef0000000001"):
        assert part in text


def test_the_table_says_why_a_class_stands_first_and_what_one_view_cannot_tell_apart():
    text = page_of(pelvis()[2]).text
    assert "First because: " in text
    assert "separate from the rim by 1.2 mm" in text
    attached = replace(pelvis()[2].candidates[0], gap_head_radii=0.0, first_class="osteophyte", aspect_ratio=1.6)
    record = replace(pelvis()[2], candidates=(attached,))
    text = page_of(record).text
    assert "Cannot be separated on this view: " in text
    assert "touches the rim point" in text


def test_an_unreviewed_page_says_so_and_every_page_carries_the_notice():
    for record in (pelvis()[2], one_hip()[2]):
        text = page_of(record).text
        assert "Unconfirmed algorithm output." in text
        assert "Research software, not a medical device." in text


def test_a_confirmed_mark_looks_different_and_a_rejected_one_is_gone():
    page = page_of(pelvis()[2], reviewed(R_1="confirmed", R_2="rejected"))
    rings = page.find("circle", "ring")
    assert [ring["class"].split()[-1] for ring in rings if "weak" not in ring["class"].split()][:2] == [
        "confirmed",
        "unreviewed",
    ]
    assert "lateral soft tissue" not in page.text
    assert "Marks that no human has looked at: 1." in page.text
    assert "2 hips, 1 of 2 marks confirmed" in page.text


def test_a_fully_reviewed_page_has_no_banner():
    page = page_of(pelvis()[2], reviewed(R_1="confirmed", R_2="rejected", L_1="indeterminate"))
    assert "Unconfirmed algorithm output" not in page.text
    all_rejected = page_of(pelvis()[2], reviewed(R_1="rejected", R_2="rejected", L_1="rejected"))
    assert "Unconfirmed algorithm output" in all_rejected.text
    assert "No mark at this operating point" in all_rejected.text


@pytest.mark.parametrize(("counts", "notice"), [((0, 0), "No human"), ((0, 3), "No human"), ((1, 2), "at: 2")])
def test_the_notice_says_what_is_not_confirmed(counts, notice):
    assert notice in unconfirmed_notice(*counts)
    assert unconfirmed_notice(1, 0) == ""


def test_numbers_stay_when_another_mark_is_rejected_and_weaker_ones_appear_when_decided():
    record = pelvis()[2]
    assert [number for number, _ in numbered_marks(record, {})] == [1, 2, 3]
    status = {"abcdef0000000001-R-1": "rejected", "abcdef0000000001-R-3": "confirmed"}
    marks = {number: mark.candidate_id[-3:] for number, mark in numbered_marks(record, status)}
    assert marks == {2: "R-2", 3: "L-1", 4: "R-3"}


def test_labels_do_not_lie_on_each_other():
    image, hips, record = pelvis()
    crowd = [
        replace(record.candidates[0], candidate_id=f"x-R-{n}", row_px=140.0 + n, column_px=110.0) for n in range(4)
    ]
    rings = draw(record_of(image, hips, tuple(crowd)), whole_box(SHAPE), {}).rings
    places = {(ring.label_x, ring.label_y) for ring in rings}
    gaps = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for a in places for b in places if a < b]
    assert len(places) == 4
    assert min(gaps) > 15


def test_hips_stand_as_displayed_and_an_absent_one_is_told():
    page = page_of(pelvis()[2])
    titles = [img["alt"] for img in page.find("img")]
    assert titles[0] == "Radiograph pelvis.dcm, with 3 marks: 1 rim / labrum, 2 lateral soft tissue, 3 rim / labrum"
    assert titles[1].startswith("Right hip, enlarged")
    assert titles[2].startswith("Left hip, enlarged")
    assert "Right hip: was not found in this image." in page_of(one_hip()[2]).text


def test_doubt_is_drawn_and_told():
    image = picture()
    page = page_of(record_of(image, (frame("R", status="uncertain"),), ()))
    assert "Right hip: was found with doubt" in page.text
    assert page.find("circle", "doubtful")


def test_without_spacing_no_length_is_in_millimetres():
    record = pelvis()[2]
    record = replace(
        record,
        image=replace(record.image, spacing_mm=None, spacing_source="unknown"),
        hips=tuple(replace(hip, detection_limit_mm=None) for hip in record.hips),
        candidates=tuple(replace(found, diameter_mm=None, gap_mm=None) for found in record.candidates),
    )
    text = page_of(record).text
    assert not re.search(r"\d mm", text)
    assert "0.17 R" in text


def test_a_limit_that_was_not_reached_is_not_one_that_was_not_measured():
    record = pelvis()[2]
    hips = tuple(replace(hip, detection_limit_mm=None, detection_limit_head_radii=None) for hip in record.hips)
    record = replace(record, hips=hips)
    assert "not reached by the largest foci planted" in page_of(record).text
    bare = replace(record, hips=tuple(replace(hip, detection_limit_tissue="") for hip in hips))
    assert "none: no room to plant" in page_of(bare).text
    plain = image_page(bare, replace(run_facts(), detectability=False), PageLinks(pictures="x"))
    assert "not measured" in plain
    assert "not reached" not in plain


def test_reports_and_the_terminal_say_that_a_limit_was_not_reached():
    origin = next(iter(hip_provenances([pelvis()[2]], run_facts()).values()))
    unreached = replace(origin, detection_limit_mm=None, detection_limit_head_radii=None, detection_limit_tissue="bone")
    assert "(CNR 4, found in 90%): not reached by the largest foci planted, over bone" in "".join(
        origin_lines(unreached)
    )
    unknown = replace(unreached, detection_limit_tissue="")
    assert "(CNR 4, found in 90%): not measured" in "".join(origin_lines(unknown))
    hip = replace(pelvis()[2].hips[0], detection_limit_mm=None, detection_limit_head_radii=None)
    texts = [tables._limit_text(replace(hip, detection_limit_tissue=tissue)) for tissue in ("soft tissue", "bone", "")]
    assert texts == ["not reached", "not reached\nover bone", "–"]


@pytest.mark.parametrize(("tissue", "words"), [("soft tissue", ", in soft tissue"), ("bone", ", over bone"), ("", "")])
def test_a_limit_says_where_it_holds(tissue, words):
    record = pelvis()[2]
    hips = tuple(replace(hip, detection_limit_tissue=tissue) for hip in record.hips)
    text = page_of(replace(record, hips=hips)).text
    assert f"3.1 mm (0.13 R){words}" in text
    assert (", over bone" in text) == (tissue == "bone")


def test_names_cannot_inject_markup():
    record = pelvis("in/<script>alert(1)</script>&.dcm")[2]
    text = image_page(record, run_facts(), PageLinks(pictures="x"))
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_each_hip_is_cut_out_at_full_resolution_within_the_picture():
    box = hip_box(200.0, 150.0, 48.0, SHAPE)
    assert (box.top, box.left, box.bottom, box.right) == (75, 25, 325, 275)
    at_the_edge = hip_box(10.0, 10.0, 48.0, SHAPE)
    assert (at_the_edge.top, at_the_edge.left) == (0, 0)
    assert hip_box(None, None, None, SHAPE) is None
    assert hip_box(float("nan"), 1.0, 1.0, SHAPE) is None


def test_pictures_are_eight_bits_with_bone_bright(folder):
    (overview,) = folder.pages.glob("pictures/abcdef0000000002-*/overview.jpg")
    grey = cv2.imread(str(overview), cv2.IMREAD_UNCHANGED)
    assert grey.dtype == "uint8"
    assert grey.shape == SHAPE
    assert grey[200, 450] > 250 > 10 > grey[5, 5]
    assert not list(folder.pages.glob("pictures/abcdef0000000002-*/hip-1.jpg")), "an absent hip has no picture"
    assert picture_of(picture().grey * 0).max() == 0


def test_the_index_lists_every_input_findings_first(folder):
    page = Page(folder.index.read_text(encoding="utf-8"))
    names = [name for name in ("pelvis.dcm", "hip.png", "forearm.dcm", "broken.dcm") if name in page.text]
    assert len(names) == 4
    places = [page.text.index(name) for name in names]
    assert places == sorted(places)
    assert "no hip was found." in page.text
    assert "the file is cut short; copy it again." in page.text
    assert "Unconfirmed algorithm output" in page.text
    assert "6 marks in 2 images" in page.text


def test_two_files_with_one_content_have_a_page_each(folder):
    first = (folder.pages / "abcdef0000000001.html").read_text(encoding="utf-8")
    second = (folder.pages / "abcdef0000000001-2.html").read_text(encoding="utf-8")
    assert "in/pelvis.dcm" in first
    assert "in/the_pelvis_again.dcm" in second


def test_every_link_leads_to_a_file_of_the_folder_and_nothing_to_the_net(folder):
    pages = sorted(folder.pages.glob("*.html"))
    assert len(pages) == 4
    for path in pages:
        page = Page(path.read_text(encoding="utf-8"))
        links = [value for _, found in page.tags for key, value in found.items() if key in ("src", "href")]
        assert len(links) > 3
        for link in links:
            assert (folder.pages / link.partition("#")[0]).is_file(), (path.name, link)
    for asset in folder.pages.glob("assets/*"):
        assert "http" not in asset.read_text(encoding="utf-8")
        assert "@import" not in asset.read_text(encoding="utf-8")


def test_limits_over_bone_are_counted_apart():
    record = pelvis()[2]
    right, left = (
        replace(hip, status="located", detection_limit_mm=mm, detection_limit_head_radii=mm / 24)
        for hip, mm in zip(record.hips, (1.7, 4.2), strict=True)
    )
    figures = CohortFigures()
    left = replace(left, detection_limit_tissue="bone")
    figures.add(replace(record, hips=(replace(right, detection_limit_tissue="soft tissue"), left)), (), "")
    counted = {one.title: [number for _, number in one.bars] for one in figures.distributions()}
    figures.close()
    assert counted["Detection limit, mm"] == counted["Detection limit over bone, mm"] == [1]


def test_the_results_page_links_what_later_commands_wrote_beside_it(folder, tmp_path):
    results = ResultsFolder(Path(shutil.copytree(folder.path, tmp_path / "results")))
    before = results.index.read_text(encoding="utf-8")
    assert "Also in these results" not in before
    (results.pages / "prevalence.html").write_text("")
    (results.path / "evaluation.csv").write_text("")
    link_further(results)
    page = Page(results.index.read_text(encoding="utf-8"))
    links = {link["href"] for link in page.find("a")}
    assert {"prevalence.html", "../evaluation.csv"} <= links
    assert not {"agreement.html", "../froc.png", "../recommendations/index.html"} & links
    # Written anew, the page has them from the beginning.
    write_pages(results, tuple(results.records()), RunFacts.from_run(results.read_run()))
    assert results.index.read_text(encoding="utf-8").count("Also in these results") == 1
    (results.pages / "prevalence.html").unlink()
    (results.path / "evaluation.csv").unlink()
    link_further(results)
    assert results.index.read_text(encoding="utf-8") == before


def test_a_folder_without_pages_gets_no_links(tmp_path):
    link_further(ResultsFolder(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_every_picture_has_a_text_and_every_control_a_label(folder):
    for path in folder.pages.glob("*.html"):
        page = Page(path.read_text(encoding="utf-8"))
        assert all(img.get("alt") for img in page.find("img"))
        labels = {label["for"] for label in page.find("label")}
        assert {control["id"] for control in page.find("input")} == labels


def _names_after(folder, tmp_path, script):
    """Return the files in the table of images, and the page, after a script ran in it."""
    browser = require_program("chromium", "chromium")
    script = f'<script>addEventListener("load", () => {{ {script} }});</script></body>'
    text = folder.index.read_text(encoding="utf-8").replace("</body>", script)
    changed = folder.pages / "changed.html"
    changed.write_text(text, encoding="utf-8")
    try:
        done = subprocess.run(
            [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
                *("--disable-component-update", "--disable-sync", "--no-first-run", f"--user-data-dir={tmp_path}"),
                *("--dump-dom", changed.as_uri()),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    finally:
        changed.unlink()
    body = done.stdout.split("<tbody>")[1].split("</tbody>")[0]
    return re.findall(r'<td class="file">(?:<a [^>]*>)?([^<]+)', body), done.stdout


def test_the_index_sorts_in_a_browser(folder, tmp_path):
    script = """
      document.querySelectorAll("#images th button")[1].click();
      document.querySelectorAll("#images th button")[1].click();
      const filter = document.getElementById("filter");
      filter.value = "DCM";
      filter.dispatchEvent(new Event("input"));"""
    names, page = _names_after(folder, tmp_path, script)
    # Sorted by status, descending: rejected, ok, failed; the filter leaves out the PNG.
    assert names == ["forearm.dcm", "pelvis.dcm", "the_pelvis_again.dcm", "broken.dcm"]
    assert "4 of 5 images" in page


def test_a_reason_of_the_index_shows_its_files_and_bars_keep_their_lengths_in_a_browser(folder, tmp_path):
    script = """
      document.querySelector("#losses tbody tr button").click();
      // Long numbers must not take the bars' place.
      const even = [...document.querySelectorAll(".chart")].every((chart) => {
        const bars = [...chart.querySelectorAll("li")].map((line) => {
          const [bar, number] = [line.querySelector("i"), line.querySelector("b")];
          const count = Number(number.textContent);
          number.textContent = 100000 * count;
          return [bar, count];
        }).filter(([, count]) => count);
        const scale = bars[0][0].getBoundingClientRect().width / bars[0][1];
        return bars.every(([bar, count]) => Math.abs(bar.getBoundingClientRect().width - scale * count) < 2);
      });
      document.title = even ? "bars are even" : "bars are uneven";"""
    names, page = _names_after(folder, tmp_path, script)
    assert names == ["broken.dcm"]
    assert "1 of 5 images" in page
    assert "<title>bars are even</title>" in page
