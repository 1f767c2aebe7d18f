"""Files that lie, break off or would fill a memory: each is a row with a reason, quickly and in little memory."""

import os
import re
import resource
import subprocess
import sys
import zlib

import imagecodecs
import numpy as np
import pandas as pd
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless

from hipcalc.errors import HipcalcError
from hipcalc.radiograph import read_radiograph
from radiograph_files import bony_picture, dicom_dataset, encoded_dataset, save, stored
from small_radiographs import small_hip

PIXELS = stored(bony_picture(200, 220), 12)


def outcome(path):
    """A sentence, or None for a file that was read."""
    try:
        image = read_radiograph(path)
    except HipcalcError as error:
        reason = str(error)
    else:
        assert np.isfinite(image.pixels).all()
        assert image.spacing_mm is None or 0 < image.spacing_mm < 1
        return None
    assert re.fullmatch(r"[^\n]{20,400}\.", reason), reason
    return reason


def _png(rows, columns):
    """A PNG whose header says so many pixels and whose data are few zeros."""

    def chunk(name, data):
        body = name + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    header = columns.to_bytes(4, "big") + rows.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    data = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _jpeg(rows, columns):
    data = bytearray(imagecodecs.jpeg8_encode((PIXELS >> 4).astype(np.uint8)))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = rows.to_bytes(2, "big") + columns.to_bytes(2, "big")
    return bytes(data)


def _tiff(rows, columns):
    entries = [(256, columns), (257, rows), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, rows), (279, 16)]
    body = b"II*\x00" + (24).to_bytes(4, "little") + bytes(16) + len(entries).to_bytes(2, "little")
    for tag, value in entries:
        body += tag.to_bytes(2, "little") + (4).to_bytes(2, "little") + (1).to_bytes(4, "little")
        body += value.to_bytes(4, "little")
    return body + bytes(4)


def _jpeg2000(rows, columns):
    data = bytearray(imagecodecs.jpeg2k_encode(PIXELS, level=0, codecformat="j2k"))
    at = data.index(b"\xff\x51")
    data[at + 6 : at + 14] = columns.to_bytes(4, "big") + rows.to_bytes(4, "big")
    return bytes(data)


def _lut(descriptor, data):
    item = Dataset()
    item.LUTDescriptor, item.LUTData = descriptor, data
    item["LUTData"].VR = "OW"
    return [item]


def _deflated_bomb(path):
    save(dicom_dataset(PIXELS, syntax=DeflatedExplicitVRLittleEndian), path)
    whole = path.read_bytes()
    head = whole[: 144 + int.from_bytes(whole[140:144], "little")]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = bytes(16_000_000)
    path.write_bytes(head + b"".join(packer.compress(block) for _ in range(64)) + packer.flush())


def _write_jpeg2000(path):
    save(encoded_dataset(_jpeg2000(60000, 60000), PIXELS, syntax=JPEG2000Lossless), path)


def _write_other_size(path):
    data = bytes(imagecodecs.jpegls_encode(np.tile(PIXELS, (3, 3))))
    save(encoded_dataset(data, PIXELS, syntax=JPEGLSLossless), path)


def hostile_files(folder):
    """Write every file that must not do harm; the reason that its row gives."""
    writers = {
        "huge.dcm": (lambda p: save(dicom_dataset(PIXELS, Rows=60000, Columns=60000), p), "are no radiograph"),
        "rows.dcm": (lambda p: save(dicom_dataset(PIXELS, Rows=5000), p), "cut short"),
        "none.dcm": (lambda p: save(dicom_dataset(PIXELS, Rows=0), p), "are no radiograph"),
        "frames.dcm": (lambda p: save(dicom_dataset(PIXELS, NumberOfFrames=9000), p), "holds 9000 frames"),
        "bits.dcm": (lambda p: save(dicom_dataset(PIXELS, BitsAllocated=64), p), "64 bits per pixel"),
        "empty.dcm": (lambda p: save(dicom_dataset(PIXELS, PixelData=b""), p), "cut short|empty|damaged"),
        "flat.dcm": (lambda p: save(dicom_dataset(PIXELS * 0), p), "every pixel has the same value"),
        "deflated.dcm": (_deflated_bomb, "would unpack to more"),
        "j2k.dcm": (_write_jpeg2000, "more pixels"),
        "jls.dcm": (_write_other_size, "the image data hold"),
        "huge.png": (lambda p: p.write_bytes(_png(60000, 60000)), "more pixels than any radiograph"),
        "huge.jpg": (lambda p: p.write_bytes(_jpeg(65000, 65000)), "more pixels than any radiograph"),
        "huge.tif": (lambda p: p.write_bytes(_tiff(60000, 60000)), "more pixels than any radiograph"),
        "new\nline \N{GRINNING FACE}.png": (lambda p: p.write_bytes(b"text"), "no image"),
    }  # fmt: skip
    folder.mkdir()
    for name, (write, _) in writers.items():
        write(folder / name)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "dangling.dcm").symlink_to(folder / "gone.dcm")
    reasons = {name: reason for name, (_, reason) in writers.items()}
    return {**reasons, "dangling.dcm": "is a link to a file that is not there"}


