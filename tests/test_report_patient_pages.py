"""The HTML report: a page per patient that stands alone, the cohort's page, in a browser, by keyboard and on paper."""

import re

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from format_builders import CONTEXT, PELVIS, copied_results, reported, table
from hipcalc.errors import UsageError
from hipcalc.report import data_files, report_workflow, state_table
from support import require_program

NOTICE = "Research software, not a medical device"


def text_of(path):
    return path.read_text(encoding="utf-8")


def test_a_page_per_patient_and_one_of_the_cohort(tmp_path):
    _, result = reported(tmp_path, "html", R_1="confirmed")
    names = {path.name for path in (result.folder / "patients").iterdir()}
    assert names == {f"{PELVIS}.html", "abcdef0000000002.html"}
    index = text_of(result.folder / "index.html")
    for name in names:
        assert f'href="patients/{name}#workflow"' in index
    assert "2 patients, 4 hips" in index
    assert NOTICE in index


def test_a_page_needs_no_other_file(tmp_path):
    _, result = reported(tmp_path, "html", R_1="confirmed")
    for path in (*(result.folder / "patients").iterdir(), result.folder / "index.html"):
        page = text_of(path)
        sources = re.findall(r'(?:src|<image href)="([^"]{5})', page)
        assert set(sources) <= {"data:"}
        assert "<link" not in page
        assert "<script" not in page
        assert "@import" not in page
        assert "url(" not in page
    assert sources == []


def test_a_page_shows_what_was_confirmed_and_what_made_it(tmp_path):
    _, result = reported(tmp_path, "html", R_1="confirmed", R_2="rejected", L_1="indeterminate")
    page = text_of(result.folder / "patients" / f"{PELVIS}.html")
    assert "confirmed by Dr A. Reader" in page
    assert "Right hip: S10 conservative" in page
    assert f"{PELVIS}-R-2" not in page
    one = next(one for one in result.recommendations if (one.image_id, one.side) == (PELVIS, "R"))
    for sentence in one.sentences:
        assert sentence.rule_id in page
    for wanted in (
        NOTICE,
        "hipcalc 9.8.7",
        "0.25 expected false marks per hip",
        "detection limit",
        "SHA-256",
        "mm per pixel",
    ):
        assert wanted in page
    assert "Unconfirmed algorithm output" in page


def test_nothing_confirmed_looks_confirmed_nowhere(tmp_path):
    _, result = reported(tmp_path, "html")
    for path in (*(result.folder / "patients").iterdir(), result.folder / "index.html"):
        page = re.sub(r"<style>.*?</style>", "", text_of(path), flags=re.DOTALL)
        assert "Unconfirmed algorithm output." in page
        assert "No human has confirmed this result" in page
        assert "confirmed by" not in page
        assert "ring confirmed" not in page
        assert "ibuprofen" not in page


def test_two_images_of_one_person_are_one_page(tmp_path):
    folder = copied_results(tmp_path)
    people = table(
        tmp_path / "people.csv", [{"image_id": one, "person": "p-7"} for one in (PELVIS, "abcdef0000000002")]
    )
    result = report_workflow(
        folder.path, table(tmp_path / "contexts.csv", [CONTEXT]), formats=("html",), participants=people
    )
    page = text_of(result.folder / "patients" / "person-p-7.html")
    assert "<h1>Patient p-7</h1>" in page
    assert "Right hip in pelvis.dcm: S1" in page
    assert "1 patient, 4 hips" in text_of(result.folder / "index.html")
    assert 'href="patients/person-p-7.html#workflow"' in text_of(result.folder / "index.html")


def test_a_lost_picture_is_named(tmp_path):
    folder = copied_results(tmp_path)
    picture = next(folder.pages.glob("pictures/*/overview.jpg"))
    picture.unlink()
    with pytest.raises(UsageError, match=r"overview.jpg cannot be read .* run hipcalc screen with --resume"):
        reported(tmp_path, "html", folder=folder)


