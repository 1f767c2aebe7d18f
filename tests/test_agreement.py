"""Agreement of readers: worked examples, planted truth, and the tables and page of a folder that was read."""

import json
import math
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hipcalc.agreement import kappa_of, report_agreement
from hipcalc.agreement.marks import circle_dice
from hipcalc.cli import main
from hipcalc.errors import UsageError
from hipcalc.review import Draft, ReviewLog, open_log


def rated(both_yes: int, first_only: int, second_only: int, both_no: int) -> Any:
    return np.repeat(
        np.array([[True, True], [True, False], [False, True], [False, False]]),
        [both_yes, first_only, second_only, both_no],
        axis=0,
    )


def measured(said: Any, patients: Any = None, seed: int = 1) -> Any:
    patients = np.arange(len(said)) if patients is None else patients
    return kappa_of(said, patients, np.random.default_rng(seed))


# Worked examples


def test_two_readers_as_worked_out_by_sim_and_wright():
    # Two physiotherapists, 39 patients: kappa 0.67, observed 0.846, PABAK 0.69 is 2 x 0.846 - 1
    # (Sim and Wright 2005, Phys Ther 85, 257, table 1: 22, 2, 4, 11).
    kappa = measured(rated(22, 2, 4, 11))
    assert kappa.value == pytest.approx(0.67, abs=0.005)
    assert kappa.observed == pytest.approx(33 / 39)
    assert kappa.adjusted == pytest.approx(27 / 39)
    assert kappa.prevalence_index == pytest.approx(11 / 39)
    assert kappa.bias_index == pytest.approx(-2 / 39)
    assert (kappa.statistic, kappa.units, kappa.patients) == ("Cohen's kappa", 39, 39)


