"""The review in a notebook: its Python side, and its script in a real browser with a model like anywidget's."""

import base64
import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hipcalc
from hipcalc.anatomy import locate_hips
from hipcalc.errors import UsageError
from hipcalc.normalize import normalize
from hipcalc.synthetic import add_patches, draw_focus
from small_radiographs import SAMPLE
from support import require_program

pytest.importorskip("anywidget", reason="anywidget is not installed (pip install 'hipcalc[notebook]')")
import traitlets

from hipcalc.widget import ReviewWidget, widget_script, widget_style

TIME = "2026-03-01T14:05:00.123Z"
# What a script of anywidget is given: get, set, save_changes, on, off; buffers arrive as DataView.
PAGE = """<!doctype html><meta charset=utf-8><style>%s</style><div id=el></div><textarea></textarea><script type=module>
%s
const values = %s;
const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
for (const hip of values.hips) hip.data = new DataView(bytes(hip.data).buffer);
const listeners = {}, drafts = {};
window.saved = [];
window.outside = [];
document.addEventListener("keydown", (event) => window.outside.push(event.key));
const model = {
  get: (name) => (name in drafts ? drafts[name] : values[name]),
  set(name, value) { drafts[name] = value; },
  save_changes() {
    for (const name of Object.keys(drafts)) {
      values[name] = drafts[name];
      delete drafts[name];
      window.saved.push(JSON.parse(JSON.stringify(values[name])));
      for (const act of listeners["change:" + name] ?? []) act();
    }
  },
  on(name, act) { (listeners[name] ??= []).push(act); },
  off(name, act) { listeners[name] = (listeners[name] ?? []).filter((one) => one !== act); },
};
window.done = render({ model, el: document.getElementById("el") });
</script>"""


@pytest.fixture(scope="module")
def screening() -> hipcalc.Screening:
    """A hip with three foci, marked at the operating point that everybody has."""
    image = normalize(hipcalc.read_radiograph(SAMPLE / "03_left_hip.dcm"))
    (hip,) = locate_hips(image)
    rng = np.random.default_rng(1)
    places = (hip.to_image(1.35, hip.rim_phi_deg + 8.0), hip.to_image(1.75, 65.0), hip.to_image(1.9, 20.0))
    foci = tuple(
        draw_focus(image, row_px=row, column_px=column, diameter_mm=4.0, cnr=4.0, kind="ossicle", rng=rng)
        for row, column in places
    )
    planted = replace(image.radiograph, pixels=add_patches(image, foci).grey)
    return hipcalc.screen(planted, detectability=False)


@pytest.fixture
def widget(screening: hipcalc.Screening) -> Iterator[ReviewWidget]:
    made = ReviewWidget(screening, reader="Dr A")
    yield made
    made.close()


def test_decisions_are_a_table_and_go_into_the_workflow(widget, screening):
    assert widget.decisions == ()
    assert list(widget.to_frame().columns)[:4] == ["candidate_id", "status", "reader", "time"]
    first = screening.findings[0].candidate_id
    widget.set_state({"said": {first: {"status": "confirmed", "time": TIME}}})
    (row,) = widget.to_frame().to_dict("records")
    assert (row["candidate_id"], row["status"], row["reader"]) == (first, "confirmed", "Dr A")
    (hip,) = hipcalc.apply_reviews(screening, widget.decisions)
    assert [one.finding.candidate_id for one in hip.with_status("confirmed")] == [first]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"nothing-R-1": {"status": "confirmed", "time": TIME}}, "there is no mark nothing-R-1"),
        ({"FIRST": {"status": "sure", "time": TIME}}, "'sure' is not allowed"),
        ({"FIRST": {"status": "confirmed", "time": "yesterday"}}, "yesterday"),
        ({"FIRST": {"status": "confirmed"}}, "time"),
        ({"FIRST": {"status": "rejected", "time": TIME, "reason": "dull"}}, "'dull' is not allowed"),
        ({"FIRST": 3}, "No decision"),
    ],
)
def test_what_is_no_decision_is_refused_and_changes_nothing(widget, screening, said, message):
    first = screening.findings[0].candidate_id
    with pytest.raises(traitlets.TraitError, match=message):
        widget.said = {key.replace("FIRST", first): value for key, value in said.items()}
    assert widget.decisions == ()


