"""Small radiograph-like pictures, and DICOM files of any header around them, for the reading and normalising tests."""

from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

PATIENT = "Doe^Jane^Secret"


def bony_picture(rows: int = 420, columns: int = 400, *, noise: float = 0.004, seed: int = 7) -> NDArray[np.float32]:
    """Soft tissue, a round head and a roof with thin bright cortex; bone bright, about 0 to 1."""
    row, column = np.mgrid[:rows, :columns].astype(np.float32)
    scale = min(rows, columns) / 400
    distance = np.hypot(row - 0.55 * rows, column - 0.5 * columns) / scale
    picture = 0.1 + 0.35 * np.exp(-((column - 0.4 * columns) ** 2) / (0.5 * columns) ** 2) + 0.05 * row / rows
    picture += 0.25 / (1 + np.exp(np.clip((distance - 110) / 2.5, -50, 50)))
    picture += 0.18 * np.exp(-((distance - 108) ** 2) / (2 * 3.0**2))
    picture += 0.3 * np.exp(-((distance - 125) ** 2) / (2 * 5.0**2)) * (row < 0.5 * rows)
    rng = np.random.default_rng(seed)
    picture += noise * rng.standard_normal(picture.shape)
    return picture.astype(np.float32)


def stored(picture: NDArray[np.float32], bits: int) -> NDArray[np.uint16]:
    """Quantise a picture of about 0 to 1 to that many bits."""
    top = 2**bits - 1
    return np.clip(np.rint(picture * top), 0, top).astype(np.uint16)


def dicom_dataset(
    pixels: NDArray[Any], *, bits: int = 12, syntax: str = ExplicitVRLittleEndian, **header: Any
) -> FileDataset:
    """Make a complete radiograph; keyword arguments set or, when None, delete header elements."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["test"])
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.PatientName, dataset.PatientID = "DX", PATIENT, "12345"
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    dataset.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
    if pixels.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    for keyword, value in header.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def encoded_dataset(data: bytes, pixels: NDArray[Any], *, syntax: str, bits: int = 12, **header: Any) -> FileDataset:
    """Make a radiograph whose pixel data are one compressed frame."""
    dataset = dicom_dataset(pixels, bits=bits, syntax=syntax, **header)
    dataset.PixelData = encapsulate([data])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return dataset


def save(dataset: FileDataset, path: Path) -> Path:
    dcmwrite(path, dataset, enforce_file_format=True)
    return path


def write_png(path: Path, pixels: NDArray[Any]) -> Path:
    path.write_bytes(imagecodecs.png_encode(pixels))
    return path


def write_letter(picture: NDArray[np.float32], text: str, corner: tuple[int, int], value: float) -> None:
    """Burn a letter in, with its lower left corner at (row, column)."""
    strokes = np.zeros(picture.shape, np.uint8)
    cv2.putText(strokes, text, (corner[1], corner[0]), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 255, 6)
    picture[strokes > 127] = value
