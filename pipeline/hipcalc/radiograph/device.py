"""Who made the detector: the one header field about a device that names neither person, place nor day."""

import io
import warnings

import pydicom

__all__ = ["manufacturer_of"]

_MOST_CHARACTERS = 64


def manufacturer_of(data: bytes) -> str:
    """Return Manufacturer (0008,0070) of a DICOM file; empty where the file has none or is no DICOM.

    Parameters
    ----------
    data : bytes
        Of the whole file.
    """
    if data[128:132] != b"DICM":
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True, specific_tags=["Manufacturer"])
            return " ".join(str(dataset.get("Manufacturer", "") or "").split())[:_MOST_CHARACTERS]
        except Exception:  # a damaged header raises anything
            return ""
