"""Images that are no longer where they were screened: found by the end of their paths, never by guessing."""

import pytest

from hipcalc.cohort.locating import fetch_from
from hipcalc.errors import InputUnreadableError, UsageError


@pytest.fixture
def moved(tmp_path):
    for name in ("a/1/hip.dcm", "a/2/hip.dcm", "a/2/other.dcm"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("cohort/2/hip.dcm", "a/2/hip.dcm"),
        ("/mnt/disk/a/1/hip.dcm", "a/1/hip.dcm"),
        ("2/hip.dcm", "a/2/hip.dcm"),
        ("anywhere/other.dcm", "a/2/other.dcm"),
    ],
)
def test_an_image_is_found_where_its_path_ends_alike(moved, path, found):
    assert fetch_from([str(moved)])(path) == found.encode()


def test_of_two_that_may_be_it_none_is_taken(moved):
    with pytest.raises(
        InputUnreadableError, match=r"^hip.dcm: .*1/hip.dcm and .*2/hip.dcm may both be this image; give"
    ):
        fetch_from([str(moved)])("hip.dcm")


def test_what_is_in_no_place_is_read_where_it_was(moved):
    assert fetch_from([str(moved / "a" / "1")])(str(moved / "a" / "2" / "other.dcm")) == b"a/2/other.dcm"
    assert fetch_from([])(str(moved / "a" / "1" / "hip.dcm")) == b"a/1/hip.dcm"
    with pytest.raises(
        InputUnreadableError,
        match="third.dcm: there is no such file or folder; give the place where it is now as --source",
    ):
        fetch_from([str(moved)])("third.dcm")


def test_a_place_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="gone: there is no such file or folder; give the place where the images are"):
        fetch_from([str(tmp_path / "gone")])
