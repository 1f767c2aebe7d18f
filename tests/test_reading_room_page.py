"""The reading room in a real browser, used as a reader uses it: the log afterwards is exactly what was done."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from hipcalc.review import LOG_FILE, Event, ReviewLog
from support import require_program

pytest.importorskip("playwright", reason="playwright is not installed (pip install 'hipcalc[dev]')")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

# A busy machine may take its time; nothing here is about time.
expect.set_options(timeout=20_000)


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[str]:
    """Run the command as a user does; the address that it prints."""
    command = [sys.executable, "-m", "hipcalc", "review", str(folder), "--no-browser", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield next(found.group() for line in process.stdout if (found := re.search(r"http://\S+", line)))
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = require_program("chromium", "chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def folder(screened_hips: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(screened_hips, tmp_path / "results"))


def opened(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: pytest.fail(f"the page raised {error}"))
    page.goto(address)
    return page


def check_access(page: Page) -> None:
    """Hold the page as it is now against the rules for people who cannot see it, or use no mouse."""
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []


def begin(page: Page, reader: str, role: str = "reader") -> None:
    page.get_by_label("Your name").fill(reader)
    page.locator(f"input[value={role}]").check()
    page.get_by_role("button", name="Begin").click()
    ready(page)


def ready(page: Page) -> None:
    """Wait until everything is kept, and the radiograph on the screen."""
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    expect(page.locator("svg .bar")).to_have_count(1)
    expect(page.get_by_role("button", name="Add focus")).to_be_enabled()


def hip_of(page: Page, folder: Path) -> str:
    """Return the id of the hip that the page shows."""
    hips = pd.read_csv(folder / "hips.csv", dtype=str)
    side = page.locator("#title").inner_text()[0]
    name = re.search(r"\S+\.dcm", page.locator("#subtitle").inner_text()).group()
    (found,) = (row for row in hips.itertuples() if row.side == side and row.path.endswith(name))
    return f"{found.image_id}-{found.side}"


def saved(page: Page, words: str) -> None:
    expect(page.locator("#saved")).to_have_text(re.compile(f"{words}.*saved$|^{words}$"))


def count(page: Page, done: int, total: int) -> None:
    expect(page.locator("#count")).to_have_text(f"{done} of {total} hips read")


def canvas(page: Page) -> str:
    return page.locator("#first canvas").evaluate("canvas => canvas.toDataURL()")


def events_of(folder: Path) -> tuple[Event, ...]:
    with ReviewLog(folder / LOG_FILE) as log:
        assert log.verify().faults == ()
        return log.events()


def said(event: Event) -> tuple[object, ...]:
    values = event.payload
    names = ("status", "reason", "confirmed_class", "note", "finishes", "of")
    return event.reader, event.kind, event.hip_id, *(values[name] for name in names if values.get(name))


def go_to(page: Page, folder: Path, *, marks: bool | None = None, hip: str = "") -> str:
    """Skip to a certain hip, or to one with or without a mark; its id."""
    for _ in range(5):
        here = hip_of(page, folder)
        if here == hip or (page.locator("#marks .mark").count() > 0) == marks:
            return here
        page.keyboard.press("s")
        ready(page)
    raise AssertionError("there is no such hip")


def test_a_reading_from_first_look_to_resumption_is_in_the_log_as_it_was_done(
    browser: Browser, folder: Path, tmp_path: Path
) -> None:
    done: list[tuple[object, ...]] = []
    with served(folder) as address:
        page = opened(browser, address)
        check_access(page)
        begin(page, "Dr A")
        check_access(page)
        assert "token" not in page.url
        count(page, 0, 4)

        # Window, zoom and inversion change the picture and nothing else.
        looks = [canvas(page)]
        box = page.locator("#first").bounding_box()
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.move(*middle)
        page.mouse.down(button="right")
        page.mouse.move(middle[0] + 80, middle[1] + 40)
        page.mouse.up(button="right")
        for act in (
            lambda: page.mouse.wheel(0, -300),
            lambda: page.keyboard.press("i"),
            lambda: page.keyboard.press("f"),
        ):
            page.wait_for_timeout(60)
            looks.append(canvas(page))
            act()
        assert len(set(looks)) == len(looks)
        assert page.locator("svg .head").count() == 1
        page.keyboard.press("h")
        expect(page.locator("svg .head")).to_have_count(0)
        page.keyboard.press("h")
        page.keyboard.press("i")
        assert events_of(folder) == ()

        # A decision by key goes on to the next hip.
        first = go_to(page, folder, marks=True)
        page.keyboard.press("c")
        done.append(("Dr A", "decision", first, "confirmed", "read"))
        count(page, 1, 4)
        ready(page)

        # A note may hold any letter; no shortcut fires meanwhile.
        second = go_to(page, folder, marks=True)
        page.keyboard.press("t")
        page.keyboard.type("cuna qz 123 ?")
        page.keyboard.press("Escape")
        done.append(("Dr A", "note", second, "cuna qz 123 ?"))
        saved(page, "Note")
        count(page, 1, 4)

        # A decision by button; taken back; made again with another class.
        page.get_by_role("button", name="Reject A: Vessel").click()
        done.append(("Dr A", "decision", second, "rejected", "vessel", "read"))
        count(page, 2, 4)
        ready(page)
        page.keyboard.press("z")
        done.append(("Dr A", "undo", second, len(done)))
        count(page, 1, 4)
        ready(page)
        assert hip_of(page, folder) == second
        page.get_by_role("radio").nth(1).check()
        chosen = page.get_by_role("radio").nth(1).get_attribute("value")
        page.get_by_role("button", name="Confirm A").click()
        done.append(("Dr A", "decision", second, "confirmed", chosen, "read"))
        count(page, 2, 4)
        ready(page)

        # A focus that was missed, by click and drag; the circle, by dragging its middle.
        third = go_to(page, folder, marks=False)
        page.keyboard.press("a")
        page.mouse.move(middle[0] + 60, middle[1] - 90)
        page.mouse.down()
        page.mouse.move(middle[0] + 72, middle[1] - 90)
        page.mouse.up()
        done.append(("Dr A", "focus", third, "confirmed"))
        saved(page, "Focus added")
        page.keyboard.press("g")
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] + 15, middle[1] + 10)
        page.mouse.up()
        page.keyboard.press("Enter")
        done.append(("Dr A", "geometry", third))
        saved(page, "Circle and rim corrected")

        page.reload()
        ready(page)
        count(page, 2, 4)
        go_to(page, folder, hip=third)
        page.close()

    # Another server, another day: the work goes on where it stopped.
    with served(folder) as address:
        page = opened(browser, address)
        begin(page, "Dr A")
        count(page, 2, 4)
        go_to(page, folder, hip=third)
        expect(page.locator("#marks .mark.confirmed")).to_have_count(1)
        # The keyboard alone does it, too.
        for key in ("a", "ArrowRight", "ArrowUp", "+", "Enter"):
            page.keyboard.press(key)
        done.append(("Dr A", "focus", third, "confirmed"))
        expect(page.locator("#marks .mark.confirmed")).to_have_count(2)
        page.keyboard.press("Control+z")
        done.append(("Dr A", "undo", third, len(done)))
        expect(page.locator("#marks .mark.confirmed")).to_have_count(1)
        page.keyboard.press("n")
        done.append(("Dr A", "hip", third, "read"))
        count(page, 3, 4)
        ready(page)
        fourth = hip_of(page, folder)
        page.keyboard.press("q")
        done.append(("Dr A", "hip", fourth, "inadequate"))
        expect(page.locator("#title")).to_have_text("All hips are read")

        # A second reader in a second window sees nothing of the first.
        other = opened(browser, address)
        begin(other, "Dr B")
        count(other, 0, 4)
        assert other.locator("#marks .confirmed, #marks .rejected").count() == 0
        hip = go_to(other, folder, marks=True)
        other.keyboard.press("2")
        done.append(("Dr B", "decision", hip, "rejected", "bone-edge", "read"))
        count(other, 1, 4)

        # A third one is asked where they differ, and told what they said, but not who.
        third_page = opened(browser, address)
        begin(third_page, "Dr C", role="adjudicator")
        count(third_page, 0, 1)
        assert hip_of(third_page, folder) == hip
        expect(third_page.locator(".readers li")).to_have_count(2)
        assert "Reader 2: rejected: bone edge" in third_page.locator(".readers").inner_text()
        assert "Dr A" not in third_page.content()
        check_access(third_page)
        third_page.keyboard.press("u")
        done.append(("Dr C", "decision", hip, "indeterminate", "read"))
        expect(third_page.locator("#title")).to_have_text("All hips are read")

    # With the server gone, nothing is taken for kept.
    other.keyboard.press("z")
    expect(other.locator("#saved")).to_have_text("Not saved")
    expect(other.locator("#trouble")).to_contain_text("does not answer; is hipcalc review still running?")
    expect(other.get_by_role("button", name="Try again")).to_be_visible()

    events = events_of(folder)
    assert [said(event) for event in events] == done
    assert [event.role for event in events] == ["reader"] * (len(events) - 1) + ["adjudicator"]
    assert all(event.payload["duration_s"] >= 0 and event.payload["image_sha256"] for event in events)
    assert all(event.payload["detector"].startswith("detector-") for event in events)
    focus = next(event.payload for event in events if event.kind == "focus")
    assert focus["diameter_px"] == pytest.approx(24 / focus["shown"]["zoom"], rel=0.1)
    geometry = next(event.payload for event in events if event.kind == "geometry")
    before = pd.read_csv(folder / "hips.csv").set_index("image_id").loc[third.rpartition("-")[0]]
    moved = geometry["head_column_px"] - before["head_column_px"], geometry["head_row_px"] - before["head_row_px"]
    assert [value * focus["shown"]["zoom"] for value in moved] == pytest.approx([15, 10], abs=1.5)


def test_on_a_narrow_screen_the_decisions_stand_below_the_picture(browser: Browser, folder: Path) -> None:
    with served(folder) as address:
        page = opened(browser, address)
        page.set_viewport_size({"width": 390, "height": 844})
        begin(page, "Dr A")
        go_to(page, folder, marks=True)
        picture, panel = (page.locator(part).bounding_box() for part in ("main", "aside"))
        assert picture["width"] == panel["width"] == 390
        assert picture["y"] + picture["height"] <= panel["y"] + 1
        page.get_by_role("button", name="Confirm").click()
        saved(page, "confirmed")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        check_access(page)