@pytest.fixture
def browser():
    program = require_program("chromium", "chromium")
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


def test_pages_are_accessible_alone_and_on_paper(tmp_path, browser):
    contexts = [
        CONTEXT | {"red_flags": "fever;others-no"},
        CONTEXT | {"side": "L", "pain_side": "both", "nsaid_checklist": ""},
    ]
    _, result = reported(tmp_path, "html", contexts=contexts, R_1="confirmed", L_1="confirmed")
    for path in (result.folder / "patients" / f"{PELVIS}.html", result.folder / "index.html"):
        page = browser.new_page(viewport={"width": 1100, "height": 800})
        asked = []
        page.on("request", lambda request, asked=asked: asked.append(request))
        page.goto(path.as_uri())
        assert [one.url for one in asked if not one.url.startswith("data:")] == [path.as_uri()]
        assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        violations = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in violations] == []
        reached = by_keyboard(page)
        assert reached >= page.evaluate("document.querySelectorAll('a[href], summary').length")
        printed(page.pdf(prefer_css_page_size=True, print_background=False))
        page.set_viewport_size({"width": 400, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.close()


def test_a_table_of_many_hips_has_pages_a_filter_and_an_order(tmp_path, browser, monkeypatch):
    monkeypatch.setattr(state_table, "STATES_SHOWN", 2)
    monkeypatch.setattr(data_files, "ROWS_PER_FILE", 2)
    contexts = [CONTEXT | {"red_flags": "fever;others-no"}]
    folder, result = reported(tmp_path, "html", contexts=contexts, R_1="confirmed")
    assert [path.name for path in sorted((result.folder / "data").iterdir())] == ["states-00000.js", "states-00001.js"]
    for index in (result.folder / "index.html", folder.index):
        page = browser.new_page()
        page.goto(index.as_uri())
        hips = page.locator("#states tbody tr")
        assert hips.count() == 2
        assert "S17" in hips.nth(0).inner_text()
        assert "1 to 2 of 4 hips" in page.locator("#states-pager").inner_text()
        assert Axe().run(page).response["violations"] == []
        page.locator("#states-pager button", has_text="next").click()
        page.wait_for_function("document.querySelector('#states-pager').textContent.includes('3 to 4 of 4 hips')")
        assert (index.parent / hips.nth(0).locator("a").get_attribute("href").partition("#")[0]).is_file()
        page.locator("#states-filter").fill("left")
        page.wait_for_function("document.querySelector('#states-shown').textContent === '2 of 4 hips'")
        assert {row.split("\t")[1] for row in hips.all_inner_texts()} == {"Left"}
        page.locator("#states-filter").fill("")
        for _ in range(2):
            page.locator("#states th button", has_text="File").click()
        names = "[...document.querySelectorAll('#states tbody a')].map((one) => one.textContent)"
        page.wait_for_function(f"{names}.join() === 'pelvis.dcm,pelvis.dcm'")
        page.close()
    monkeypatch.undo()
    reported(tmp_path, "html", folder=folder, contexts=contexts)
    assert list((result.folder / "data").iterdir()) == []
    assert not list((folder.pages / "data").glob("states-*"))


def by_keyboard(page):
    """Press Tab from the top to the end, and count the stops; each of them must be seen."""
    seen = set()
    while True:
        page.keyboard.press("Tab")
        stop, outline = page.evaluate(
            "[[...document.querySelectorAll('*')].indexOf(document.activeElement),"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        if stop in seen or page.evaluate("document.activeElement === document.body"):
            return len(seen)
        assert outline != "none"
        seen.add(stop)


def printed(content):
    document = pypdfium2.PdfDocument(content)
    try:
        for sheet in document:
            width, height = sheet.get_size()
            assert (round(width), round(height)) == (595, 842)
            text = sheet.get_textpage()
            assert NOTICE in text.get_text_bounded()
            text.close()
            sheet.close()
    finally:
        document.close()
