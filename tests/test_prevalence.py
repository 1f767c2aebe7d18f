"""Prevalence with planted truth: the estimates find it, their intervals hold it as often as they say."""

import numpy as np
import pandas as pd
import pytest

from hipcalc.cli import main
from hipcalc.errors import UsageError
from hipcalc.prevalence import Validation, estimate, report_prevalence
from simulated_cohort import run, write_inputs

GOOD = Validation(true_positives=88, with_focus=100, true_negatives=285, without_focus=300)


def pairs(rng, people, prevalence, likeness):
    """Two hips per person; with the given chance both are alike, else each is drawn alone."""
    alike = rng.random(people) < likeness
    first, second = rng.random(people) < prevalence, rng.random(people) < prevalence
    return first, np.where(alike, first, second)


def test_the_exact_interval_is_clopper_and_pearsons():
    # 5 of 100: 0.0164 to 0.1128 (Newcombe 1998 and every table).
    found = estimate([1] * 100, [1] * 5 + [0] * 95)
    assert (found.crude, found.crude_low, found.crude_high) == pytest.approx((0.05, 0.01643, 0.11283), abs=1e-4)
    assert estimate([1] * 20, [0] * 20).crude_low == 0.0
    assert estimate([1] * 20, [1] * 20).crude_high == 1.0
    assert estimate([1] * 20, [0] * 20).crude_high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_hips_that_are_always_alike_count_half():
    both = estimate([2] * 200, [2] * 40 + [0] * 160)
    alone = estimate([1] * 200, [1] * 40 + [0] * 160)
    assert both.design_effect == pytest.approx(2.0, rel=0.01)
    assert (both.crude_low, both.crude_high) == pytest.approx((alone.crude_low, alone.crude_high), abs=2e-3)
    assert alone.design_effect == pytest.approx(1.0, rel=0.01)


def test_a_perfect_search_needs_no_correction_and_a_known_one_is_corrected():
    perfect = Validation(true_positives=10**7, with_focus=10**7, true_negatives=10**7, without_focus=10**7)
    found = estimate([2] * 300, [1] * 60 + [0] * 240, perfect)
    assert found.adjusted == pytest.approx(found.crude)
    # 0.2 positive at Se 0.88 and Sp 0.95: (0.2 + 0.95 - 1) / (0.88 + 0.95 - 1).
    corrected = estimate([1] * 500, [1] * 100 + [0] * 400, GOOD)
    assert corrected.adjusted == pytest.approx(0.15 / 0.83)
    assert corrected.adjusted_low < corrected.adjusted < corrected.adjusted_high
    assert estimate([1] * 500, [0] * 500, GOOD).adjusted == 0.0
    assert estimate([1] * 500, [1] * 100 + [0] * 400, GOOD) == corrected


@pytest.mark.parametrize("likeness", [0.0, 0.6])
def test_intervals_hold_the_truth_as_often_as_they_say(likeness):
    rng, truth, trials = np.random.default_rng(4), 0.15, 300
    crude = adjusted = 0
    for _ in range(trials):
        real = pairs(rng, 250, truth, likeness)
        called = [np.where(side, rng.random(250) < 0.88, rng.random(250) > 0.95) for side in real]
        measured = Validation(
            true_positives=int(rng.binomial(100, 0.88)),
            with_focus=100,
            true_negatives=int(rng.binomial(300, 0.95)),
            without_focus=300,
        )
        expected = truth * 0.88 + (1 - truth) * 0.05
        found = estimate([2] * 250, called[0].astype(int) + called[1], measured, resamples=400)
        crude += found.crude_low <= expected <= found.crude_high
        adjusted += found.adjusted_low <= truth <= found.adjusted_high
    # Of 300 trials at 95%, 274 or fewer are held by chance once in 500.
    assert crude > 273
    assert adjusted > 273