def test_each_is_a_row_with_a_reason_in_bounded_memory_and_time(tmp_path):
    reasons = hostile_files(tmp_path / "in")
    small_hip(tmp_path / "in" / "good.png")
    limit = 3 * 2**30

    def bound():
        # Address space, of which numerical libraries reserve more than they use.
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    command = [sys.executable, "-m", "hipcalc", "screen", str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [*command, "--workers", "1", "--no-detectability"],
        preexec_fn=bound, timeout=120, capture_output=True, text=True, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    # One line per input, whatever its name.
    assert re.search(r"new\\nline 😀\.png: (failed|rejected), ", done.stderr)
    images = pd.read_csv(tmp_path / "out" / "images.csv")
    rows = {path.rsplit("/in/")[-1]: row for path, row in zip(images["path"], images.itertuples(), strict=True)}
    assert set(rows) == {*reasons, "good.png"}
    assert rows.pop("good.png").status == "ok"
    for name, row in rows.items():
        assert row.status in ("failed", "rejected"), name
        assert re.search(reasons[name], row.reason), (name, row.reason)
    assert len(pd.read_parquet(tmp_path / "out" / "images.parquet")) == len(images)


@pytest.mark.parametrize(
    "header",
    [
        {"ModalityLUTSequence": _lut([0, 0, 16], b"\0\0")},
        {"ModalityLUTSequence": _lut([4096, 0, 99], bytes(8192))},
        {"VOILUTSequence": _lut([65535, 60000, 16], bytes(10))},
        {"WindowCenter": "1e300", "WindowWidth": "1e300"},
        {"RescaleSlope": "1e300", "RescaleIntercept": "0"},
        {"RescaleSlope": "0", "RescaleIntercept": "0"},
        {"PixelSpacing": ["0", "0"]},
        {"PixelSpacing": ["0.2", "-0.2"]},
        {"ImagerPixelSpacing": ["0.2"]},
        {"EstimatedRadiographicMagnificationFactor": "0", "ImagerPixelSpacing": ["0.2", "0.2"]},
        {"BitsStored": 0},
        {"BitsStored": 40, "HighBit": 60},
        {"HighBit": 0},
        {"SamplesPerPixel": 3},
        {"BitsStored": [12, 12]},
        {"SamplesPerPixel": []},
        {"PixelRepresentation": 7},
        {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 65535},
        {"PhotometricInterpretation": None},
        {"PhotometricInterpretation": "YBR_FULL"},
    ],
    ids=lambda header: "-".join(header),
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_absurd_headers_are_read_or_refused_with_a_sentence(tmp_path, header):
    outcome(save(dicom_dataset(PIXELS, **header), tmp_path / "a.dcm"))


@pytest.mark.parametrize("kind", ["dcm", "png", "jpg", "tif", "jls"])
def test_cut_at_every_tenth(tmp_path, kind):
    eight = (PIXELS >> 4).astype(np.uint8)
    whole = tmp_path / f"whole.{kind}"
    if kind == "dcm":
        save(dicom_dataset(PIXELS), whole)
    elif kind == "jls":
        save(encoded_dataset(bytes(imagecodecs.jpegls_encode(PIXELS)), PIXELS, syntax=JPEGLSLossless), whole)
    else:
        encode = {"png": imagecodecs.png_encode, "jpg": imagecodecs.jpeg8_encode, "tif": imagecodecs.tiff_encode}[kind]
        whole.write_bytes(encode(eight))
    assert outcome(whole) is None
    data = whole.read_bytes()
    for tenth in range(10):
        cut = tmp_path / f"cut.{kind}"
        cut.write_bytes(data[: len(data) * tenth // 10])
        assert outcome(cut) is not None, tenth


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.dcm")
    assert "no regular file" in outcome(tmp_path / "pipe.dcm")
