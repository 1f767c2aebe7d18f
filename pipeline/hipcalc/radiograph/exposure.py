"""Detector values that are in proportion to the X-rays -> values that are in proportion to what absorbed them."""

import math

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

__all__ = ["as_attenuation"]

# Fewer X-rays than this share of the most, 3 in optical density, are scatter, lead and the detector's offset.
LEAST_EXPOSURE = 1e-3
# A few defective pixels are brighter than any exposure.
MOST_EXPOSED_PERCENTILE = 99.9


def as_attenuation(values: NDArray[np.float32], dataset: Dataset, notes: list[str]) -> NDArray[np.float32]:
    """Take the logarithm of a raw image whose values are in proportion to the X-rays; leave every other as it is.

    Attenuation is exponential (Beer and Lambert), so bone lies crowded at one end of such a scale, and the same focus
    has another contrast over soft tissue than over bone. What a vendor made for viewing has been through a logarithm.

    Parameters
    ----------
    values : ndarray of float32, shape (rows, columns)
        As stored.
    dataset : Dataset
        Asked for Presentation Intent Type, Pixel Intensity Relationship and its sign (PS3.3, C.8.11.1 and C.8.11.3),
        and for modality and VOI LUT, which may hold a logarithm already.
    notes : list of str
        Gets a sentence where the logarithm was taken, or could not be.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        In the order of the values that were given.
    """
    is_raw = _word(dataset, "PresentationIntentType") == "FOR PROCESSING"
    is_linear = _word(dataset, "PixelIntensityRelationship") == "LIN"
    if not (is_raw and is_linear) or dataset.get("ModalityLUTSequence") or dataset.get("VOILUTSequence"):
        return values
    sign = _word(dataset, "PixelIntensityRelationshipSign")
    if sign not in ("1", "-1"):
        notes.append("raw values in proportion to the X-rays were left as they are: the header does not say their sign")
        return values
    notes.append("the logarithm of raw values in proportion to the X-rays was taken")
    low, high = float(values.min()), float(values.max())
    # 1: lower values mean fewer X-rays; -1: higher values do, counted down from the highest of so many bits.
    exposure = values - np.float32(min(low, 0.0)) if sign == "1" else np.float32(_highest(high)) - values
    most = float(np.percentile(exposure[::8, ::8], MOST_EXPOSED_PERCENTILE))
    logarithm = np.log(np.maximum(exposure, np.float32(max(most * LEAST_EXPOSURE, 1e-6))))
    return np.asarray(logarithm if sign == "1" else -logarithm, np.float32)


def _highest(value: float) -> float:
    """Return the highest value of the fewest bits that hold this one."""
    return float(2 ** math.ceil(math.log2(value + 1)) - 1) if value > 0 else value


def _word(dataset: Dataset, keyword: str) -> str:
    return str(dataset.get(keyword, "") or "").strip().upper()
