"""Figures of evaluate against cases counted by hand."""

from pathlib import Path

import grand_challenge_metrics.scorers as independent
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from sklearn.metrics import roc_auc_score

from hipcalc.errors import OutputError, UsageError
from hipcalc.evaluate import (
    HipRoc,
    evaluate,
    froc_curve,
    hip_roc,
    localisation_errors,
    match_marks,
    sensitivity_at,
    strata,
)
from hipcalc.evaluate.belonging import nearest_hip
from hipcalc.evaluate.froc import froc_band

HEAD = 100.0


def marks(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["image_id", "row_px", "column_px", "expected_false_marks"])
    return table.assign(diameter_px=10.0, diameter_head_radii=10.0 / HEAD, side="R")


def foci(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["image_id", "row_px", "column_px", "diameter_px"]).assign(side="R")


def hips(*images: str) -> pd.DataFrame:
    return pd.DataFrame({"image_id": list(images)})


def results(folder: Path) -> Path:
    images = pd.DataFrame({"image_id": ["a", "b"], "path": ["x/a.png", "x/b.png"], "rows": 400, "columns": 300})
    images.to_csv(folder / "images.csv", index=False)
    found = images[["image_id", "path"]].assign(status="located", side="R", head_row_px=[100.0, 300.0])
    found = found.assign(head_column_px=100.0, head_radius_px=HEAD, rim_row_px=10.0, rim_column_px=160.0)
    found.to_csv(folder / "hips.csv", index=False)
    found_marks = marks(("a", 20.0, 170.0, 0.01), ("b", 20.0, 170.0, 0.3)).assign(path=images["path"])
    found_marks.to_csv(folder / "candidates.csv", index=False)
    return folder


def truth(folder: Path, name: str, table: pd.DataFrame) -> Path:
    file = folder / name
    table.to_csv(file, index=False)
    return file


def test_a_mark_hits_within_the_focus_or_close_to_its_centre() -> None:
    matched = match_marks(
        marks(("a", 0, 7.9, 0.1), ("b", 0, 8.1, 0.1), ("c", 0, 14.9, 0.1)),
        foci(("a", 0, 0, 2), ("b", 0, 0, 2), ("c", 0, 0, 30)),
        hips("a", "b", "c"),
    )
    assert np.isfinite(matched.hit_rank).tolist() == [True, False, True]
    assert matched.false_rank.tolist() == [0.1]
    assert matched.distance_px[0] == pytest.approx(7.9)


def test_further_marks_on_a_focus_are_neither_hits_nor_false_and_the_strongest_counts() -> None:
    matched = match_marks(marks(("a", 0, 3, 2.0), ("a", 0, 1, 0.5)), foci(("a", 0, 0, 10)), hips("a"))
    assert matched.hit_rank.tolist() == [0.5]
    assert matched.false_rank.size == 0


def test_sensitivity_at_a_counted_number_of_false_marks() -> None:
    matched = match_marks(
        marks(("a", 0, 0, 0.1), ("a", 500, 0, 0.2), ("b", 0, 0, 0.3), ("b", 500, 0, 0.4)),
        foci(("a", 0, 0, 10), ("b", 0, 0, 10), ("b", 900, 0, 10)),
        hips("a", "b"),
    )
    rng = np.random.default_rng(0)
    at = [sensitivity_at(matched, x, resamples=50, rng=rng)[0] for x in (0.0, 0.5, 1.0)]
    assert at == pytest.approx([1 / 3, 2 / 3, 2 / 3])
    curve = froc_curve(matched)
    assert curve.false_marks_per_hip.tolist() == [0.0, 0.5, 0.5, 1.0]
    assert curve.sensitivity == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3])


def test_hips_without_foci_lower_the_rate_of_false_marks() -> None:
    false = marks(("a", 500, 0, 0.2))
    one = froc_curve(match_marks(false, foci(("a", 0, 0, 10)), hips("a")))
    four = froc_curve(match_marks(false, foci(("a", 0, 0, 10)), hips("a", "a", "b", "b")))
    assert one.false_marks_per_hip.tolist() == [1.0]
    assert four.false_marks_per_hip.tolist() == [0.25]


