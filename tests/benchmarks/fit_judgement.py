"""Fit what the locator's evidence is worth, and its confidence, and write both to models/ (9 minutes of CPU).

    PYTHONPATH=tests/benchmarks python tests/benchmarks/fit_judgement.py

Two logistic regressions. The first parts right circles from wrong ones by the evidence of each. The second parts right
from wrong among the hips that are then chosen, by their worth, their margin over other readings of the place, and
whether another hip mirrors them. Pictures: phantoms, and those of ../shared/data with known heads, also turned, hazy,
blurred and compressed; pelves upside down and on their side, other radiographs, photographs and noise, in which
every circle is wrong. All but the phantoms also twice as display processing may leave them. A picture's views weigh
together as one, and stay together when pictures are left out. Prints how reliable the confidence is on pictures that
were left out, as they are and processed, and writes the few weights, rounded.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from multiprocessing import Pool
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from bench_confidence import ACCEPTED, BINS, Hips, bare, bright, pictures
from bench_locator import BY_EYE, pelves
from display_processing import processed
from fit_appearance import small_phantom
from numpy.typing import NDArray
from scipy.optimize import minimize

from hipcalc.anatomy.fitting import HipFit
from hipcalc.anatomy.judging import Evidence
from hipcalc.anatomy.locating import fits_of, searches_of, width_px_of
from hipcalc.anatomy.patch import Pyramid
from hipcalc.anatomy.selection import NO_RIVAL, best_selection, margin_of, prefer_outer
from hipcalc.normalize import normalize
from hipcalc.radiograph import Radiograph, read_radiograph

MODEL = Path(__file__).resolve().parents[2] / "models" / "hipcalc_models" / "locator-2" / "judgement.json"
# Phantoms that did not fit the template.
FIRST_PHANTOM, PHANTOMS = 1000, 30
# Each pelvis is altered this often.
ALTERED = 2
# Views of each picture after display processing, beside the one without; a head's radius where none is known, as a
# share of the picture's width.
PROCESSED, USUAL_RADIUS = 2, 0.06
# A circle is right within so many head radii of the head's centre and with a radius like that (log), and wrong beyond.
RIGHT, WRONG, RIGHT_SIZE = 0.2, 0.4, 0.16
EVIDENCE = tuple(field.name for field in fields(Evidence))
# Times the squared slopes of standardised features: few hips say what a pair is worth. The loss on left-out pictures is
# least from 0.5 to 1 for the evidence (0.088; 0.125 at 0.05, where weights move with a few pictures).
RIDGE_WORTH, RIDGE_CONFIDENCE = 0.5, 0.2
# Phantoms resemble the template, which is fitted on their like, more than people do: they count little in the first
# regression, and not in the second.
PHANTOM_WEIGHT = 0.1
FOLDS = 5
# No confidence is worth more than one error in so many hips, 300 being about all that there are.
LEAST_GIVEN = 0.003
LEFT_OUT = ("infants", "projected CT surfaces", ACCEPTED)

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The fits of one picture, and its heads."""

    name: str
    patient: str
    width_px: float
    readings: tuple[tuple[HipFit, ...], ...]
    known: Hips
    weight: float = 1.0
    processed: bool = False

    @property
    def made(self) -> bool:
        """Whether it is a phantom."""
        return self.name.startswith("phantoms")


def altered(pixels: np.ndarray, hips: tuple, number: int) -> tuple[Radiograph, Hips]:
    """Return a picture turned, with another head radius, gamma and haze, blurred, noisy and compressed."""
    rng = np.random.default_rng([number, len(hips)])
    rows, columns = pixels.shape
    factor = rng.uniform(70.0, 100.0) / float(np.median([hip[2] for hip in hips]))
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), rng.uniform(-9.0, 9.0), factor)
    matrix[:, 2] += (factor - 1.0) * columns / 2, (factor - 1.0) * rows / 2
    size = int(columns * factor), int(rows * factor)
    made = cv2.warpAffine(pixels.astype(np.float32), matrix, size, flags=cv2.INTER_AREA)
    low, high = np.percentile(made, [1.0, 99.8])
    made = np.clip((made - low) / (high - low), 0.0, 1.0) ** rng.choice([0.6, 1.0, 1.6])
    if number % 2:
        haze = cv2.GaussianBlur(rng.normal(size=made.shape).astype(np.float32), (0, 0), 60)
        made = 0.5 * made + 0.25 + 0.1 * haze / haze.std()
    made = cv2.GaussianBlur(made, (0, 0), rng.uniform(0.3, 1.5)) + rng.normal(0.0, 0.015, made.shape)
    _, packed = cv2.imencode(".jpg", np.clip(255.0 * made, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 80])
    moved = tuple(
        (*(matrix @ (column, row, 1.0))[::-1].tolist(), radius * factor, sign) for row, column, radius, sign in hips
    )
    return bare(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)), moved


