"""The map of codes: only verified codes are used, and a site's own map is checked."""

import tomllib

import pytest

from hipcalc.errors import UsageError
from hipcalc.report.codes import CODES_VARIABLE, verified_code
from hipcalc.report.formats.fhir.codes import coding
from hipcalc_models import model_file

# The guideline's clinical page, section 8.
VERIFIED = {
    "18115005", "37783008", "24136001", "29836001", "2812003", "24028007", "7771000", "51440002", "81827009",
    "42798000", "83323007", "26131-3", "26132-1", "26130-5", "RID2644",
}  # fmt: skip
ENTRY = {"scheme": "SCT", "value": "29836001", "meaning": "Hip", "verified": True}


def own_map(tmp_path, monkeypatch, text):
    path = tmp_path / "codes.toml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv(CODES_VARIABLE, str(path))
    return path


def entry_text(**changes):
    lines = []
    for key, value in (ENTRY | changes).items():
        written = str(value).lower() if isinstance(value, bool) else f'"{value}"'
        lines.append(f"{key} = {written}")
    return "[concepts.hip]\n" + "\n".join(lines)


def test_every_code_of_the_map_is_one_of_the_verified_list():
    concepts = tomllib.loads(model_file("codes-1", "codes.toml").read_text(encoding="utf-8"))["concepts"]
    found = {one["value"] for one in concepts.values() if one["verified"]}
    assert found == VERIFIED
    assert all(one["value"] == "" for one in concepts.values() if not one["verified"])


def test_a_concept_without_a_verified_code_has_none():
    assert coding("hip-joint") == [{"system": "http://snomed.info/sct", "code": "24136001", "display": "Hip joint"}]
    assert coding("labral-calcification") == coding("no such concept") == []


def test_a_site_replaces_the_map(tmp_path, monkeypatch):
    own_map(tmp_path, monkeypatch, entry_text(value="123", meaning="our hip"))
    assert verified_code("hip").meaning == "our hip"
    assert verified_code("right") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("concepts = ", "is no map of codes .*; write it as the one that comes with hipcalc"),
        ("codes = 1", "is no map of codes"),
        ("concepts = 1", "is no map of codes"),
        (entry_text(verified="yes"), "the concept hip must have scheme, value and meaning as text, and verified as"),
        ('[concepts]\nhip = "29836001"', "the concept hip must have scheme, value and meaning as text"),
        (entry_text(scheme="99SITE"), "the concept hip has the scheme '99SITE'; choose out of SCT, LN, RADLEX, DCM"),
        (entry_text(value="two words"), "the concept hip has the value 'two words', which is no code"),
        (entry_text(value=""), "the concept hip has the value '', which is no code"),
        (entry_text(meaning=65 * "m"), "the concept hip needs a meaning of at most 64 characters"),
    ],
)
def test_a_wrong_map_is_refused_in_a_sentence(tmp_path, monkeypatch, text, message):
    path = own_map(tmp_path, monkeypatch, text)
    with pytest.raises(UsageError, match=message) as refused:
        verified_code("hip")
    assert str(refused.value).startswith(str(path))


def test_a_map_that_is_not_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(CODES_VARIABLE, str(tmp_path / "none.toml"))
    with pytest.raises(
        UsageError, match="the map of codes cannot be read .No such file or directory.; see HIPCALC_COD"
    ):
        verified_code("hip")
