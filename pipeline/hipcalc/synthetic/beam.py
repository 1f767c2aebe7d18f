"""From thickness to detector signal: attenuation, scatter, blur, noise."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.imaging import Imaging

__all__ = ["Attenuation", "attenuation_at", "detector_noise", "expose"]

Image = NDArray[np.float32]

# Mass attenuation coefficients in cm2/g (with coherent scattering) at these energies in keV: J. H. Hubbell, S. M.
# Seltzer, NISTIR 5632, tables 3 and 4 (physics.nist.gov/PhysRefData/XrayMassCoef), the same data base as NIST XCOM:
# ICRU-44 muscle, adipose tissue and cortical bone; hydroxyapatite by its mass fractions of Ca, P, O and H.
_ENERGY_KEV: Final = (40.0, 50.0, 60.0, 80.0)
_MUSCLE: Final = (0.2685, 0.2262, 0.2048, 0.1823)
_ADIPOSE: Final = (0.2396, 0.2123, 0.1974, 0.1800)
_CORTICAL_BONE: Final = (0.6655, 0.4242, 0.3148, 0.2229)
_HYDROXYAPATITE: Final = (0.9876, 0.5866, 0.4067, 0.2589)
_DENSITY: Final = {"muscle": 1.05, "adipose": 0.95, "bone": 1.92, "hydroxyapatite": 3.16}
# Quanta per mm2 and microgray behind a patient, times a detective efficiency of 0.65 (IEC 62220-1, beam RQA 5).
_QUANTA_PER_MM2: Final = 30174.0 * 0.65
_DETECTOR_MICROGRAY: Final = 2.5
_ELECTRONIC_SHARE: Final = 0.15


@dataclass(frozen=True, kw_only=True)
class Attenuation:
    """Linear attenuation coefficients per millimetre at the beam's effective energy."""

    muscle: float
    adipose: float
    bone: float
    hydroxyapatite: float


def attenuation_at(kilovolts: float) -> Attenuation:
    """Return the coefficients at the effective energy, 0.75 of the tube voltage (a beam hardened by the patient)."""
    energy = np.log(0.75 * kilovolts)

    def linear(table: tuple[float, ...], material: str) -> float:
        mass = float(np.exp(np.interp(energy, np.log(_ENERGY_KEV), np.log(table))))
        return mass * _DENSITY[material] / 10.0

    return Attenuation(
        muscle=linear(_MUSCLE, "muscle"),
        adipose=linear(_ADIPOSE, "adipose"),
        bone=linear(_CORTICAL_BONE, "bone"),
        hydroxyapatite=linear(_HYDROXYAPATITE, "hydroxyapatite"),
    )


def wide_blur(image: Image, sigma_px: float) -> Image:
    """Blur by a wide Gaussian at the price of a narrow one: shrink, blur, enlarge."""
    factor = max(1, int(sigma_px / 3.0))
    rows, columns = image.shape
    small = cv2.resize(image, (-(-columns // factor), -(-rows // factor)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma_px / factor, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(blurred, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)


def expose(attenuation: Image, imaging: Imaging) -> Image:
    """Return the detector signal behind a line integral of attenuation, blurred, with scatter, without noise."""
    primary = np.exp(-attenuation)
    scatter = imaging.scatter * wide_blur(primary, 25.0 / imaging.pixel_mm)
    blurred = cv2.GaussianBlur(primary, (0, 0), imaging.blur_mm / imaging.pixel_mm)
    return np.asarray(blurred + scatter, np.float32)


def detector_noise(signal: Image, body: NDArray[np.bool_], imaging: Imaging, rng: np.random.Generator) -> Image:
    """Return quantum noise (correlated by the scintillator) plus electronic noise, to be added to a signal.

    The exposure is set as an automatic exposure control does: the median behind the body gets the nominal dose.
    """
    mean = float(np.median(signal[body])) if body.any() else float(signal.mean())
    quanta = _QUANTA_PER_MM2 * _DETECTOR_MICROGRAY * imaging.dose * imaging.pixel_mm**2
    quantum = np.sqrt(signal * (mean / quanta)) * rng.standard_normal(signal.shape, dtype=np.float32)
    quantum = cv2.GaussianBlur(quantum, (0, 0), max(0.6 * imaging.blur_mm / imaging.pixel_mm, 0.3))
    electronic = _ELECTRONIC_SHARE * mean / np.sqrt(quanta)
    return np.asarray(
        quantum + np.float32(electronic) * rng.standard_normal(signal.shape, dtype=np.float32), np.float32
    )
