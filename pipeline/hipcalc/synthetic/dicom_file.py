"""A phantom as a DICOM file: Digital X-Ray Image Storage - For Presentation (PS3.3, A.26)."""

import uuid
from pathlib import Path
from typing import Final, Literal

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, JPEGLSLossless

from hipcalc.synthetic.body import SideName
from hipcalc.synthetic.imaging import Imaging

__all__ = ["BodyPart", "write_dicom"]

BodyPart = Literal["PELVIS", "HIP", "FOREARM"]
_REGION: Final[dict[BodyPart, tuple[str, str]]] = {
    "PELVIS": ("12921003", "Pelvis"),
    "HIP": ("24136001", "Hip joint"),
    "FOREARM": ("14975008", "Forearm"),
}
# A fixed name space, so that the identifiers follow from the seed alone.
_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "hipcalc.synthetic")
_DATE: Final = "20260101"
_TIME: Final = "120000"


def _uid(*parts: object) -> UID:
    """Return a UID derived from a name-based UUID (PS3.5, B.2)."""
    return UID(f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(map(str, parts))).int}")


def _code(value: str, meaning: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return Sequence([item])


def write_dicom(
    file: Path,
    pixels: NDArray[np.uint16],
    imaging: Imaging,
    *,
    number: int,
    seed: int,
    body_part: BodyPart,
    side: SideName | None,
    magnification: float,
) -> None:
    """Write a phantom as a DICOM file, losslessly compressed (JPEG-LS).

    Parameters
    ----------
    file : Path
    pixels : ndarray of uint16, shape (rows, columns)
        Of `imaging.bits` bits, bone bright.
    imaging : Imaging
        For the header's exposure and spacing, and how values are stored.
    number : int
        Of the phantom, from 1: its only name.
    seed : int
        Identifiers follow from it and the number.
    body_part : {"PELVIS", "HIP", "FOREARM"}
    side : {"R", "L"} or None
        Of a unilateral view.
    magnification : float
        At the hips, for EstimatedRadiographicMagnificationFactor.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = _uid(seed, number, "image")
    meta.TransferSyntaxUID = JPEGLSLossless
    meta.ImplementationClassUID = _uid("implementation")
    dataset = FileDataset(str(file), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    _describe_study(dataset, number, seed)
    _describe_view(dataset, body_part, side)
    if imaging.is_frog_leg:
        dataset.SeriesDescription = "frog leg"
    _describe_exposure(dataset, imaging, magnification)
    _describe_pixels(dataset, pixels.shape, imaging)
    dataset.PixelData = encapsulate([bytes(imagecodecs.jpegls_encode(_as_stored(pixels, imaging)))])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(file, enforce_file_format=True)


def _describe_study(dataset: Dataset, number: int, seed: int) -> None:
    dataset.PatientName, dataset.PatientID = f"PHANTOM^{number:03d}", f"PHANTOM-{number:03d}"
    dataset.PatientBirthDate, dataset.PatientSex = "", "O"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _uid(seed, number, "study"), _uid(seed, number, "series")
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = _DATE
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = _TIME
    dataset.ReferringPhysicianName, dataset.StudyID, dataset.AccessionNumber = "", "1", ""
    dataset.SeriesNumber, dataset.InstanceNumber = 1, 1
    dataset.StudyDescription = "hipcalc phantom"
    dataset.Modality, dataset.PresentationIntentType = "DX", "FOR PRESENTATION"
    dataset.Manufacturer, dataset.ManufacturerModelName = "hipcalc", "synthetic"
    dataset.DeviceSerialNumber, dataset.SoftwareVersions = "none", "phantom 1"


def _describe_view(dataset: Dataset, body_part: BodyPart, side: SideName | None) -> None:
    code, meaning = _REGION[body_part]
    dataset.BodyPartExamined, dataset.AnatomicRegionSequence = body_part, _code(code, meaning)
    dataset.ImageLaterality = side or ("U" if body_part == "PELVIS" else "R")
    dataset.ViewPosition, dataset.ViewCodeSequence = "AP", _code("399348003", "antero-posterior")
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence()
    # Columns run to the patient's left, rows to the feet.
    dataset.PatientOrientation = ["L", "F"]
    dataset.PositionerType = "NONE"


def _describe_exposure(dataset: Dataset, imaging: Imaging, magnification: float) -> None:
    dataset.KVP = f"{imaging.kilovolts:g}"
    dataset.DistanceSourceToDetector = f"{imaging.source_distance_mm:g}"
    dataset.EstimatedRadiographicMagnificationFactor = f"{magnification:.4f}"
    dataset.ImagerPixelSpacing = [f"{imaging.pixel_mm:g}"] * 2
    dataset.DetectorType, dataset.DetectorConfiguration = "SCINTILLATOR", "AREA"
    dataset.AcquisitionContextSequence = Sequence()


def _as_stored(pixels: NDArray[np.uint16], imaging: Imaging) -> NDArray[np.uint8] | NDArray[np.uint16]:
    values = np.uint16(2**imaging.bits - 1) - pixels if imaging.photometric == "MONOCHROME1" else pixels
    return values.astype(np.uint8) if imaging.bits == 8 else values


def _describe_pixels(dataset: Dataset, shape: tuple[int, ...], imaging: Imaging) -> None:
    bits, is_inverse = imaging.bits, imaging.photometric == "MONOCHROME1"
    dataset.ImageType = ["DERIVED", "PRIMARY", ""]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, imaging.photometric
    dataset.Rows, dataset.Columns = shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8 if bits == 8 else 16, bits, bits - 1
    dataset.PixelRepresentation = 0
    # The sign says whether larger values mean more exposure, as they do where bone is dark.
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LOG", 1 if is_inverse else -1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.WindowCenter, dataset.WindowWidth = str(2 ** (bits - 1)), str(2**bits)
    dataset.PresentationLUTShape, dataset.LossyImageCompression = "INVERSE" if is_inverse else "IDENTITY", "00"
    furniture = imaging.furniture
    dataset.BurnedInAnnotation = "YES" if furniture.text_boxes or furniture.scale_bars else "NO"
