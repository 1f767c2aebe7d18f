"""PDF: the same page as the HTML report; text that can be searched, A4, the notice on every sheet, the same bytes."""

import re

import numpy as np
import pypdfium2
import pytest

from format_builders import CONTEXT, PELVIS, copied_results, reported
from hipcalc.errors import UsageError

NOTICE = "Research software, not a medical device"


@pytest.fixture
def opened():
    documents = []

    def read(path):
        document = pypdfium2.PdfDocument(path)
        documents.append(document)
        return document

    yield read
    for document in documents:
        document.close()


def texts(document):
    found = []
    for sheet in document:
        text = sheet.get_textpage()
        found.append(re.sub(r"\s+", " ", text.get_text_bounded()))
        text.close()
        sheet.close()
    return found


def pdf(result, name=PELVIS):
    return result.folder / "patients" / f"{name}.pdf"


def test_every_sheet_is_a4_and_carries_the_notice(tmp_path, opened):
    _, result = reported(tmp_path, "pdf", R_1="confirmed", L_1="confirmed")
    document = opened(pdf(result))
    assert len(document) > 1
    for number, text in enumerate(texts(document)):
        assert [round(side) for side in document.get_page_size(number)] == [595, 842]
        assert NOTICE in text


def test_its_text_is_that_of_the_recommendation_and_can_be_searched(tmp_path, opened):
    _, result = reported(tmp_path, "pdf", R_1="confirmed", R_2="rejected", L_1="indeterminate")
    text = " ".join(texts(opened(pdf(result))))
    one = next(one for one in result.recommendations if (one.image_id, one.side) == (PELVIS, "R"))
    assert len(one.sentences) > 20
    squeezed = text.replace(" ", "")
    for sentence in one.sentences:
        assert sentence.text.replace(" ", "") in squeezed
        assert sentence.rule_id in text
    for wanted in (
        "Right hip: S10 conservative",
        "confirmed by Dr A. Reader",
        "hipcalc 9.8.7",
        "detection limit",
        "0.25",
    ):
        assert wanted in text
    assert f"{PELVIS}-R-2" not in text
    assert "holds unconfirmed algorithm output" in text


def test_nothing_confirmed_looks_confirmed(tmp_path, opened):
    _, result = reported(tmp_path, "pdf")
    sheets = texts(opened(pdf(result)))
    assert all("holds unconfirmed algorithm output" in sheet for sheet in sheets)
    text = " ".join(sheets)
    assert "Unconfirmed algorithm output. No human has confirmed this result" in text
    assert "Nothing is confirmed in this hip: no advice is given." in text
    assert "ibuprofen" not in text
    assert "confirmed by" not in text


def ring_colours(document):
    """Count the pixels of the first sheet that have a ring's colour: confirmed, unconfirmed."""
    sheet = document[0]
    picture = sheet.render(scale=3).to_numpy()[..., 2::-1].astype(int)
    sheet.close()
    return [
        int((np.abs(picture - np.array(colour)).max(axis=-1) < 12).sum()) for colour in ((64, 224, 122), (255, 176, 0))
    ]


def test_rings_are_drawn_by_their_review(tmp_path, opened):
    folder, result = reported(tmp_path, "pdf")
    confirmed, unconfirmed = ring_colours(opened(pdf(result)))
    assert confirmed == 0
    assert unconfirmed > 100
    _, result = reported(tmp_path, "pdf", folder=folder, R_1="confirmed")
    confirmed, fewer = ring_colours(opened(pdf(result)))
    assert confirmed > 100
    assert fewer < unconfirmed


def test_the_same_report_is_the_same_bytes_without_a_date(tmp_path):
    folder, result = reported(tmp_path, "pdf", R_1="confirmed")
    before = pdf(result).read_bytes()
    reported(tmp_path, "pdf", folder=folder)
    assert pdf(result).read_bytes() == before
    dates = set(re.findall(rb"/(?:CreationDate|ModDate) \(([^)]*)", before))
    assert all(date.startswith(b"D:2000") for date in dates)


def test_a_red_flag_leaves_no_rule_text(tmp_path, opened):
    _, result = reported(tmp_path, "pdf", contexts=[CONTEXT | {"red_flags": "fever;others-no"}], R_1="confirmed")
    text = " ".join(texts(opened(pdf(result))))
    assert "Right hip: S17 red flag" in text
    assert "R05" not in text


def test_a_run_without_pictures_gets_no_pdf(tmp_path):
    folder = copied_results(tmp_path)
    run = folder.read_run()
    folder.write_run(run | {"settings": run["settings"] | {"pages": False}})
    with pytest.raises(UsageError, match="The format pdf shows pictures, and hipcalc screen --format tables kept none"):
        reported(tmp_path, "pdf", folder=folder)
