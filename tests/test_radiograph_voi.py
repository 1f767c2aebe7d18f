"""VOI windows and tables: what bends the grey scale is applied, what clips it is not, what is broken is named."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from hipcalc.radiograph import read_radiograph
from radiograph_files import bony_picture, dicom_dataset, save, stored

PIXELS = stored(bony_picture(), 12)


def read(tmp_path, **header):
    return read_radiograph(save(dicom_dataset(PIXELS, **header), tmp_path / "a.dcm"))


def table(entries, *, first=0, count=None):
    item = Dataset()
    item.LUTDescriptor = [len(entries) % 65536 if count is None else count, first, 16]
    item.LUTData = np.asarray(entries, np.uint16).tobytes()
    item["LUTData"].VR = "OW"
    return [item]


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", None])
def test_a_linear_window_clips_nothing(tmp_path, function):
    header = {} if function is None else {"VOILUTFunction": function}
    image = read(tmp_path, WindowCenter="2000", WindowWidth="50", **header)
    np.testing.assert_array_equal(image.pixels, PIXELS.astype(np.float32))
    assert image.notes == ()


def test_a_sigmoid_window_is_the_standards_curve(tmp_path):
    image = read(tmp_path, WindowCenter="2000", WindowWidth="3000", VOILUTFunction="SIGMOID")
    expected = 1 / (1 + np.exp(-4 * (PIXELS.astype(float) - 2000) / 3000))
    np.testing.assert_allclose(image.pixels, expected, atol=1e-6)
    assert image.polarity == "bone-bright"


def test_a_narrow_sigmoid_cuts_and_is_not_applied(tmp_path):
    image = read(tmp_path, WindowCenter="2000", WindowWidth="50", VOILUTFunction="SIGMOID")
    np.testing.assert_array_equal(image.pixels, PIXELS.astype(np.float32))
    assert "would cut grey levels off" in image.notes[0]


def test_a_table_is_applied_and_values_beyond_it_take_its_ends(tmp_path):
    first = int(np.percentile(PIXELS, 30))
    entries = np.round(np.linspace(0, 255, 3000) ** 2)
    image = read(tmp_path, VOILUTSequence=table(entries, first=first))
    expected = entries[np.clip(PIXELS.astype(int) - first, 0, 2999)]
    np.testing.assert_array_equal(image.pixels, expected.astype(np.float32))


def test_a_table_outranks_a_window(tmp_path):
    entries = np.arange(4096) * 2
    image = read(tmp_path, VOILUTSequence=table(entries), WindowCenter="7", WindowWidth="0")
    np.testing.assert_array_equal(image.pixels, 2.0 * PIXELS)
    assert image.notes == ()


@pytest.mark.parametrize(
    ("header", "note"),
    [
        ({"WindowCenter": "2000", "WindowWidth": "0"}, "the window is invalid and was ignored"),
        ({"WindowCenter": "2000"}, "the window is invalid and was ignored"),
        ({"WindowCenter": "2000", "WindowWidth": "-5", "VOILUTFunction": "SIGMOID"}, "the window is invalid"),
        ({"VOILUTSequence": table(np.arange(10), count=4096)}, "the VOI LUT is invalid and was ignored"),
        ({"VOILUTSequence": table(np.zeros(4096))}, "does not keep the order or the number of grey levels"),
        ({"VOILUTSequence": table(np.arange(4096) % 1000)}, "does not keep the order"),
    ],
)
def test_what_is_invalid_is_named_and_left_out(tmp_path, header, note):
    image = read(tmp_path, **header)
    np.testing.assert_array_equal(image.pixels, PIXELS.astype(np.float32))
    assert note in image.notes[0]
