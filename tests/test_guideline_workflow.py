"""The workflow's data: what is in it, and that a spoilt copy is refused with the reason."""

import tomllib
from collections.abc import Callable
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

import pytest

from guideline_builders import PAINFUL, reviewed_hip
from hipcalc.errors import UsageError
from hipcalc.guideline import ClinicalContext, load_workflow, recommend
from hipcalc_models import model_file

ORIGINAL = model_file("guideline-1", "workflow.toml").read_text(encoding="utf-8")


def copy_with(folder: Path, change: Callable[[str], str]) -> Path:
    """Write a changed copy of the workflow; a change that changes nothing is a mistake of the test."""
    changed = change(ORIGINAL)
    assert changed != ORIGINAL
    file = folder / "site.toml"
    file.write_text(changed, encoding="utf-8")
    return file


def without_table(text: str, kind: str, name: str) -> str:
    tables = text.split(f"[[{kind}]]\n")
    return f"[[{kind}]]\n".join(table for table in tables if not table.startswith(f'id = "{name}"'))


def test_the_original_is_whole_and_says_what_it_is() -> None:
    workflow = load_workflow()
    assert (workflow.name, workflow.version) == ("guideline-1", "1.0.0")
    assert workflow.sha256 == sha256(ORIGINAL.encode()).hexdigest()
    assert "no medical device" in workflow.disclaimer[0]
    assert "what its references are is not verified" in workflow.disclaimer[1]
    assert load_workflow() is workflow


def test_what_is_not_stated_in_the_source_says_so() -> None:
    workflow = load_workflow()
    assert {rule.basis for rule in workflow.rules} == {"S"}
    marked = {(gate.id, item.id): item.basis for gate in workflow.gates for item in gate.items}
    assert marked["R", "mass_lysis_periosteal_reaction"] == marked["N", "raised_drug_level"] == "M"
    assert marked["N", "under_18"] == "E"
    assert marked["C", "septic_arthritis"] == marked["R", "fever"] == "L"
    assert "S" not in marked.values()
    assert workflow.scope.basis == "E"


def test_citations_are_those_of_the_clinical_page() -> None:
    cited = {rule.id: rule.citation for rule in load_workflow().rules if rule.citation}
    assert cited == {
        **dict.fromkeys(["R02", "R15", "R20", "R21", "R22"], "[1]"),
        **dict.fromkeys(["R24", "R25", "R27", "R28", "R30", "R31"], "[2]"),
        "R33": "[3]",
        "R36": "[4]",
    }


def test_the_classes_are_those_of_the_differential() -> None:
    entities = tomllib.loads(model_file("differential-2", "entities.toml").read_text(encoding="utf-8"))["entities"]
    assert {known.id for known in load_workflow().classes} == {entity["id"] for entity in entities}


def test_every_input_is_a_field_of_the_context_and_the_reverse() -> None:
    workflow = load_workflow()
    named = {known.id for known in workflow.inputs} | {gate.column for gate in workflow.gates}
    assert named == {column.name for column in fields(ClinicalContext)} - {
        "image_id",
        "path",
        "side",
        "visit_date",
        "read_from",
    }