def test_the_large_sample_interval_is_that_of_fleiss_cohen_and_everitt():
    # Kappa 0.4 of 20, 5, 10, 15 (Wikipedia, "Cohen's kappa", simple example), and its variance by the formula of
    # Fleiss, Cohen and Everitt (1969), Psychol Bull 72, 323, written out here.
    said = rated(20, 5, 10, 15)
    p = np.array([[20, 5], [10, 15]]) / 50
    rows, columns = p.sum(1), p.sum(0)
    expected = float(rows @ columns)
    kappa = (np.trace(p) - expected) / (1 - expected)
    on = sum(p[i, i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in range(2))
    off = (1 - kappa) ** 2 * sum(p[i, j] * (columns[i] + rows[j]) ** 2 for i, j in ((0, 1), (1, 0)))
    variance = (on + off - (kappa - expected * (1 - kappa)) ** 2) / (50 * (1 - expected) ** 2)
    found = measured(said)
    assert found.value == pytest.approx(0.4)
    assert (found.asymptotic_high - found.asymptotic_low) / (2 * 1.959964) == pytest.approx(math.sqrt(variance))


def test_fleiss_kappa_of_more_readers_by_its_definition():
    said = np.array([[1, 1, 1], [1, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1]], bool)
    yes = said.sum(1)
    agreed = ((yes**2 + (3 - yes) ** 2 - 3) / 6).mean()
    share = said.mean()
    by_chance = share**2 + (1 - share) ** 2
    kappa = measured(said)
    assert kappa.value == pytest.approx((agreed - by_chance) / (1 - by_chance))
    assert kappa.observed == pytest.approx(agreed)
    assert kappa.statistic == "Fleiss' kappa"
    assert math.isnan(kappa.asymptotic_low)
    assert math.isnan(kappa.bias_index)


# Planted truth


def simulated(kappa: float, share: float, patients: int, seed: int, readers: int = 2) -> tuple[Any, Any]:
    """Return readers of known kappa: with chance `kappa` all say what is so, else each draws anew; two hips each.

    The two hips of a patient are alike, the worst case for intervals that take them for independent.
    """
    rng = np.random.default_rng(seed)
    is_so, own = rng.random(patients) < share, rng.random((patients, readers)) < share
    said = np.where((rng.random(patients) < kappa)[:, None], is_so[:, None], own)
    return np.repeat(said, 2, axis=0), np.repeat(np.arange(patients), 2)


@pytest.mark.parametrize(("kappa", "share", "readers"), [(0.4, 0.5, 2), (0.8, 0.2, 2), (0.6, 0.3, 4)])
def test_readers_of_known_kappa_are_recovered(kappa, share, readers):
    found = measured(*simulated(kappa, share, 2000, 7, readers))
    assert found.value == pytest.approx(kappa, abs=0.05)
    assert found.low < kappa < found.high


def test_intervals_over_patients_are_wider_than_those_over_hips_and_hold_the_truth():
    covered, ratio = [], []
    for seed in range(20):
        found = measured(*simulated(0.5, 0.4, 80, seed), seed=seed)
        covered.append(found.low <= 0.5 <= found.high)
        ratio.append((found.high - found.low) / (found.asymptotic_high - found.asymptotic_low))
    # 95% of 20, less than three standard deviations; two alike hips widen an interval by the root of 2.
    assert sum(covered) >= 16
    assert 1.2 < np.median(ratio) < 1.6


def test_kappa_is_blank_where_everybody_says_the_same():
    kappa = measured(np.zeros((5, 2), bool))
    assert math.isnan(kappa.value)
    assert kappa.adjusted == 1.0
    assert kappa.prevalence_index == -1.0


def test_dice_of_circles():
    assert circle_dice(0.0, 5.0, 5.0) == 1.0
    assert circle_dice(10.0, 5.0, 5.0) == 0.0
    assert circle_dice(0.0, 3.0, 6.0) == pytest.approx(2 * 9 / 45)
    grid = np.mgrid[-20:20:800j, -20:20:800j]
    one = np.hypot(grid[0], grid[1]) < 6
    other = np.hypot(grid[0] - 4, grid[1]) < 5
    assert circle_dice(4.0, 6.0, 5.0) == pytest.approx(2 * (one & other).sum() / (one.sum() + other.sum()), abs=0.005)


# A folder that was read


@pytest.fixture
def folder(screened_hips: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(screened_hips, tmp_path / "results"))


class Reader:
    """Writes rows as the page does."""

    def __init__(self, log: ReviewLog, name: str) -> None:
        self.log, self.name = log, name

    def row(self, hip_id: str, kind: str, **payload: Any) -> None:
        number = len(self.log.events())
        payload |= {"duration_s": 4.0}
        self.log.append(
            [Draft(request_id=f"r{number}", reader=self.name, role="reader", kind=kind, hip_id=hip_id, payload=payload)]
        )

    def decide(self, mark: str, status: str) -> None:
        self.row(mark.rpartition("-")[0], "decision", candidate_id=mark, status=status)

    def add(self, hip_id: str, row: float, column: float) -> None:
        place = {"row_px": row, "column_px": column, "diameter_px": 20.0}
        number = len(self.log.events())
        self.row(hip_id, "focus", candidate_id=f"{hip_id}-A{number:08X}", status="confirmed", **place)


@pytest.fixture
def read(folder: Path) -> Path:
    """Two readers: they agree on the marks but for one, and add the same focus 3 pixels apart, far from any mark."""
    hips = pd.read_csv(folder / "hips.csv", dtype={"image_id": str})
    marks = pd.read_csv(folder / "candidates.csv").query("finding")["candidate_id"].tolist()
    ids = (hips["image_id"] + "-" + hips["side"]).tolist()
    with open_log(folder) as log:
        for name, shift, first in (("Ada", 0.0, "confirmed"), ("Ben", 3.0, "rejected")):
            reader = Reader(log, name)
            for number, mark in enumerate(marks):
                reader.decide(mark, first if number == 0 else "confirmed")
            reader.add(ids[0], 5.0, 5.0 + shift)
            for hip_id in ids:
                reader.row(hip_id, "hip", finishes="read")
    return folder


def test_tables_and_page_of_a_folder_that_two_readers_read(read, capsys):
    assert main(["agreement", str(read)]) == 0
    printed = capsys.readouterr().out
    assert "Cohen's kappa" in printed
    assert "Ada: 4 hips, median" in printed
    table = pd.read_csv(read / "agreement.csv")
    marks = pd.read_csv(read / "candidates.csv")["finding"].sum()
    per_focus = table[table["level"] == "focus"].iloc[0]
    assert per_focus["units"] == marks + 1
    assert per_focus["observed"] == pytest.approx(marks / (marks + 1))
    (matched,) = pd.read_csv(read / "agreement_marks.csv").to_dict("records")
    assert matched["distance_px"] == pytest.approx(3.0)
    assert matched["dice"] == pytest.approx(circle_dice(3.0, 10.0, 10.0), rel=1e-4)
    froc = pd.read_csv(read / "agreement_froc.csv")
    ada = froc[froc["reader"] == "Ada"].iloc[-1]
    # The added focus is missed: no candidate lies in the picture's corner.
    assert (ada["foci"], ada["added"]) == (marks + 1, 1)
    assert ada["sensitivity"] == pytest.approx(marks / (marks + 1))
    whole = json.loads((read / "agreement.json").read_text())
    assert {name: len(rows) for name, rows in whole.items()} == {"kappas": 2, "marks": 1, "froc": 8, "times": 2}
    page = (read / "report" / "agreement.html").read_text()
    assert page.count("data:image/png;base64,") == 3
    # These results were screened without pages, so that there is none to lead back to.
    assert not re.search(r'(src|href)="(?!data:)', page)


def test_the_page_and_that_of_the_results_lead_to_each_other(read):
    index = read / "report" / "index.html"
    index.parent.mkdir()
    index.write_text("<main><!-- further --><!-- /further --></main>", encoding="utf-8")
    assert main(["agreement", str(read)]) == 0
    assert '<a href="agreement.html">' in index.read_text(encoding="utf-8")
    assert '<a class="brand" href="index.html">' in (index.parent / "agreement.html").read_text(encoding="utf-8")


def test_the_page_names_no_patient_and_no_file(read):
    people = pd.read_csv(read / "images.csv")[["path"]].assign(person=["Mary Roe", "John Doe", "John Doe"])
    people.to_csv(read.parent / "people.csv", index=False)
    result = report_agreement(read, participants=read.parent / "people.csv")
    page = result.page.read_text()
    assert "bootstraps over patients" in page
    assert "With fewer than 20 patients such an interval is too narrow." in page
    assert result.kappas["patients"].max() == 2
    for text in (page, *(file.read_text() for file in read.glob("agreement*"))):
        assert not re.search(r"Mary Roe|John Doe|\.dcm", text)


def test_one_reader_alone_has_times_and_a_froc_but_no_kappa(read, capsys):
    with open_log(read) as log:
        Reader(log, "Ben").row(log.events()[0].hip_id, "note", note="")
        ben = [event for event in log.events() if event.reader == "Ben" and event.kind == "hip"]
        for event in ben:
            Reader(log, "Ben").row(event.hip_id, "hip", finishes="")
    assert main(["agreement", str(read)]) == 0
    assert "there is no agreement to measure" in capsys.readouterr().out
    assert "there is no agreement to measure" in (read / "report" / "agreement.html").read_text()


def test_without_statsmodels_it_says_what_to_install(folder, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.startswith("hipcalc.agreement")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("statsmodels", "statsmodels.stats", "statsmodels.stats.inter_rater"):
        monkeypatch.setitem(sys.modules, name, None)
    assert main(["agreement", str(folder)]) == 2
    assert "pip install 'hipcalc[review]'" in capsys.readouterr().err


def test_wrong_folders_are_refused(folder, tmp_path, capsys):
    with pytest.raises(UsageError, match=r"log.sqlite holds no hip that a reader finished: read some, hipcalc review"):
        report_agreement(folder)
    assert main(["agreement", str(tmp_path / "nothing")]) == 2
    assert "nothing" in capsys.readouterr().err
    people = tmp_path / "people.csv"
    people.write_text("path,person\nother.dcm,1\n")
    with pytest.raises(UsageError, match=r"people.csv names no image of .* in its column path"):
        report_agreement(folder, participants=people)


def test_readers_who_agree_on_everything_leave_no_interval():
    ratings = np.array([[True, True], [False, False], [True, True], [False, False]])
    kappa = kappa_of(ratings, np.arange(4), np.random.default_rng(0))
    assert kappa.value == 1.0
    assert math.isnan(kappa.low)
    assert math.isnan(kappa.high)
