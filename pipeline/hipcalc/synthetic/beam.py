"""From thickness to detector signal: attenuation, scatter, blur, noise."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hipcalc.synthetic.imaging import Imaging

__all__ = ["Attenuation", "attenuation_at", "detector_blur", "detector_noise", "expose"]

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
# Elements of implants at the same energies: W. T. Elam, B. D. Ravel, J. R. Sieber, Radiat Phys Chem 63 (2002) 121, as
# tabulated by the package XrayDB.
_ELEMENTS: Final = {
    "Al": (0.5684, 0.3682, 0.2778, 0.2018),
    "Ti": (2.2126, 1.2135, 0.7660, 0.4053),
    "V": (2.4720, 1.3475, 0.8438, 0.4371),
    "Cr": (2.8554, 1.5512, 0.9640, 0.4905),
    "Fe": (3.6289, 1.9574, 1.2049, 0.5952),
    "Co": (3.9799, 2.1444, 1.3140, 0.6414),
    "Ni": (4.5996, 2.4746, 1.5111, 0.7306),
    "Mo": (12.9378, 7.0400, 4.2736, 1.9623),
}
# Mass fractions within the limits of ASTM F136, F75 and F138, and density in g/cm3.
_ALLOYS: Final = {
    "titanium": ({"Ti": 0.90, "Al": 0.06, "V": 0.04}, 4.43),
    "cobalt_chromium": ({"Co": 0.66, "Cr": 0.28, "Mo": 0.06}, 8.3),
    "steel": ({"Fe": 0.65, "Cr": 0.18, "Ni": 0.14, "Mo": 0.03}, 7.95),
}
# Quanta per mm2 and microgray behind a patient, times a detective efficiency of 0.65 (IEC 62220-1, beam RQA 5).
_QUANTA_PER_MM2: Final = 30174.0 * 0.65
_DETECTOR_MICROGRAY: Final = 2.5
_ELECTRONIC_SHARE: Final = 0.15
# Chosen: the head's contour is then nearer to that of radiographs, which is wider still.
_GLARE_SHARE: Final = 0.35


@dataclass(frozen=True, kw_only=True)
class Attenuation:
    """Linear attenuation coefficients per millimetre at the beam's effective energy.

    The metals are those of implants: Ti-6Al-4V, Co-28Cr-6Mo, and stainless steel 316L.
    """

    muscle: float
    adipose: float
    bone: float
    hydroxyapatite: float
    titanium: float
    cobalt_chromium: float
    steel: float


def attenuation_at(kilovolts: float) -> Attenuation:
    """Return the coefficients at the effective energy, 0.75 of the tube voltage (a beam hardened by the patient)."""
    energy = np.log(0.75 * kilovolts)

    def mass(table: tuple[float, ...]) -> float:
        return float(np.exp(np.interp(energy, np.log(_ENERGY_KEV), np.log(table))))

    def linear(table: tuple[float, ...], material: str) -> float:
        return mass(table) * _DENSITY[material] / 10.0

    def alloy(name: str) -> float:
        shares, density = _ALLOYS[name]
        return sum(share * mass(_ELEMENTS[element]) for element, share in shares.items()) * density / 10.0

    return Attenuation(
        muscle=linear(_MUSCLE, "muscle"),
        adipose=linear(_ADIPOSE, "adipose"),
        bone=linear(_CORTICAL_BONE, "bone"),
        hydroxyapatite=linear(_HYDROXYAPATITE, "hydroxyapatite"),
        titanium=alloy("titanium"),
        cobalt_chromium=alloy("cobalt_chromium"),
        steel=alloy("steel"),
    )


def wide_blur(image: Image, sigma_px: float) -> Image:
    """Blur by a wide Gaussian at the price of a narrow one: shrink, blur, enlarge."""
    factor = max(1, int(sigma_px / 3.0))
    rows, columns = image.shape
    small = cv2.resize(image, (-(-columns // factor), -(-rows // factor)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma_px / factor, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(blurred, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)


def detector_blur(signal: Image, imaging: Imaging) -> Image:
    """Blur as focal spot and detector do: a Gaussian, and the wider one of the light that scatters in the phosphor.

    Share and width of the glare are chosen, not taken from a measured detector.
    """
    sigma = imaging.blur_mm / imaging.pixel_mm
    core, glare = cv2.GaussianBlur(signal, (0, 0), sigma), cv2.GaussianBlur(signal, (0, 0), 3.0 * sigma)
    return np.asarray((1.0 - _GLARE_SHARE) * core + _GLARE_SHARE * glare, np.float32)


def expose(attenuation: Image, imaging: Imaging) -> Image:
    """Return the detector signal behind a line integral of attenuation, blurred, with scatter, without noise."""
    primary = np.exp(-attenuation)
    scatter = imaging.scatter * wide_blur(primary, 25.0 / imaging.pixel_mm)
    return np.asarray(detector_blur(primary, imaging) + scatter, np.float32)


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