@pytest.mark.parametrize("people", [5, 200])
def test_hips_that_are_all_alike_are_not_certain_of_others(people):
    """Of n hips without an event, about 3 in n may have one."""
    known = Validation(true_positives=880, with_focus=1000, true_negatives=3000, without_focus=3000)
    none, every = (estimate([1] * people, [value] * people, known) for value in (0, 1))
    assert (none.adjusted_low, every.adjusted_high) == (0.0, 1.0)
    # The upper end of Jeffreys' interval is a little below Clopper and Pearson's.
    assert none.adjusted_high == pytest.approx(none.crude_high / 0.88, rel=0.35)
    assert (every.adjusted_low < 0.9) is (people == 5)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ((11, 10, 5, 5), "given as hips/hips, as in 45/50, not 11/10"),
        ((5, 10, 0, 0), "not 0/0"),
        ((5, 10, 5, 10), "With sensitivity 0.50 and specificity 0.50 a mark says nothing"),
    ],
)
def test_impossible_validations_are_refused(counts, message):
    names = ("true_positives", "with_focus", "true_negatives", "without_focus")
    with pytest.raises(UsageError, match=message):
        Validation(**dict(zip(names, counts, strict=True)))
    with pytest.raises(UsageError, match="no hip to take a prevalence of"):
        estimate([], [])


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """A cohort of 300 pretended images: two of each person at one site, one of each at another."""
    folder = tmp_path_factory.mktemp("prevalence")
    run(write_inputs(folder / "in", 300), folder / "out")
    images = pd.read_csv(folder / "out" / "images.csv")
    number = np.arange(len(images))
    table = pd.DataFrame(
        {
            "path": images["path"],
            "person": np.where(
                number < 200, "p" + pd.Series(number // 2).astype(str), "q" + pd.Series(number).astype(str)
            ),
            "sex": np.where(number % 4 < 2, "F", "M"),
            "age": np.where(number % 10 == 0, "", (30 + number % 60).astype(str)),
            "site": np.where(number < 200, "north", "south"),
            "date": [f"20{15 + n % 3}-0{1 + n % 2}-15" for n in number],
        }
    )
    table.to_csv(folder / "participants.csv", index=False)
    return folder


def test_each_hip_of_a_person_counts_once(cohort):
    result = report_prevalence(cohort / "out", participants=cohort / "participants.csv", validation=GOOD)
    whole = result.table.iloc[0]
    hips = pd.read_csv(cohort / "out" / "hips.csv").merge(pd.read_csv(cohort / "participants.csv"), on="path")
    searched = hips[hips["status"].isin(["located", "uncertain"])]
    assert whole["hips"] == len(searched[["person", "side"]].drop_duplicates())
    assert whole["people"] == searched["person"].nunique()
    marks = (
        pd.read_csv(cohort / "out" / "candidates.csv")
        .query("finding")
        .merge(searched[["path", "side", "person"]], on=["path", "side"])
    )
    assert whole["positive"] == len(marks[["person", "side"]].drop_duplicates())
    sides = result.table.query("what.str.startswith('mark') and group == 'side'")
    assert sides["hips"].sum() == whole["hips"]
    assert set(result.table["group"]) == {"all", "side", "sex", "site", "age"}
    assert set(result.table.query("group == 'age'")["value"]) >= {"below 40", "40 to 49", "80 and more"}
    rim = result.table.query("what.str.contains('rim') and group == 'all'").iloc[0]
    assert 0 < rim["positive"] < whole["positive"]
    # Sensitivity and specificity are those of the search as a whole.
    assert pd.isna(rim["adjusted"])
    assert "Marks at the rim alone were not adjusted" in result.methods


def test_tables_page_and_paragraph_are_written_and_say_the_same(cohort):
    result = report_prevalence(cohort / "out", participants=cohort / "participants.csv", validation=GOOD)
    written = pd.read_csv(cohort / "out" / "prevalence.csv")
    assert written["positive"].tolist() == result.table["positive"].tolist()
    drift = pd.read_csv(cohort / "out" / "drift.csv")
    assert drift.query("by == 'site'")["value"].tolist() == ["north", "south"]
    assert len(drift.query("by == 'time'")) == 6
    assert drift.query("by == 'site'")["images"].sum() == 300
    page = result.page.read_text(encoding="utf-8")
    for part in (result.methods, "north", "2015-01", "Drift over site and time", f'<td class="n">{written["hips"][0]}'):
        assert part.replace("'", "&#39;") in page
    for part in ("hipcalc 0", "88/100 hips", "285/300 hips", "Rogan and Gladen", "300 files", "research software"):
        assert part in result.methods
    assert "http" not in page


def test_without_participants_each_image_is_a_person_and_the_paragraph_says_so(cohort):
    result = report_prevalence(cohort / "out")
    assert "each was taken for another person" in result.methods
    assert "not adjusted" in result.methods
    assert result.table["adjusted"].isna().all()
    assert len(result.drift) == 0


def test_what_readers_rejected_is_no_mark_and_confirmed_findings_are_counted_once_all_is_reviewed(tmp_path):
    run(write_inputs(tmp_path / "in", 40), tmp_path / "out")
    marks = pd.read_csv(tmp_path / "out" / "candidates.csv", dtype=str).query("finding == 'true'")
    before = report_prevalence(tmp_path / "out").table.iloc[0]
    said = ["confirmed" if number % 2 else "rejected" for number in range(len(marks))]
    decisions = pd.DataFrame(
        {"candidate_id": marks["candidate_id"], "status": said, "reader": "A", "time": "2026-03-01T14:05:00Z"}
    )
    from hipcalc.review import append_decisions, read_decisions

    decisions.iloc[:-1].to_csv(tmp_path / "most.csv", index=False)
    append_decisions(tmp_path / "out", read_decisions(tmp_path / "most.csv"))
    partly = report_prevalence(tmp_path / "out").table
    assert partly.iloc[0]["positive"] < before["positive"]
    assert not partly["what"].str.contains("confirmed").any()
    decisions.iloc[-1:].to_csv(tmp_path / "rest.csv", index=False)
    append_decisions(tmp_path / "out", read_decisions(tmp_path / "rest.csv"))
    fully = report_prevalence(tmp_path / "out").table
    confirmed = fully[(fully["what"] == "confirmed finding") & (fully["group"] == "all")].iloc[0]
    hips = pd.read_csv(tmp_path / "out" / "hips.csv").query("status in ('located', 'uncertain')")
    of_hips = marks[np.array(said) == "confirmed"].merge(hips[["path", "side"]], on=["path", "side"])
    assert confirmed["positive"] == len(of_hips[["path", "side"]].drop_duplicates())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("path,sex\na,F\n", "lacks columns; it needs path or image_id, and person"),
        ("path,person\na,1\na,2\n", "names a twice; give each image one row"),
        ("path,person,age\na,1,old\n", "the age old is no number of years"),
        ("path,person,date\na,1,30.5.2021\n", "the date 30.5.2021 is not written as in 2021-05-30"),
        ("path,person\nelsewhere,1\n", "names no image of .*out in its column path; compare them"),
    ],
)
def test_a_wrong_participants_table_is_told(cohort, tmp_path, content, message):
    (tmp_path / "p.csv").write_text(content)
    with pytest.raises(UsageError, match=message):
        report_prevalence(cohort / "out", participants=tmp_path / "p.csv")


def test_the_command_prints_the_estimates(cohort, tmp_path, capsys):
    folder = str(cohort / "out")
    assert main(["prevalence", folder, "--sensitivity", "88/100", "--specificity", "285/300"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Rogan and Gladen" in out
    assert "%" in out
    assert main(["prevalence", folder, "--sensitivity", "88/100"]) == 2
    assert main(["prevalence", str(tmp_path)]) == 2
    err = capsys.readouterr().err.splitlines()
    assert err[0] == "hipcalc: --sensitivity and --specificity go together: give both or neither."
    assert "holds no results of hipcalc screen" in err[1]