# Set, patient, picture, heads and number; or the kind and the number of a phantom, which is made where it is looked at.
Source = tuple[str, str, Radiograph, Hips, int] | tuple[str, int]


def sources() -> Iterator[Source]:
    """All pictures, the real ones numbered."""
    for number, source in enumerate(_real()):
        yield (*source, number)
    for number in range(FIRST_PHANTOM, FIRST_PHANTOM + PHANTOMS):
        yield from (("pelvis", number), ("hip", number))


def _real() -> Iterator[tuple[str, str, Radiograph, Hips]]:
    """All pictures but phantoms."""
    for number, (name, image, known) in enumerate(pictures()):
        if name not in LEFT_OUT:
            yield name, Path(image.path).name if image.path != "made.png" else f"{name} {number}", image, known
    truths = [truth for truth in pelves(BY_EYE) if truth.clear]
    for file in sorted({truth.file for truth in truths}):
        hips = tuple((t.row, t.column, t.radius, t.lateral_sign) for t in truths if t.file == file)
        for number in range(ALTERED):
            yield "pelves, altered", file.name, *altered(read_radiograph(file).pixels, hips, number)


def look(source: Source) -> list[Picture]:
    """Fit the likely places of one picture in all its views, or of a phantom upright and upside down."""
    cv2.setNumThreads(1)
    if len(source) == 5:
        return _views(*source)
    phantom = small_phantom(*source)
    hips = tuple((h.head_row_px, h.head_column_px, h.head_radius_px, h.lateral_sign) for h in phantom.hips)
    image, patient = phantom.to_radiograph(), f"{source[0]} {source[1]}"
    turned = bare(image.pixels[::-1])
    return [_looked_at("phantoms", patient, image, hips), _looked_at("phantoms upside down", patient, turned, ())]


def _views(name: str, patient: str, image: Radiograph, known: Hips, number: int) -> list[Picture]:
    """Look at a picture as it is and as display processing may leave it; the views weigh together as one picture."""
    rng = np.random.default_rng([9, number])
    radius = float(np.median([hip[2] for hip in known])) if known else USUAL_RADIUS * image.pixels.shape[1]
    views = [image] + [bare(processed(bright(image), radius, rng)) for _ in range(PROCESSED)]
    return [
        replace(_looked_at(name, patient, view, known), weight=1.0 / len(views), processed=order > 0)
        for order, view in enumerate(views)
    ]


def _looked_at(name: str, patient: str, image: Radiograph, known: Hips) -> Picture:
    """Fit the likely places: upright, and turned where that does not show every hip, as then the locator does, too."""
    normalized = normalize(image)
    picture = Pyramid.of(normalized.grey, normalized.pictured)
    upright, _, turned = searches_of(normalized)[:3]
    readings = [tuple(fits_of(picture, upright))]
    if known is not None and not _shows_all(readings[0], known):
        readings.append(tuple(fits_of(picture, turned)))
    return Picture(name=name, patient=patient, width_px=width_px_of(normalized), readings=tuple(readings), known=known)


def _shows_all(fits: tuple[HipFit, ...], known: Hips) -> bool:
    """Whether some fit is right for every known head; never where there is none."""
    return bool(known) and all(any(rightness(fit, (hip,)) == "right" for fit in fits) for hip in known)


def rightness(fit: HipFit, known: Hips) -> Literal["right", "between", "wrong", "unknown"]:
    """Whether a circle is that of a known head."""
    if known is None:
        return "unknown"
    nearest, size = math.inf, 0.0
    for row, column, radius, sign in known:
        distance = math.hypot(fit.circle.row_px - row, fit.circle.column_px - column) / radius
        if sign == fit.hypothesis.lateral_sign and distance < nearest:
            nearest, size = distance, abs(math.log(fit.circle.radius_px / radius))
    if nearest < RIGHT and size < RIGHT_SIZE:
        return "right"
    # Beside its only drawn hip a pelvis may show one that nobody drew.
    if len(known) == 1 and nearest > 3.0:
        return "unknown"
    return "wrong" if nearest > WRONG else "between"


def logistic(features: Array, right: Array, weight: Array, ridge: float) -> Array:
    """Intercept and slopes of a logistic regression, the slopes of standardised features held by a small ridge."""
    mean, spread = features.mean(axis=0), features.std(axis=0)
    design = np.column_stack([np.ones(len(features)), (features - mean) / spread])
    sign = 2.0 * right - 1.0

    def loss(slopes: Array) -> tuple[float, Array]:
        margin = sign * (design @ slopes)
        held = np.concatenate([[0.0], slopes[1:]])
        pull = -weight * sign / (1.0 + np.exp(np.clip(margin, -500, 500)))
        return float(weight @ np.logaddexp(0.0, -margin) + ridge * held @ held), design.T @ pull + 2.0 * ridge * held

    found = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B").x
    slopes = found[1:] / spread
    return np.concatenate([[found[0] - slopes @ mean], slopes])


