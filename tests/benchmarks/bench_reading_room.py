"""The reading room: how fast hips come and re-level in a browser, and whether load and kills lose a decision.

Run: PYTHONPATH=tests python tests/benchmarks/bench_reading_room.py [browser] [many] [load] [kill]

browser  2500 x 3000 pixels of 16 bits in headless Chromium: first image, next hip (prefetched), re-levelling
many     a study of 10,000 hips: opening it, showing a hip, deciding, at the beginning and when 9,000 are read
load     50 readers at once, 20 hips each: every acknowledged decision must be in the log, once
kill     kill -9 of the server at 50 random moments while four readers decide: no acknowledged decision may be missing
"""

import hashlib
import http.client
import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from hipcalc.cohort import CohortSettings
from hipcalc.radiograph import read_radiograph
from hipcalc.report import FileRecord, ResultsFolder, entry_of, model_versions, pack, record_key, write_tables
from hipcalc.review import LOG_FILE, Draft, ReviewLog
from report_builders import finding, frame, picture, record_of
from small_radiographs import SAMPLE

READERS = 50
HIPS_EACH = 20
KILLS = 50
MANY = 10_000


def results(folder: Path, files: list[Path], size: tuple[int, int], *, marks: int = 1) -> Path:
    """Write results over images whose content is known to the ledger: two hips each, without any analysis."""
    settings = CohortSettings(pages=False)
    template = picture()
    hips = (frame("R"), frame("L"))
    found = [finding(template, hip, number) for hip in hips for number in range(1, marks + 1)]
    scale = size[1] / template.shape[1]
    model = record_of(template, hips, tuple(found))
    records: list[FileRecord] = []
    out = ResultsFolder(folder)
    folder.mkdir(parents=True)
    with out.ledger(write=True) as ledger:
        for file in files:
            record = renamed(model, file, read_sha(file), size, scale)
            ledger.put(entry_of(record_key(record.image.image_id, str(file)), record, settings.hash), pack(record))
            records.append(record)
        ledger.commit()
    out.write_run(
        {"program": "hipcalc", "status": "done", "models": list(model_versions()), "settings_hash": settings.hash}
    )
    write_tables(folder, records)
    return folder


