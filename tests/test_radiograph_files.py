"""PNG, JPEG and TIFF, what a user may point at, and what is no image at all."""

import io
import os

import imagecodecs
import numpy as np
import pytest
import tifffile

from hipcalc.errors import InputRejectedError, InputUnreadableError, UsageError
from hipcalc.radiograph import find_inputs, read_radiograph
from radiograph_files import bony_picture, dicom_dataset, save, stored, write_png

PIXELS_8 = stored(bony_picture(), 8).astype(np.uint8)
PIXELS_16 = stored(bony_picture(), 16)


@pytest.mark.parametrize("pixels", [PIXELS_8, PIXELS_16], ids=["8 bits", "16 bits"])
def test_png_gives_the_stored_values(tmp_path, pixels):
    image = read_radiograph(write_png(tmp_path / "a.png", pixels))
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.bits == pixels.dtype.itemsize * 8
    assert (image.spacing_mm, image.spacing_source) == (None, "unknown")


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_tiff_gives_the_stored_values(tmp_path, photometric):
    tifffile.imwrite(tmp_path / "a.tif", PIXELS_16, photometric=photometric)
    np.testing.assert_array_equal(read_radiograph(tmp_path / "a.tif").pixels, PIXELS_16)


def test_jpeg_is_close(tmp_path):
    (tmp_path / "a.jpg").write_bytes(imagecodecs.jpeg8_encode(PIXELS_8, level=95))
    assert np.abs(read_radiograph(tmp_path / "a.jpg").pixels - PIXELS_8).mean() < 1.5


def test_grey_in_rgb_and_alpha_become_grey(tmp_path):
    rgb = np.repeat(PIXELS_8[..., None], 3, axis=2)
    rgba = np.concatenate([rgb, np.full_like(rgb[..., :1], 255)], axis=2)
    for name, pixels in (("rgb.png", rgb), ("rgba.png", rgba)):
        np.testing.assert_array_equal(read_radiograph(write_png(tmp_path / name, pixels)).pixels, PIXELS_8)


def test_small_coloured_annotation_does_not_make_a_colour_picture(tmp_path):
    rgb = np.repeat(PIXELS_8[..., None], 3, axis=2)
    rgb[10:30, 10:60] = (255, 255, 0)
    assert read_radiograph(write_png(tmp_path / "a.png", rgb)).shape == PIXELS_8.shape


def test_colour_photograph_is_rejected(tmp_path):
    photo = np.random.default_rng(1).integers(0, 255, (200, 300, 3)).astype(np.uint8)
    with pytest.raises(InputRejectedError, match=r"a\.png: this is a colour picture, not a radiograph\.$"):
        read_radiograph(write_png(tmp_path / "a.png", photo))


def test_several_pages_are_rejected(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.stack([PIXELS_16, PIXELS_16]), photometric="minisblack")
    with pytest.raises(InputRejectedError, match="holds several pages; export one radiograph per file"):
        read_radiograph(tmp_path / "a.tif")


def test_cmyk_is_rejected(tmp_path):
    (tmp_path / "a.jpg").write_bytes(
        imagecodecs.jpeg8_encode(np.repeat(PIXELS_8[..., None], 4, axis=2), colorspace="CMYK", outcolorspace="CMYK")
    )
    with pytest.raises(InputRejectedError, match="is no single grey image"):
        read_radiograph(tmp_path / "a.jpg")