def test_the_interval_narrows_with_more_images() -> None:
    def width(n: int) -> float:
        names = [f"{i:03d}" for i in range(n)]
        found = marks(*((name, 0.0, 0.0, 0.1) for name in names[::2]))
        matched = match_marks(found, foci(*((name, 0.0, 0.0, 10.0) for name in names)), hips(*names))
        _, low, high = sensitivity_at(matched, 0.5, resamples=300, rng=np.random.default_rng(3))
        return high - low

    assert width(10) > 2 * width(160) > 0


def scattered(seed: int, images: int) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Foci far apart, marks on some of them and elsewhere, in images with one hip or two."""
    rng = np.random.default_rng(seed)
    names = [f"{number:03d}" for number in range(images)]
    true, found = [], []
    for name in names:
        centres = rng.permutation(9)[: rng.integers(0, 4)] * 100.0
        true += [(name, centre, 50.0, 20.0) for centre in centres]
        found += [(name, c + rng.uniform(-6, 6), 50 + rng.uniform(-6, 6), rng.uniform(0, 3)) for c in centres[:2]]
        found += [(name, rng.uniform(0, 900), 500.0, rng.uniform(0, 5)) for _ in range(rng.integers(0, 4))]
    return marks(*found), foci(*true), names


@pytest.mark.parametrize("seed", range(3))
def test_the_froc_curve_agrees_with_an_independent_implementation(seed: int) -> None:
    found, true, names = scattered(seed, 25)
    matched = match_marks(found, true, hips(*names, *names))
    curve = froc_curve(matched)
    thresholds = np.unique([*matched.hit_rank[np.isfinite(matched.hit_rank)], *matched.false_rank])
    for threshold in (0.1, 0.7, 1.5, 3.0, 5.0):
        kept = found[found["expected_false_marks"] <= threshold]
        scores = [
            independent.score_detection(
                ground_truth=list(true[true["image_id"] == name][["row_px", "column_px"]].itertuples(index=False)),
                predictions=list(kept[kept["image_id"] == name][["row_px", "column_px"]].itertuples(index=False)),
                radius=10.0,
            )
            for name in names
        ]
        reached = curve.sensitivity[thresholds <= threshold]
        false = curve.false_marks_per_hip[thresholds <= threshold]
        assert reached.max(initial=0.0) == pytest.approx(sum(s.true_positives for s in scores) / len(true))
        assert false.max(initial=0.0) == pytest.approx(sum(s.false_positives for s in scores) / (2 * len(names)))


def test_the_area_under_the_per_hip_curve_agrees_with_an_independent_implementation() -> None:
    found, true, names = scattered(7, 40)
    number = {name: row for row, name in enumerate(names)}
    found, true = (table.assign(hip=table["image_id"].map(number)) for table in (found, true))
    roc = hip_roc(found, true, hips(*names))
    assert roc.has_focus.sum() == true["image_id"].nunique()
    area, low, high = roc.area(resamples=200, rng=np.random.default_rng(0))
    strength = np.where(np.isfinite(roc.strongest), -roc.strongest, -1e9)
    assert area == pytest.approx(roc_auc_score(roc.has_focus, strength))
    assert low < area < high
    share, sensitivity = roc.curve()
    assert np.trapezoid(sensitivity, share) <= area + 0.1


def test_patients_are_resampled_and_not_their_images() -> None:
    names = [f"{number:02d}" for number in range(40)]
    found = marks(*((name, 0.0, 0.0, 0.1) for name in names[:20]))
    true = foci(*((name, 0.0, 0.0, 10.0) for name in names))

    def width(patients: list[int]) -> float:
        matched = match_marks(found, true.assign(patient=patients), hips(*names))
        _, low, high = sensitivity_at(matched, 0.5, resamples=300, rng=np.random.default_rng(3))
        return high - low

    # All images of one patient are found or none: four patients tell less than forty.
    assert width([number // 10 for number in range(40)]) > 1.5 * width(list(range(40)))


@pytest.mark.parametrize(("rank", "low", "high"), [(0.1, 0.025 ** (1 / 4), 1.0), (np.inf, 0.0, 1 - 0.025 ** (1 / 4))])
def test_foci_that_all_went_the_same_way_leave_doubt_by_the_number_of_patients(rank, low, high) -> None:
    names = [f"{number:02d}" for number in range(8)]
    found = marks(*((name, 0.0, 0.0, rank) for name in names if rank < np.inf))
    true = foci(*((name, 0.0, 0.0, 10.0) for name in names)).assign(patient=[k // 2 for k in range(8)])
    matched = match_marks(found, true, hips(*names))
    # As Clopper and Pearson's for four of four, or none of four.
    _, *between = sensitivity_at(matched, 0.5, resamples=50, rng=np.random.default_rng(3))
    assert between == pytest.approx([low, high])
    band = froc_band(matched, np.array([0.5]), resamples=50, rng=np.random.default_rng(3))
    assert band[:, 0] == pytest.approx([low, high])


def test_foci_are_counted_by_size_contrast_zone_and_class() -> None:
    hip = pd.DataFrame({"image_id": ["a"], "side": ["R"]}).assign(
        head_row_px=300.0, head_column_px=300.0, head_radius_px=HEAD, rim_row_px=220.0, rim_column_px=240.0
    )
    true = foci(("a", 210, 220, 12), ("a", 300, 80, 30), ("a", 300, 500, 50), ("b", 0, 0, 5)).assign(
        diameter_mm=[3.0, 8.0, np.nan, np.nan], cnr=[1.5, 4.0, 6.0, np.nan], hip=[0, 0, 0, -1]
    )
    classes = ["ring", "ring", "beak", "beak"]
    parts = {name: among.tolist() for name, among in strata(true.assign(**{"class": classes}), hip)}
    assert parts["diameter 2 to 4 mm"] == [True, False, False, False]
    assert parts["diameter from 7 mm"] == [False, True, False, False]
    assert parts["CNR from 5"] == [False, False, True, False]
    # Lateral is where the rim lies.
    assert parts["zone rim"] == [True, False, False, False]
    assert parts["zone trochanteric"] == [False, True, False, False]
    assert parts["zone pelvic"] == [False, False, True, False]
    assert parts["zone not named"] == [False, False, False, True]
    assert parts["class ring"] == [True, True, False, False]
    bare = {name for name, _ in strata(true.iloc[:1, :5].assign(hip=0), hip)}
    assert bare == {"diameter 0.08 to 0.16 head radii", "zone rim"}
    named = {name for name, _ in strata(true.assign(zone="rim"), hip) if name.startswith("zone")}
    assert named == {"zone rim"}


def test_localisation_pairs_each_found_hip_once() -> None:
    true = pd.DataFrame(
        {"image_id": "a", "head_row_px": [100.0, 100.0], "head_column_px": [100.0, 900.0], "head_radius_px": HEAD}
    ).assign(rim_row_px=10.0, rim_column_px=[160.0, 840.0])
    found = true.iloc[[0]].assign(head_column_px=110.0, head_radius_px=90.0, rim_row_px=30.0, status="located")
    error = localisation_errors(found, true)
    assert error.centre[0] == pytest.approx(0.1)
    assert error.rim[0] == pytest.approx(0.2)
    assert error.radius[0] == pytest.approx(-0.1)
    assert np.isnan(error.centre[1])
    assert error.status == ("located", "absent")
    # The other hip of a pelvis does not stand for one that was not found.
    other = localisation_errors(true.iloc[[1]].assign(status="located"), true.iloc[[0]])
    assert np.isnan(other.centre[0])
    assert other.status == ("absent",)


def test_evaluate_writes_its_tables_and_joins_by_file_name(tmp_path: Path) -> None:
    folder = results(tmp_path)
    hip_truth = pd.DataFrame({"path": ["elsewhere/a.png", "b.png"], "side": "R"}).assign(
        head_row_px=100.0, head_column_px=100.0, head_radius_px=HEAD, rim_row_px=10.0, rim_column_px=160.0
    )
    focus_truth = foci(("a", 20.0, 170.0, 12.0)).assign(cnr=3.5)
    table = evaluate(
        folder, (truth(tmp_path, "hips_truth.csv", hip_truth), truth(tmp_path, "foci_truth.csv", focus_truth))
    )
    values = dict(zip(table["measure"], table["value"], strict=True))
    assert values["sensitivity at 0.1 counted false marks per hip"] == 1.0
    assert values["sensitivity at 0.5 counted false marks per hip, CNR 3 to 5"] == 1.0
    assert values["area under the per-hip ROC curve"] == 1.0
    # Where the two kinds are wholly told apart every sample says so: that is no interval.
    assert table.set_index("measure").loc["area under the per-hip ROC curve", ["low", "high"]].isna().all()
    assert not table["measure"].str.contains("left out").any()
    assert values["false marks per hip at 0.25 expected"] == 0.0
    assert values["false marks per hip at 0.5 expected"] == 0.5
    assert values["located, but more than 0.4 head radii off"] == 0.5
    assert pd.read_csv(folder / "evaluation.csv").shape == table.shape
    assert (folder / "froc.png").stat().st_size > 1000
    assert pd.read_csv(folder / "froc.csv")["sensitivity"].max() == 1.0


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"path": ["a.png"]}), "is no truth table: it needs the columns side, row_px"),
        (foci(("a", 0, 0, 1)).drop(columns="image_id"), "names no images: add a column image_id or path"),
        (foci(("a", 0, 0, 1)).iloc[:0], "truth.csv: no focus and no hip is named there; give a truth with rows"),
        (
            foci(("a", 20, 170, 12), ("a", 170, 310, 12)),
            r"truth.csv, line 3, column column_px: '310' is not allowed; its image has 300 columns: give places in the",
        ),
        (foci(("a", -3, 170, 12)), "line 2, column row_px: '-3' is not allowed; its image has 400 rows"),
        (
            foci(("a", 1, 1, 1), ("z", 0, 0, 1)),
            "line 3, column image_id: 'z' is not allowed; the results do not hold this image: screen it, or leave",
        ),
        (
            foci(("z", 0, 0, 1)).drop(columns="image_id").assign(path="z.png"),
            "line 2, column path: 'z.png' is not allowed; the results do not hold this image",
        ),
    ],
)
def test_a_wrong_truth_table_is_refused_in_one_sentence(tmp_path: Path, table: pd.DataFrame, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        evaluate(results(tmp_path), truth(tmp_path, "truth.csv", table))


def test_hips_that_the_truth_does_not_name_are_counted(tmp_path: Path) -> None:
    table = evaluate(results(tmp_path), truth(tmp_path, "truth.csv", foci(("a", 20.0, 170.0, 12.0))))
    row = table[table["measure"] == "searched hips left out, as no truth table names them"].iloc[0]
    assert (row["value"], row["n"]) == (1.0, 2)
    assert table.set_index("measure").loc["area under the per-hip ROC curve", ["value"]].isna().all()


@pytest.mark.parametrize("status", ["absent", "implant"])
def test_only_searched_hips_count_where_no_table_of_hips_is_given(tmp_path: Path, status: str) -> None:
    folder = results(tmp_path)
    found = pd.read_csv(folder / "hips.csv")
    pd.concat([found, found.iloc[[0]].assign(side="L", status=status)]).to_csv(folder / "hips.csv", index=False)
    table = evaluate(folder, truth(tmp_path, "truth.csv", foci(("a", 300.0, 170.0, 12.0))))
    values = dict(zip(table["measure"], table["value"], strict=True))
    assert values["false marks per hip at 0.25 expected"] == 1.0


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    folder = results(tmp_path)
    (folder / "froc.csv").mkdir()
    with pytest.raises(OutputError, match="froc.csv cannot be written"):
        evaluate(folder, truth(tmp_path, "truth.csv", foci(("a", 20.0, 170.0, 12.0))))


def test_two_images_of_one_name_must_be_told_apart_by_id(tmp_path: Path) -> None:
    folder = results(tmp_path)
    pd.DataFrame({"image_id": ["a", "b"], "path": ["x/a.png", "y/a.png"]}).to_csv(folder / "images.csv", index=False)
    table = foci(("a", 0, 0, 1)).drop(columns="image_id").assign(path="a.png")
    with pytest.raises(UsageError, match="line 2, column path: 'a.png' is not allowed; several images have that name"):
        evaluate(folder, truth(tmp_path, "truth.csv", table))


def test_a_missing_or_unreadable_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="images.csv does not exist; give a folder that hipcalc screen wrote"):
        evaluate(tmp_path, tmp_path / "truth.csv")
    (tmp_path / "shards").mkdir()
    with pytest.raises(UsageError, match="holds shards: run hipcalc merge .* first"):
        evaluate(tmp_path, tmp_path / "truth.csv")
    (tmp_path / "shards").rmdir()
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(UsageError, match="holds an unfinished run: run hipcalc screen with --resume first"):
        evaluate(tmp_path, tmp_path / "truth.csv")
    (results(tmp_path) / "truth.csv").write_bytes(b"\x80\x00bad")
    with pytest.raises(UsageError, match="truth.csv is no CSV table"):
        evaluate(tmp_path, tmp_path / "truth.csv")
    for file in ("nothing.csv", "."):
        with pytest.raises(UsageError, match="cannot be read .*; give an existing CSV table"):
            evaluate(tmp_path, tmp_path / file)


GAPPY = "image_id,side,row_px,column_px,diameter_px,cnr,class\n"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            "a,R,,170,12,,",
            "truth.csv, line 3, column row_px: the cell is blank; give a number with a decimal point, or",
        ),
        (
            "a,R,big,170,12,,",
            "line 3, column row_px: 'big' is not allowed; give a number with a decimal point, or leave",
        ),
        ('a,R,"20,5",170,12,,', "line 3, column row_px: '20,5' is not allowed; give a number with a decimal point"),
        ("a,R,20,170,-3,,", "line 3, column diameter_px: '-3' is not allowed; give a positive number"),
        ("a,R,20,170,12,high,", "line 3, column cnr: 'high' is not allowed; give a number .*, or leave it blank"),
        ("a,right,20,170,12,,", "line 3, column side: 'right' is not allowed; choose one of R, L, unknown"),
        ("a,,20,170,12,,", "line 3, column side: the cell is blank; choose one of R, L, unknown"),
        (",R,20,170,12,,", "line 3, column image_id: the cell is blank; name the image, or leave the row out"),
        ("b,R,20,170,12,,", "line 3, column side: 'R' is not allowed; line 2 says the same already; keep one"),
        ("b,L,20.0,170,12,,", "line 3, column side: 'L' is not allowed; line 2 says the same already; keep one"),
    ],
)
def test_a_truth_table_with_a_wrong_cell_is_refused_with_its_line(tmp_path: Path, lines: str, message: str) -> None:
    file = tmp_path / "truth.csv"
    file.write_text(f"{GAPPY}b,R,20,170,12,,\n{lines}\n")
    with pytest.raises(UsageError, match=message):
        evaluate(results(tmp_path), file)
    assert not (tmp_path / "evaluation.csv").exists()


def test_a_truth_table_may_have_gaps_where_nothing_is_needed(tmp_path: Path) -> None:
    foci_file, hips_file = tmp_path / "foci.csv", tmp_path / "hips_truth.csv"
    # As a spreadsheet exports it where the comma is the decimal sign.
    foci_file.write_text((GAPPY + "a,R,20,170,12,,\nb,R,20,170,12,4,ring\n").replace(",", ";"), encoding="utf-16")
    hips_file.write_text(
        "path,side,head_row_px,head_column_px,head_radius_px,rim_row_px,rim_column_px,kind\n"
        "a.png,R,100,100,100,,,native\nb.png,R,300,100,100,10,160,native\nb.png,L,,,,,,implant\n"
    )
    table = evaluate(results(tmp_path), (foci_file, hips_file)).set_index("measure")
    assert table.loc["hips within 0.2 head radii", ["value", "n"]].tolist() == [1.0, 2]
    assert table.loc["rim error, median (head radii); low and high are the 5th and 95th percentile", "n"] == 1
    named = [name.rpartition(", class ")[2] for name in table.index if ", class " in name]
    assert named == ["not named", "ring"]


HIPS = "path,side,head_row_px,head_column_px,head_radius_px,rim_row_px,rim_column_px\n"


def test_a_hip_that_is_named_twice_is_refused_also_by_two_tables(tmp_path: Path) -> None:
    file, other = tmp_path / "one.csv", tmp_path / "other.csv"
    file.write_text(HIPS + "a.png,R,100,100,100,10,160\nz/a.png,R,101,100,100,10,160\n")
    with pytest.raises(UsageError, match=r"one.csv, line 3, column side: 'R' is not allowed; line 2 says the same"):
        evaluate(results(tmp_path), file)
    file.write_text(HIPS + "a.png,R,100,100,100,10,160\n")
    other.write_text(HIPS.replace("path", "image_id") + "b,R,300,100,100,10,160\na,R,100,100,100,10,160\n")
    with pytest.raises(UsageError, match=r"other.csv, line 3, .*one.csv, line 2, says the same already; keep one"):
        evaluate(results(tmp_path), (file, other))
    # A file that is given twice is one table.
    assert evaluate(results(tmp_path), (file, file))["n"].iloc[0] == 1


def pelvis(folder: Path) -> Path:
    """One image of two hips, R at column 100 and L at 900, with a mark in each."""
    pd.DataFrame({"image_id": ["a"], "path": "a.png", "rows": 400, "columns": 1000}).to_csv(folder / "images.csv")
    both = pd.DataFrame({"image_id": ["a", "a"], "path": "a.png", "side": ["R", "L"], "status": "located"}).assign(
        head_row_px=100.0, head_column_px=[100.0, 900.0], head_radius_px=HEAD, rim_row_px=10.0, rim_column_px=[40, 960]
    )
    both.to_csv(folder / "hips.csv", index=False)
    found = marks(("a", 20.0, 40.0, 0.2), ("a", 20.0, 960.0, 0.1)).assign(path="a.png", side=["R", "L"])
    found.to_csv(folder / "candidates.csv", index=False)
    return folder


def values_of(table: pd.DataFrame) -> dict[str, float]:
    return dict(zip(table["measure"], table["value"], strict=True))


def test_marks_in_a_hip_that_was_not_read_are_not_false(tmp_path: Path) -> None:
    hips_file, foci_file = tmp_path / "hips_truth.csv", tmp_path / "foci_truth.csv"
    hips_file.write_text(HIPS + "a.png,R,100,100,100,10,40\n")
    foci_file.write_text("path,side,row_px,column_px,diameter_px\n")
    found = values_of(evaluate(pelvis(tmp_path), (hips_file, foci_file)))
    # A table of foci without rows says that there are none.
    assert found["false marks per hip at 0.25 expected"] == 1.0
    assert np.isnan(found["sensitivity at 0.5 counted false marks per hip"])
    assert pd.read_csv(tmp_path / "froc.csv")["sensitivity"].isna().all()
    assert found["searched hips left out, as no truth table names them"] == 1.0
    # A focus was read in the other one: it counts.
    foci_file.write_text("path,side,row_px,column_px,diameter_px\na.png,L,20,960,10\n")
    found = values_of(evaluate(tmp_path, (hips_file, foci_file)))
    assert found["false marks per hip at 0.25 expected"] == 0.5
    assert found["sensitivity at 0.1 counted false marks per hip"] == 1.0
    assert found["area under the per-hip ROC curve"] == 1.0
    assert "searched hips left out, as no truth table names them" not in found


@pytest.mark.parametrize("sides", ["RL", "LR", "unknown"])
def test_a_focus_belongs_to_the_hip_that_it_lies_at_whatever_sides_are_named(tmp_path: Path, sides: str) -> None:
    right, left = sides if len(sides) == 2 else (sides, sides)
    hips_file, foci_file = tmp_path / "hips_truth.csv", tmp_path / "foci_truth.csv"
    hips_file.write_text(HIPS + f"a.png,{right},100,100,100,10,40\na.png,{left},100,900,100,10,960\n")
    foci_file.write_text(f"path,side,row_px,column_px,diameter_px\na.png,{left},20,960,10\n")
    found = values_of(evaluate(pelvis(tmp_path), (hips_file, foci_file)))
    assert found["area under the per-hip ROC curve"] == 1.0
    assert found["sensitivity at 0.5 counted false marks per hip, zone rim-overlay"] == 1.0
    without_table = values_of(evaluate(tmp_path, foci_file))
    assert without_table["area under the per-hip ROC curve"] == 1.0


def test_copies_of_an_image_count_once(tmp_path: Path) -> None:
    table = truth(tmp_path, "truth.csv", foci(("a", 300.0, 170.0, 12.0)))
    once = evaluate(results(tmp_path), table)
    for name in ("images", "hips", "candidates"):
        rows = pd.read_csv(tmp_path / f"{name}.csv")
        pd.concat([rows, rows.assign(path="y/" + rows["path"])]).to_csv(tmp_path / f"{name}.csv", index=False)
    pd.testing.assert_frame_equal(evaluate(tmp_path, table), once)


@pytest.mark.parametrize("name", ["a.png", "another.png"])
def test_a_truth_names_an_image_by_any_of_its_copies(tmp_path: Path, name: str) -> None:
    folder = results(tmp_path)
    for table in ("images", "hips", "candidates"):
        rows = pd.read_csv(folder / f"{table}.csv")
        copies = rows[rows["image_id"] == "a"].assign(path="x/another.png")
        pd.concat([copies, rows]).to_csv(folder / f"{table}.csv", index=False)
    file = tmp_path / "truth.csv"
    file.write_text(f"path,side,row_px,column_px,diameter_px\n{name},R,20,170,12\n")
    table = evaluate(folder, file).set_index("measure")
    assert table.loc["false marks per hip at 0.25 expected", ["value", "n"]].tolist() == [0.0, 1.0]
    assert table.loc["sensitivity at 0.5 counted false marks per hip", "value"] == 1.0


def test_paths_of_another_system_are_read(tmp_path: Path) -> None:
    file = tmp_path / "truth.csv"
    file.write_text("path,side,row_px,column_px,diameter_px\nC:\\films\\a.png,R,20,170,12\n")
    assert values_of(evaluate(results(tmp_path), file))["sensitivity at 0.5 counted false marks per hip"] == 1.0


def test_without_a_hip_nothing_is_counted_per_hip(tmp_path: Path) -> None:
    folder = results(tmp_path)
    for name in ("hips", "candidates"):
        pd.read_csv(folder / f"{name}.csv").iloc[:0].to_csv(folder / f"{name}.csv", index=False)
    found = values_of(evaluate(folder, truth(tmp_path, "truth.csv", foci(("a", 20.0, 170.0, 12.0)))))
    assert found["sensitivity at 1 counted false marks per hip"] == 0.0
    assert np.isnan(found["false marks per hip at 0.25 expected"])


def test_a_curve_of_an_earlier_evaluation_does_not_stay(tmp_path: Path) -> None:
    folder = results(tmp_path)
    evaluate(folder, truth(tmp_path, "truth.csv", foci(("a", 20.0, 170.0, 12.0))))
    (tmp_path / "hips_truth.csv").write_text(HIPS + "a.png,R,100,100,100,10,40\n")
    evaluate(folder, tmp_path / "hips_truth.csv")
    assert not (folder / "froc.csv").exists()
    assert not (folder / "froc.png").exists()


def test_patients_who_are_all_alike_give_no_interval() -> None:
    found = marks(("a", 0.0, 0.0, 0.1), ("b", 0.0, 0.0, 0.1))
    true = foci(("a", 0.0, 0.0, 10.0), ("a", 0.0, 500.0, 10.0), ("b", 0.0, 0.0, 10.0), ("b", 0.0, 500.0, 10.0))
    matched = match_marks(found, true, hips("a", "b"))
    value, *between = sensitivity_at(matched, 0.5, resamples=50, rng=np.random.default_rng(3))
    assert value == 0.5
    assert np.isnan(between).all()


def test_the_patients_of_hips_are_known_from_either_table() -> None:
    units = hips("a", "b", "c")
    true = foci(("a", 0, 0, 10), ("b", 0, 0, 10)).assign(hip=[0, -1], patient=["x", "x"])
    roc = hip_roc(marks(("b", 0, 0, 0.3), ("b", 9, 9, 0.2)).assign(hip=[1, 1]), true, units)
    assert roc.strongest.tolist() == [np.inf, 0.2, np.inf]
    assert roc.has_focus.tolist() == [True, False, False]
    assert roc.patient[0] == roc.patient[1] != roc.patient[2]


def test_strongly_marked_patients_do_not_hide_the_foci_of_samples_without_them() -> None:
    found = marks(*(("a", 0.0, 9.0 * k, 0.01) for k in range(300)), ("b", 0.0, 0.0, 5.0))
    matched = match_marks(found, foci(("b", 0.0, 0.0, 10.0)), hips("a", "b"))
    value, low, high = sensitivity_at(matched, 0.5, resamples=100, rng=np.random.default_rng(0))
    # A quarter of the samples holds patient b alone, who bears no false mark.
    assert (value, low, high) == (0.0, 0.0, 1.0)


def test_hips_that_are_marked_alike_are_told_apart_by_chance() -> None:
    alike = HipRoc(
        strongest=np.array([0.3, 0.3, np.inf, np.inf]), has_focus=np.array([1, 0, 1, 0], bool), patient=np.arange(4)
    )
    assert alike.area(resamples=20, rng=np.random.default_rng(0))[0] == 0.5
    share, sensitivity = alike.curve()
    assert share.tolist() == sensitivity.tolist() == [0.0, 0.5, 1.0]


def test_a_plot_without_hips_of_both_kinds_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []
    monkeypatch.setattr(Axes, "set_title", lambda axes, title, **how: titles.append(title))
    evaluate(results(tmp_path), truth(tmp_path, "truth.csv", foci(("a", 20.0, 170.0, 12.0))))
    evaluate(pelvis(tmp_path), truth(tmp_path, "truth.csv", foci(("a", 20.0, 40.0, 12.0))))
    assert titles == ["needs hips with a focus and hips without", "area 0.00"]


def test_a_part_begins_at_its_smaller_border() -> None:
    true = foci(("a", 0, 0, 10), ("a", 9, 0, 10)).assign(diameter_mm=[4.0, 7.0], hip=-1)
    parts = {name: among.tolist() for name, among in strata(true, pelvis_hips()) if name.startswith("diameter")}
    assert parts == {"diameter 4 to 7 mm": [True, False], "diameter from 7 mm": [False, True]}


def test_marks_at_the_nominal_number_itself_are_counted(tmp_path: Path) -> None:
    folder = results(tmp_path)
    rows = pd.read_csv(folder / "candidates.csv")
    rows.assign(expected_false_marks=0.25).to_csv(folder / "candidates.csv", index=False)
    found = values_of(evaluate(folder, truth(tmp_path, "truth.csv", foci(("a", 300.0, 17.0, 12.0)))))
    assert found["false marks per hip at 0.1 expected"] == 0.0
    assert found["false marks per hip at 0.25 expected"] == 1.0


def test_errors_of_localisation_are_medians_with_percentiles(tmp_path: Path) -> None:
    (tmp_path / "hips_truth.csv").write_text(HIPS + "a.png,R,100,100,80,,\nb.png,R,300,110,125,,\n")
    table = evaluate(results(tmp_path), tmp_path / "hips_truth.csv").set_index("measure")
    spread = "; low and high are the 5th and 95th percentile"
    radius = table.loc[f"head radius error, median of |relative|{spread}", ["value", "low", "high"]]
    # 100 for 80 and for 125: a quarter too large, and a fifth too small.
    assert radius.tolist() == pytest.approx([0.225, 0.2025, 0.2475])
    centre = table.loc[f"head centre error, median (head radii){spread}", ["value", "low", "high"]]
    assert centre.tolist() == pytest.approx([0.04, 0.004, 0.076])


def test_a_focus_may_lie_at_the_border_of_its_image(tmp_path: Path) -> None:
    at_borders = foci(("a", -0.4, 10.0, 5.0), ("a", 399.4, 299.4, 5.0))
    assert evaluate(results(tmp_path), truth(tmp_path, "truth.csv", at_borders))["n"].max() == 2
    for row, column in ((-0.6, 10.0), (399.6, 10.0), (10.0, 299.6)):
        with pytest.raises(UsageError, match="give places in the file's own pixels"):
            evaluate(tmp_path, truth(tmp_path, "truth.csv", foci(("a", row, column, 5.0))))


def pelvis_hips() -> pd.DataFrame:
    return pd.DataFrame({"image_id": "a", "head_row_px": 0.0, "head_column_px": [0.0, 300.0]}).assign(
        head_radius_px=[150.0, 50.0], rim_row_px=-10.0, rim_column_px=0.0
    )


def test_a_focus_lies_nearest_to_a_head_in_its_radii() -> None:
    places = foci(("a", 0.0, 170.0, 9.0), ("a", 0.0, 240.0, 9.0), ("b", 0.0, 0.0, 9.0))
    assert nearest_hip(places, pelvis_hips()).tolist() == [0, 1, -1]


def test_a_misspelt_column_is_named(tmp_path: Path) -> None:
    table = foci(("a", 20.0, 170.0, 12.0)).rename(columns={"row_px": "row_pixel"})
    with pytest.raises(UsageError, match=r"a hip per row\), and lacks row_px\.$"):
        evaluate(results(tmp_path), truth(tmp_path, "truth.csv", table))