def fit_worth(some: list[Picture]) -> Array:
    """Intercept and slopes of the evidence; a view's right circles count together as one, its wrong ones as one."""
    rows, right, weight = [], [], []
    for picture in some:
        counted = PHANTOM_WEIGHT if picture.made else picture.weight
        for reading in picture.readings:
            judged = [(fit, rightness(fit, picture.known)) for fit in reading]
            for value in ("wrong", "right"):
                alike = [fit for fit, told in judged if told == value]
                rows += [[getattr(fit.evidence, name) for name in EVIDENCE] for fit in alike]
                right += [float(value == "right") for _ in alike]
                weight += [counted / len(alike) for _ in alike]
    return logistic(np.array(rows), np.array(right), np.array(weight), RIDGE_WORTH)


def chosen(picture: Picture, worth: Array) -> list[tuple[tuple[float, float, float], float]]:
    """(worth, margin, paired) and rightness of each hip that would be chosen."""
    answers = []
    for reading in picture.readings:
        fits = [
            replace(fit, worth=float(worth[0] + worth[1:] @ [getattr(fit.evidence, name) for name in EVIDENCE]))
            for fit in reading
        ]
        fits = prefer_outer(fits)
        hips = best_selection(fits, picture.width_px)
        for hip in hips:
            told = rightness(hip, picture.known)
            if told != "unknown":
                seen = hip.worth, min(margin_of(hip, fits), NO_RIVAL), float(len(hips) == 2)
                answers.append((seen, float(told == "right")))
    return answers


def fit_confidence(some: list[Picture], worth: Array) -> Array:
    """Intercept and slopes of worth, margin and pair."""
    answers = [(*one, picture.weight) for picture in some if not picture.made for one in chosen(picture, worth)]
    features, right, weight = (np.array(values) for values in zip(*answers, strict=True))
    return logistic(features, right, weight, RIDGE_CONFIDENCE)


def print_reliability(some: list[Picture]) -> None:
    """Print the confidence of left-out pictures against how many were right; a patient's upright ones stay together."""
    patients = sorted({picture.patient for picture in some if not picture.made})
    fold = {patient: number % FOLDS for number, patient in enumerate(patients)}
    answers: list[tuple[float, float, bool]] = []
    for number in range(FOLDS):
        seen = [picture for picture in some if fold.get(picture.patient) != number]
        worth = fit_worth(seen)
        slopes = fit_confidence(seen, worth)
        for picture in (one for one in some if fold.get(one.patient) == number and not one.made):
            for features, told in chosen(picture, worth):
                given = 1.0 / (1.0 + math.exp(-(slopes[0] + slopes[1:] @ features)))
                answers.append((given, told, picture.processed))
    for name, of in (("as they are", False), ("after display processing", True)):
        _print_bins(name, *np.array([answer[:2] for answer in answers if answer[2] == of]).T)


def _print_bins(name: str, confidence: Array, told: Array) -> None:
    loss = -np.log(np.clip(np.where(told > 0, confidence, 1.0 - confidence), LEAST_GIVEN, 1.0)).mean()
    print(f"pictures left out, {name}: mean logarithmic loss {loss:.3f}")
    print("confidence      hips  mean given  right")
    for low, high in pairwise(BINS):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            print(
                f"{low:.2f} to {min(high, 1):.2f} {inside.sum():7d} {confidence[inside].mean():11.2f} "
                f"{told[inside].mean():6.2f}"
            )


def write(worth: Array, slopes: Array) -> None:
    """Put the weights into the model, with three digits."""
    model = json.loads(MODEL.read_text(encoding="utf-8"))
    rounded = [[float(f"{value:.3g}") for value in values] for values in (worth, slopes)]
    model["worth"] = dict(zip(("intercept", *EVIDENCE), rounded[0], strict=True))
    model["confidence"].update(zip(("intercept", "worth", "margin", "paired"), rounded[1], strict=True))
    MODEL.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: model[name] for name in ("worth", "confidence")}))


def main() -> None:
    """Fit and write."""
    with Pool(2) as pool:
        some = [picture for looked in pool.imap(look, sources(), chunksize=2) for picture in looked]
    print_reliability(some)
    worth = fit_worth(some)
    write(worth, fit_confidence(some, worth))


if __name__ == "__main__":
    main()