def test_a_sites_own_copy_is_used_and_named_in_the_output(tmp_path: Path) -> None:
    file = copy_with(
        tmp_path,
        lambda text: text.replace('name = "guideline-1"', 'name = "our-clinic"').replace(
            "The plan is made to fit", "Our plan is made to fit"
        ),
    )
    workflow = load_workflow(file)
    output = recommend(reviewed_hip(), PAINFUL, workflow=workflow)
    assert output.workflow_name == "our-clinic"
    assert output.workflow_sha256 == sha256(file.read_bytes()).hexdigest() != load_workflow().sha256
    assert any(sentence.text.startswith("Our plan") for sentence in output.mandatory)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: without_table(text, "rules", "R31"), "the rule R31 is missing; add it"),
        (lambda text: without_table(text, "states", "S3"), "the state S3 is missing; add it"),
        (lambda text: text.replace('id = "T5"', 'id = "T4"', 1), "the tension T4 is there twice; keep one"),
        (lambda text: text.replace('id = "R31"\n', "", 1), "rules 35: the field id is missing; add it"),
        (lambda text: text.replace('id = "R31"', 'id = "R30"', 1), "the rule R30 is there twice; keep one"),
        (lambda text: text.replace('id = "R31"', 'id = "R99"', 1), "the rule R31 is missing"),
        (
            lambda text: text + text[text.index("[[rules]]") :].split("\n\n")[0].replace("R01", "R77"),
            "R77 is no rule that hipcalc knows; leave it out",
        ),
        (
            lambda text: text.replace('goes_to = ["S16", "S11"]', 'goes_to = ["S16", "S99"]'),
            "state S14 names S99, which",
        ),
        (lambda text: text.replace('"R39", "R40", "R41"', '"R39", "R40", "R44"'), "state S8 names R44, which does not"),
        (
            lambda text: text.replace('wants = ["next_step"]', 'wants = ["next"]'),
            "state S11 names next, which does not",
        ),
        (
            lambda text: text.replace('tensions = ["T4"]', 'tensions = ["T9"]'),
            "state S9 names T9, which does not exist",
        ),
        (lambda text: text.replace('replaces = "R04"', 'replaces = "R4"'), "gate N names R4, which does not exist"),
        (lambda text: text.replace('rules = ["R36"]', 'rules = ["R63"]'), "tension T5 names R63, which does not exist"),
        (lambda text: text.replace('id = "marker"', 'id = "metal"'), "the class marker is missing"),
        (lambda text: text.replace('id = "hip_pain"', 'id = "pain"'), "the input hip_pain is missing"),
        (lambda text: text.replace('id = "unwell"', 'id = "fever"'), "the item of gate R fever is there twice"),
        (
            lambda text: text.replace('mandatory = ["R16", "R17", "R20", "R42"]', 'mandatory = ["R16", "R17", "R20"]'),
            "mandatory must name R42",
        ),
        (
            lambda text: text.replace(
                'rules = ["R16", "R17", "R20", "R42", "R43"]\nwants = []\ntensions = ["T4"]',
                'rules = ["R16", "R20", "R42", "R43"]\nwants = []\ntensions = ["T4"]',
            ),
            "state S9 leaves out the mandatory rule R17; add it",
        ),
        (
            lambda text: text.replace("rules = []\nwants", 'rules = ["R05"]\nwants', 1),
            "state S17 must show no rule",
        ),
        (
            lambda text: text.replace('text = "Labral calcifications are often incidental findings."', 'text = " "'),
            "the text of R16 is blank; write it",
        ),
        (
            lambda text: text.replace('text = "No candidate detected; this does not exclude one."', 'text = ""'),
            "the text of S0.1 is blank",
        ),
        (
            lambda text: (
                text[: text.index("disclaimer = [")]
                + "disclaimer = []\n"
                + text[text.index("# {citation} is the number") :]
            ),
            "the text of disclaimer is blank",
        ),
        (
            lambda text: text.replace('"blocker"', '"caution"'),
            "gate R has no blocker; add one",
        ),
        (lambda text: text.replace('prefix = "mra_"', 'prefix = "nsaid_"'), "share the column nsaid_pregnancy; rename"),
        (
            lambda text: text.replace('column = "red_flags"', 'column = "flags"'),
            "gate R: flags is no checklist; choose one of red_flags, nsaid_checklist, injection_checklist, mra_check",
        ),
        (
            lambda text: text.replace('derived_from = "age_years"', 'derived_from = "hip_pain"'),
            "gate N: an item can be derived from age_years only",
        ),
        (
            lambda text: text.replace('allowed = ["R", "L", "both"]', 'allowed = ["R", "L"]'),
            "input pain_side must allow R, L, both",
        ),
        (
            lambda text: text.replace("precedence = 1\n", "precedence = 99\n"),
            "the precedence must order the states as S17, S0, S1",
        ),
        (lambda text: text.replace('citation = "[4]"\n', ""), "rules R36: the field citation is missing; add it"),
        (
            lambda text: text.replace('kind = "evidence"', 'kind = "fact"'),
            "rules R36, kind: 'fact' is not allowed; choose",
        ),
        (
            lambda text: text.replace('basis = "L"', 'basis = "X"', 1),
            "basis: 'X' is not allowed; choose one of S, L, M, D, E",
        ),
        (
            lambda text: text.replace("adult_from_years = 18", 'adult_from_years = "18"'),
            "adult_from_years: '18' is no int",
        ),
        (lambda text: text.replace('version = "1.0.0"', "version = 1"), "version: 1 is no str"),
        (
            lambda text: text.replace('zones = ["rim", "rim-overlay"]', 'zones = "rim"'),
            "scope, zones: a list is expected",
        ),
        (
            lambda text: text.replace('version = "1.0.0"', 'version = "1.0.0"\ncolour = "red"'),
            "colour is no field here",
        ),
        (lambda text: text.replace('version = "1.0.0"', 'sha256 = "0"'), "the field sha256 is computed, leave it out"),
        (lambda text: text.replace("[scope]", "[scop]"), "scop is no field here; the fields are name, version"),
        (lambda text: text.replace("[scope]", "[scope"), "is no TOML file: "),
    ],
)
def test_a_spoilt_copy_is_refused_with_the_place(tmp_path: Path, change: Callable[[str], str], message: str) -> None:
    with pytest.raises(UsageError, match=f"site.toml.*{message}"):
        load_workflow(copy_with(tmp_path, change))