def read_sha(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def renamed(model: FileRecord, file: Path, sha256: str, size: tuple[int, int], scale: float) -> FileRecord:
    name = {"image_id": sha256[:16], "path": str(file)}
    lengths = ("head_row_px", "head_column_px", "head_radius_px", "rim_row_px", "rim_column_px")
    hips = tuple(replace(hip, **name, **{key: getattr(hip, key) * scale for key in lengths}) for hip in model.hips)
    marks = tuple(
        replace(
            mark, **name, candidate_id=mark.candidate_id.replace(mark.image_id, sha256[:16]),
            row_px=mark.row_px * scale, column_px=mark.column_px * scale, diameter_px=mark.diameter_px * scale,
        )
        for mark in model.candidates
    )  # fmt: skip
    image = replace(model.image, **name, sha256=sha256, rows=size[0], columns=size[1])
    return replace(model, image=image, hips=hips, candidates=marks)


def tiny_images(folder: Path, count: int) -> list[Path]:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    files = []
    for number in range(count):
        file = folder / f"{number:05d}.png"
        cv2.imwrite(str(file), rng.integers(0, 60_000, (80, 120), dtype=np.uint16))
        files.append(file)
    return files


def large_images(folder: Path, count: int) -> list[Path]:
    folder.mkdir(parents=True)
    pixels = cv2.resize(
        read_radiograph(SAMPLE / "01_ap_pelvis.dcm").pixels, (3000, 2500), interpolation=cv2.INTER_CUBIC
    )
    rng = np.random.default_rng(1)
    files = []
    for number in range(count):
        noisy = np.clip(pixels - pixels.min() + rng.normal(0, 3, pixels.shape), 0, 65535).astype(np.uint16)
        file = folder / f"{number:02d}.tif"
        cv2.imwrite(str(file), noisy, [cv2.IMWRITE_TIFF_COMPRESSION, 1])
        files.append(file)
    return files


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "hipcalc", "review", str(folder), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(found.group() for line in process.stdout if (found := re.search(r"http://\S+", line))), process
        finally:
            process.kill()


class Reader:
    """A page's side of the talk, without a browser."""

    def __init__(self, address: str, name: str) -> None:
        place, token = re.fullmatch(r"http://([^/]+)/#token=(\S+)", address).groups()
        self.host, self.name = place, name
        self.connection = http.client.HTTPConnection(place, timeout=60)
        port = place.rpartition(":")[2]
        self.headers = {"Content-Type": "application/json", "X-Hipcalc": "-", "Cookie": f"hipcalc-{port}={token}"}
        entered = self.post("/api/enter", {"reader": name, "role": "reader"})
        self.headers["X-Hipcalc"] = entered["session"]
        self.way = entered["way"]
        self.acknowledged: list[str] = []
        self.times: list[float] = []

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.connection.request("POST", path, json.dumps(body), self.headers)
        return self.answer()

    def get(self, path: str) -> dict[str, Any]:
        self.connection.request("GET", path, headers=self.headers)
        return self.answer()

    def answer(self) -> dict[str, Any]:
        response = self.connection.getresponse()
        values = json.loads(response.read())
        assert response.status == 200, values
        return dict(values)

    def decide(self, hip: dict[str, Any]) -> dict[str, Any]:
        request = f"{random.getrandbits(128):032x}"
        started = time.perf_counter()
        answer = self.post(
            "/api/act",
            {
                "request": request, "kind": "decide", "hip": hip["hip"], "seen": hip["reading"]["seen"],
                "duration_s": 1.0, "shown": {}, "mark": hip["marks"][0]["key"], "status": "confirmed", "reason": "",
                "confirmed_class": "", "finishes": "read",
            },
        )  # fmt: skip
        self.times.append(time.perf_counter() - started)
        self.acknowledged.append(request)
        return answer

    def read(self, count: int) -> None:
        """Decide hip after hip; ends early, without a word, when the server is gone."""
        try:
            way = self.way
            for _ in range(count):
                if not way["next"]:
                    return
                way = self.decide(self.get(f"/api/hip/{way['next'][0]}"))["way"]
        except (OSError, http.client.HTTPException, ValueError):
            return


def held(folder: Path, readers: list[Reader]) -> tuple[int, int, int, int]:
    """Return (acknowledged, lost, doubled, faults of the chain)."""
    with ReviewLog(folder / LOG_FILE) as log:
        written = [event.payload["action"] for event in log.events()]
        faults = len(log.verify().faults)
    acknowledged = [request for reader in readers for request in reader.acknowledged]
    lost = len(set(acknowledged) - set(written))
    return len(acknowledged), lost, len(written) - len(set(written)), faults


def together(readers: list[Reader], count: int) -> list[threading.Thread]:
    threads = [threading.Thread(target=reader.read, args=(count,)) for reader in readers]
    for thread in threads:
        thread.start()
    return threads


def load(folder: Path) -> None:
    results(folder / "out", tiny_images(folder / "images", HIPS_EACH), (80, 120))
    with served(folder / "out") as (address, _):
        readers = [Reader(address, f"Dr {number}") for number in range(READERS)]
        started = time.perf_counter()
        for thread in together(readers, HIPS_EACH):
            thread.join()
        seconds = time.perf_counter() - started
    acknowledged, lost, doubled, faults = held(folder / "out", readers)
    times = sorted(time for reader in readers for time in reader.times)
    late = times[int(0.95 * len(times))]
    print(
        f"load: {READERS} readers at once, {acknowledged} decisions in {seconds:.1f} s, "
        f"lost {lost}, doubled {doubled}, faults {faults}; a decision takes {1e3 * statistics.median(times):.0f} ms "
        f"(median), {1e3 * late:.0f} ms (95%)"
    )


def kill(folder: Path) -> None:
    results(folder / "out", tiny_images(folder / "images", 500), (80, 120))
    dice = random.Random(1)
    everybody: list[Reader] = []
    for number in range(KILLS):
        with served(folder / "out") as (address, process):
            readers = [Reader(address, f"Dr {number}-{each}") for each in range(4)]
            threads = together(readers, 1000)
            time.sleep(dice.uniform(0.02, 0.6))
            process.kill()
            for thread in threads:
                thread.join()
        everybody += readers
    acknowledged, lost, doubled, faults = held(folder / "out", everybody)
    print(f"kill: {KILLS} times -9, {acknowledged} decisions acknowledged, lost {lost}, doubled {doubled}, "
          f"faults {faults}")  # fmt: skip


def many(folder: Path) -> None:
    out = results(folder / "out", tiny_images(folder / "images", MANY // 2), (80, 120))
    for words in ("nothing read", "9,000 hips read by each of two"):
        started = time.perf_counter()
        with served(out) as (address, _):
            reader = Reader(address, "Dr A")
            opened = time.perf_counter() - started
            shows, way = [], reader.way
            for _ in range(30):
                started = time.perf_counter()
                hip = reader.get(f"/api/hip/{way['next'][0]}")
                shows.append(time.perf_counter() - started)
                way = reader.decide(hip)["way"]
        show, decide = (1e3 * statistics.median(times) for times in (shows, reader.times))
        print(
            f"many: {MANY} hips, {words} ({way['done']} of {way['total']} done): open in {opened:.1f} s, "
            f"show {show:.1f} ms, decide {decide:.1f} ms"
        )
        if words == "nothing read":
            read_most(out)


def read_most(out: Path) -> None:
    from hipcalc.reading_room.catalogue import Catalogue

    with ReviewLog(out / LOG_FILE) as log:
        for name in ("Dr A", "Dr B"):
            log.append(
                [
                    Draft(request_id=f"{name}-{hip.hip_id}", reader=name, role="reader", kind="decision",
                          hip_id=hip.hip_id, payload={"candidate_id": f"{hip.hip_id}-1", "status": "confirmed",
                                                      "finishes": "read", "duration_s": 4.0, "action": hip.hip_id})
                    for hip in Catalogue(out).hips[: MANY - 1000]
                ]
            )  # fmt: skip


LEVELLING = """async () => {
  const canvas = document.querySelector('#first canvas');
  const section = document.getElementById('first');
  const box = section.getBoundingClientRect();
  const fire = (type, x, y, buttons) => section.dispatchEvent(new PointerEvent(type, {
    clientX: box.left + x, clientY: box.top + y, button: 2, buttons, pointerId: 1, bubbles: true }));
  section.setPointerCapture = () => {};
  fire('pointerdown', 300, 300, 2);
  const frames = [];
  let last = performance.now();
  for (let step = 0; step < 90; step++) {
    fire('pointermove', 300 + (step % 30), 300 + (step % 17), 2);
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  fire('pointerup', 300, 300, 0);
  return frames.slice(5);
}"""


def browser(folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    results(folder / "out", large_images(folder / "images", 6), (2500, 3000))
    with served(folder / "out") as (address, _), sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for width, height in ((1280, 800), (2560, 1440)):
            page = program.new_context(viewport={"width": width, "height": height}).new_page()
            page.goto(address)
            page.fill("#reader", f"Dr {width}")
            started = time.perf_counter()
            page.keyboard.press("Enter")
            page.wait_for_selector("svg .bar", state="attached")
            first = time.perf_counter() - started
            nexts = []
            for _ in range(5):
                # Prefetching ends while a reader looks.
                page.wait_for_timeout(2500)
                nexts.append(page.evaluate(NEXT))
            page.keyboard.press("p")
            page.wait_for_timeout(300)
            frames = page.evaluate(LEVELLING)
            print(
                f"browser {width} x {height}: first image {1e3 * first:.0f} ms after Begin, next hip after a decision "
                f"{statistics.median(nexts):.0f} ms (most {max(nexts):.0f}), re-levelling 2500 x 3000 "
                f"{1e3 / statistics.mean(frames):.0f} frames per second (slowest frame {max(frames):.0f} ms)"
            )
            page.close()
        program.close()


# From the key to the next hip's picture: the decision is on the disk in between.
NEXT = """async () => {
  const main = document.querySelector('main');
  const started = performance.now();
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'c', code: 'KeyC', bubbles: true }));
  await new Promise((resolve) => {
    const watch = new MutationObserver(() => {
      if (main.getAttribute('aria-busy') === 'false') { watch.disconnect(); resolve(); }
    });
    watch.observe(main, { attributes: true });
  });
  return performance.now() - started;
}"""


def run() -> None:
    """Run the named parts, or all."""
    parts = {"browser": browser, "many": many, "load": load, "kill": kill}
    for name in sys.argv[1:] or parts:
        with tempfile.TemporaryDirectory() as folder:
            parts[name](Path(folder))


if __name__ == "__main__":
    run()