def test_wrong_use_is_said_in_a_sentence(screening):
    with pytest.raises(UsageError, match="Say who decides"):
        ReviewWidget(screening, reader=" ")
    with pytest.raises(UsageError, match="shows 1 to 40 hips, not 0; hipcalc review is for more"):
        ReviewWidget([], reader="Dr A")
    with pytest.raises(UsageError, match="not 41"):
        ReviewWidget([screening] * 41, reader="Dr A")


def test_without_anywidget_it_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "hipcalc.widget")
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs anywidget: pip install 'hipcalc\[notebook\]'"):
        importlib.import_module("hipcalc.widget")


def test_nothing_that_names_a_patient_or_a_file_is_sent(widget):
    sent = json.dumps(
        [{name: value for name, value in hip.items() if name != "data"} for hip in widget.hips], default=str
    )
    assert "dcm" not in sent
    assert set(widget.hips[0]) == {"title", "rows", "columns", "data", "frame", "marks"}


@pytest.fixture
def page(widget: ReviewWidget) -> Iterator[Any]:
    program = require_program("chromium", "chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    hips = [{**hip, "data": base64.b64encode(hip["data"]).decode()} for hip in widget.hips]
    script = widget_script().replace("export default { render };", "")
    text = PAGE % (widget_style(), script, json.dumps({"hips": hips, "said": {}}))
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 800, "height": 640})
        opened.on("pageerror", lambda error: pytest.fail(f"the widget raised {error}"))
        opened.set_content(text)
        opened.wait_for_function("document.querySelectorAll('.hipcalc-pane .mark').length > 0")
        yield opened
        browser.close()


def picture(page: Any) -> str:
    return str(page.evaluate("document.querySelector('canvas').toDataURL()"))


def test_the_script_shows_levels_zooms_and_decides_as_a_reader_does(page, widget, screening):
    marks = [mark["id"] for mark in widget.hips[0]["marks"]]
    assert len(marks) == 3
    # The picture is there: not one grey level alone.
    assert page.evaluate(
        "new Set(document.querySelector('canvas').getContext('2d').getImageData(300, 200, 60, 60).data).size > 20"
    )
    seen = [picture(page)]
    pane = page.locator(".hipcalc-pane")
    pane.click(position={"x": 200, "y": 200})
    for act in (
        lambda: page.mouse.wheel(0, -400),
        lambda: page.keyboard.press("i"),
        lambda: page.keyboard.press("f"),
        lambda: drag(page, "right"),
        lambda: drag(page, "left"),
    ):
        act()
        page.wait_for_timeout(50)
        assert picture(page) not in seen[-1:]
        seen.append(picture(page))
    page.keyboard.press("c")
    page.get_by_role("button", name="Reject").click()
    page.keyboard.press("u")
    page.keyboard.press("z")
    said = page.evaluate("window.saved.at(-1)")
    assert {key: value["status"] for key, value in said.items()} == {marks[0]: "confirmed", marks[1]: "rejected"}
    assert page.get_by_role("status").inner_text().endswith(f"2 of {len(marks)} decided")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("2")
    page.get_by_role("button", name="Vessel").click()
    # What the script sends is what the Python side takes.
    widget.said = page.evaluate("window.saved.at(-1)")
    told = [(decision.candidate_id, decision.status, decision.reason) for decision in widget.decisions]
    assert told == [
        (marks[0], "confirmed", ""),
        (marks[1], "rejected", "bone-edge"),
        (marks[2], "rejected", "vessel"),
    ]
    assert isinstance(widget.to_frame(), pd.DataFrame)


def drag(page: Any, button: str) -> None:
    page.mouse.move(300, 250)
    page.mouse.down(button=button)
    page.mouse.move(360, 280, steps=3)
    page.mouse.up(button=button)


def test_keys_reach_neither_the_notebook_nor_the_widget_from_other_fields(page):
    page.locator(".hipcalc-pane").click()
    page.keyboard.press("c")
    assert page.evaluate("window.outside") == []
    page.locator("textarea").fill("")
    page.locator("textarea").press("x")
    assert page.evaluate("window.saved.length") == 1