def test_a_table_must_hold_fields(tmp_path: Path) -> None:
    file = copy_with(tmp_path, lambda text: "tensions = [1]\n" + "\n".join(_without_tensions(text)))
    with pytest.raises(UsageError, match="site.toml, tensions 1: a table of fields is expected here"):
        load_workflow(file)


def _without_tensions(text: str) -> list[str]:
    blocks = text.split("\n\n")
    return [f"{block}\n" for block in blocks if not block.lstrip().startswith("[[tensions]]")]


def test_a_missing_file_and_one_in_another_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none.toml cannot be read \(No such file or directory\)"):
        load_workflow(tmp_path / "none.toml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes('name = "Klinik für Orthopädie"'.encode("latin-1"))
    with pytest.raises(UsageError, match=r"latin.toml is no TOML file"):
        load_workflow(latin)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("plan is made to fit", "plan, with naproxen, is made to fit"), "the text of R43 names naproxen, which the"),
        (("if the clinician agrees", "say diclofenac, if the clinician agrees"), "the text of R04 names diclofenac"),
        (("if the clinician agrees", "say ibuprofen, if the clinician agrees"), "the text of R04 names ibuprofen"),
        (("without agents or amounts", "such as 40 mg of it"), "the text of R14 gives '40 mg', which the source"),
        (("400-600mg three times", "400-800mg three times"), "the text of R05 gives '400-800mg', which the source"),
        (("Injection not offered;", "Inject lidocaine;"), "the text of gate C names lidocaine"),
        (
            ("Made for ossification", "Give naproxen. Made for ossification"),
            "the text of grading brooker names naproxen",
        ),
        (("No grade is given", "Naproxen"), "the text of no_grading_text names naproxen"),
        (("Fever?", "Fever, and naproxen?"), "the text of item red_flag_fever names naproxen"),
        (("For how many weeks?", "For how many weeks, 40 mg?"), "input pain_duration_weeks gives '40 mg'"),
        (
            ("[[states.texts]]", '[[states.texts]]\nid = "S17.9"\ntext = "Naproxen."\nbasis = "E"\n[[states.texts]]'),
            "the text of S17.9 names naproxen",
        ),
    ],
)
def test_a_site_can_add_no_drug_and_no_amount(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_workflow(copy_with(tmp_path, lambda text: text.replace(*change)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('mandatory = ["R16"', 'mandatory = ["R99", "R16"', "mandatory names R99, which does not exist"),
        (
            "No surgical opinion is suggested",
            "Naproxen, and no surgical opinion, is",
            "specialist_blocked_text names nap",
        ),
    ],
)
def test_the_place_of_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = model_file("guideline-1", "workflow.toml").read_text(encoding="utf-8")
    assert old in text
    site = tmp_path / "site.toml"
    site.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        load_workflow(site)