@pytest.mark.parametrize("kind", ["png", "jpg", "tif"])
def test_truncated_picture_is_unreadable(tmp_path, kind):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, PIXELS_8)
    whole = {
        "png": imagecodecs.png_encode(PIXELS_8),
        "jpg": imagecodecs.jpeg8_encode(PIXELS_8),
        "tif": buffer.getvalue(),
    }
    path = tmp_path / f"a.{kind}"
    for tenth in range(1, 10):
        path.write_bytes(whole[kind][: len(whole[kind]) * tenth // 10])
        with pytest.raises(
            InputUnreadableError, match="is cut short; copy it again|is damaged; export the image again"
        ):
            read_radiograph(path)


def test_bytes_after_the_end_of_a_jpeg_do_not_matter(tmp_path):
    (tmp_path / "a.jpg").write_bytes(imagecodecs.jpeg8_encode(PIXELS_8) + b"\0" * 5000)
    assert read_radiograph(tmp_path / "a.jpg").shape == PIXELS_8.shape


def test_not_a_number_becomes_the_lowest_value(tmp_path):
    floats = bony_picture()
    floats[5, 5] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", floats)
    pixels = read_radiograph(tmp_path / "a.tif").pixels
    assert pixels[5, 5] == np.nanmin(floats)


def test_text_named_dcm_says_so(tmp_path):
    (tmp_path / "a.dcm").write_text("patient list\n" * 50)
    with pytest.raises(InputUnreadableError, match=r"a\.dcm: the content is not what the suffix \.dcm says"):
        read_radiograph(tmp_path / "a.dcm")


def test_other_files_are_no_images(tmp_path):
    (tmp_path / "README.md").write_text("# read me\n")
    with pytest.raises(InputRejectedError, match=r"README\.md: not an image file"):
        read_radiograph(tmp_path / "README.md")


def test_missing_empty_and_folder(tmp_path):
    with pytest.raises(InputUnreadableError, match="there is no such file or folder"):
        read_radiograph(tmp_path / "missing.dcm")
    (tmp_path / "empty.dcm").touch()
    with pytest.raises(InputUnreadableError, match="the file is empty"):
        read_radiograph(tmp_path / "empty.dcm")
    with pytest.raises(InputUnreadableError, match="this is a folder; name a file in it"):
        read_radiograph(tmp_path)
    (tmp_path / "inner").mkdir()
    with pytest.raises(InputUnreadableError, match="inner: this folder holds no file; leave it out"):
        read_radiograph(tmp_path / "inner")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_unreadable_permissions(tmp_path):
    path = write_png(tmp_path / "a.png", PIXELS_8)
    path.chmod(0)
    with pytest.raises(InputUnreadableError, match=r"cannot be opened \(Permission denied\); check its permissions"):
        read_radiograph(path)


@pytest.mark.parametrize("spacing", [0.0, -0.1, float("nan"), float("inf")])
def test_given_spacing_must_be_positive(tmp_path, spacing):
    path = write_png(tmp_path / "a.png", PIXELS_8)
    with pytest.raises(UsageError, match="must be a positive number of millimetres"):
        read_radiograph(path, spacing_mm=spacing)


def test_given_spacing_replaces_the_files_and_says_so(tmp_path):
    path = save(dicom_dataset(PIXELS_16, bits=16, ImagerPixelSpacing=["0.14", "0.14"]), tmp_path / "a.dcm")
    image = read_radiograph(path, spacing_mm=0.3)
    assert (image.spacing_mm, image.spacing_source) == (0.3, "user")
    assert "the given spacing replaces the file's 0.140 mm (detector-plane)" in image.notes
    assert read_radiograph(path, spacing_mm=0.125).notes == ()


def test_find_inputs_lists_every_file_of_a_folder_once_in_order(tmp_path):
    for name in ("b/2.dcm", "b/1", "a/x.png", "README.md", ".hidden", "b/.cache/3.dcm"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = find_inputs([tmp_path / "b", tmp_path, tmp_path / "README.md"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["README.md", "a/x.png", "b/1", "b/2.dcm"]


def test_find_inputs_keeps_what_cannot_be_listed(tmp_path):
    (tmp_path / "empty").mkdir()
    assert find_inputs([tmp_path / "empty", tmp_path / "missing.dcm"]) == (tmp_path / "empty", tmp_path / "missing.dcm")


def test_find_inputs_takes_a_named_hidden_file(tmp_path):
    (tmp_path / ".a.dcm").touch()
    assert find_inputs([tmp_path / ".a.dcm"]) == (tmp_path / ".a.dcm",)


def test_find_inputs_ends_in_a_loop_of_links(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.png").touch()
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert find_inputs([tmp_path]) == (tmp_path / "a" / "x.png",)


def test_a_link_that_leads_nowhere_or_out_of_the_folder_is_told(tmp_path):
    cohort, elsewhere = tmp_path / "cohort", tmp_path / "elsewhere"
    for folder in (cohort, elsewhere):
        folder.mkdir()
        (folder / "x.png").touch()
    (cohort / "gone.dcm").symlink_to(elsewhere / "gone.dcm")
    (cohort / "site").symlink_to(elsewhere, target_is_directory=True)
    assert find_inputs([cohort]) == (cohort / "gone.dcm", cohort / "site", cohort / "x.png")
    with pytest.raises(InputUnreadableError, match="gone.dcm: this is a link to a file that is not there; mend the"):
        read_radiograph(cohort / "gone.dcm")
    with pytest.raises(InputUnreadableError, match="site: this is a link to a folder, which is not followed; name"):
        read_radiograph(cohort / "site")
    assert find_inputs([cohort / "site"]) == (cohort / "site" / "x.png",)


def test_names_may_hold_anything(tmp_path):
    path = write_png(tmp_path / "a \n \N{BONE} .png", PIXELS_8)
    assert [read_radiograph(found).path for found in find_inputs([tmp_path])] == [str(path)]
