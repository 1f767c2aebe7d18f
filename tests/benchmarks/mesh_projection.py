"""Radiographs projected from CT bone surfaces (../shared/data/meshes), with true head circles: for benchmarks only.

Run it to write pictures of the projections to ``tests/benchmarks/out/mesh_projection``.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

MESHES = Path(__file__).resolve().parents[3] / "shared" / "data" / "meshes"
OUT = Path(__file__).resolve().parent / "out" / "mesh_projection"
SUBJECTS = ("z013", "z027")
SOURCE_DETECTOR_MM = 1150.0
TABLE_DETECTOR_MM = 180.0  # from the middle of the pelvis to the detector
CORTEX_MM = 1.6
# Attenuation per mm at about 60 keV: NIST XCOM, cortical bone (ICRU-44) 0.0604, spongy bone about 0.030, muscle 0.0217.
MU_CORTEX, MU_SPONGY, MU_SOFT = 0.0604, 0.0300, 0.0217


@dataclass(frozen=True, kw_only=True)
class HeadTruth:
    """True head circle in the picture."""

    side: str
    row_px: float
    column_px: float
    radius_px: float


def read_ply(file: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Read vertices (n, 3) and triangles (m, 3) of a binary little-endian PLY of floats and triangles."""
    header, _, body = file.read_bytes().partition(b"end_header\n")
    counts = {line.split()[1]: int(line.split()[2]) for line in header.decode().splitlines() if line[:7] == "element"}
    vertices = np.frombuffer(body, "<f4", counts["vertex"] * 3).reshape(-1, 3)
    faces = np.frombuffer(body[vertices.nbytes :], np.dtype([("n", "u1"), ("v", "<i4", 3)]), counts["face"])
    return vertices.astype(np.float64), faces["v"].astype(np.int64)


def vertex_normals(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.float64]:
    """Area-weighted outward normals, one per vertex."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    if np.einsum("ij,ij->", normal, (a + b + c) / 3 - vertices.mean(axis=0)) < 0:
        normal = -normal
    summed = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(summed, faces[:, k], normal)
    unit: NDArray[np.float64] = summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-9)
    return unit


def thickness(points: NDArray[np.float64], faces: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Length of material along depth, from a closed surface given as (row_px, column_px, depth_mm) vertices.

    Each triangle adds its depth where it faces away and takes it where it faces the source, so that the sum over a ray
    is the length inside.
    """
    image = np.zeros(shape)
    p = points[faces]
    area = (p[:, 1, 0] - p[:, 0, 0]) * (p[:, 2, 1] - p[:, 0, 1]) - (p[:, 1, 1] - p[:, 0, 1]) * (p[:, 2, 0] - p[:, 0, 0])
    p, area = p[np.abs(area) > 1e-9], area[np.abs(area) > 1e-9]
    low = np.ceil(p[:, :, :2].min(axis=1)).astype(int)
    extent = np.floor(p[:, :, :2].max(axis=1)).astype(int) - low
    for i in range(int(extent[:, 0].max()) + 1):
        for j in range(int(extent[:, 1].max()) + 1):
            use = (extent[:, 0] >= i) & (extent[:, 1] >= j)
            row, column, t, s = low[use, 0] + i, low[use, 1] + j, p[use], area[use]
            w1 = (
                (row - t[:, 0, 0]) * (t[:, 2, 1] - t[:, 0, 1]) - (column - t[:, 0, 1]) * (t[:, 2, 0] - t[:, 0, 0])
            ) / s
            w2 = (
                (t[:, 1, 0] - t[:, 0, 0]) * (column - t[:, 0, 1]) - (t[:, 1, 1] - t[:, 0, 1]) * (row - t[:, 0, 0])
            ) / s
            inside = (w1 >= 0) & (w2 >= 0) & (w1 + w2 <= 1)
            inside &= (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
            depth = t[:, 0, 2] * (1 - w1 - w2) + t[:, 1, 2] * w1 + t[:, 2, 2] * w2
            np.add.at(image, (row[inside], column[inside]), (np.sign(s) * depth)[inside])
    flip = 1.0 if image.sum() >= 0 else -1.0
    # Rays that graze an edge miss one of a pair of triangles: their lengths are outliers, which the neighbours mend.
    smooth = cv2.medianBlur((image * flip).astype(np.float32), 3)
    return np.clip(smooth, 0.0, None).astype(np.float64)


def fit_sphere(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Least-squares sphere, trimmed twice to the points within 1.5 mm of it."""
    use = points
    for _ in range(4):
        a = np.column_stack([2 * use, np.ones(len(use))])
        x, *_ = np.linalg.lstsq(a, (use**2).sum(axis=1), rcond=None)
        centre, radius = x[:3], float(np.sqrt(x[3] + (x[:3] ** 2).sum()))
        off = np.abs(np.linalg.norm(points - centre, axis=1) - radius)
        use = points[off < 1.5]
    return centre, radius


def _head(vertices: NDArray[np.float64], medial: float) -> tuple[NDArray[np.float64], float]:
    """Sphere of a femoral head: the most medial, most cranial part of the femur, refined from there."""
    top = vertices[vertices[:, 2] > vertices[:, 2].max() - 45.0]
    seed = top[np.argsort(top[:, 0] * medial)[-400:]]
    near = top[np.linalg.norm(top - seed.mean(axis=0), axis=1) < 40.0]
    return fit_sphere(near)


def project(
    subject: str,
    *,
    spacing_mm: float = 0.28,
    shape: tuple[int, int] = (1300, 1500),
    tilt_deg: float = 0.0,
    seed: int = 0,
) -> tuple[NDArray[np.uint16], tuple[HeadTruth, ...]]:
    """Project one subject's pelvis and femora as an AP radiograph of 12 bits, bone bright.

    Parameters
    ----------
    subject : {"z013", "z027"}
    spacing_mm : float
        Pixel size at the detector.
    tilt_deg : float
        Pelvic tilt about the transverse axis.
    """
    rng = np.random.default_rng(seed)
    names = [f"{subject}_{part}" for part in ("Hip_L", "Hip_R", "Femur_L", "Femur_R", "Sacrum")]
    meshes = {name: read_ply(MESHES / f"{name}.ply") for name in names}
    middle = np.vstack([meshes[f"{subject}_Hip_{s}"][0] for s in "LR"])
    centre = (middle.min(axis=0) + middle.max(axis=0)) / 2
    turn = np.radians(tilt_deg)
    rotate = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])

    def place(v: NDArray[np.float64]) -> NDArray[np.float64]:
        q = (v - centre) @ rotate.T
        scale = SOURCE_DETECTOR_MM / (SOURCE_DETECTOR_MM - TABLE_DETECTOR_MM - q[:, 1])
        row = shape[0] * 0.45 - q[:, 2] * scale / spacing_mm
        column = shape[1] / 2 + q[:, 0] * scale / spacing_mm
        return np.column_stack([row, column, q[:, 1]])

    path = np.zeros(shape)
    heads = []
    for name, (vertices, faces) in meshes.items():
        inner = vertices - CORTEX_MM * vertex_normals(vertices, faces)
        whole, core = thickness(place(vertices), faces, shape), thickness(place(inner), faces, shape)
        core = np.minimum(core, whole)
        path += (MU_CORTEX - MU_SOFT) * (whole - core) + (MU_SPONGY - MU_SOFT) * core * _trabeculae(
            shape, spacing_mm, rng
        )
        if "Femur" in name:
            medial = -1.0 if vertices[:, 0].mean() > centre[0] else 1.0
            middle_3d, radius = _head(vertices, medial)
            row, column, depth = place(middle_3d[None])[0]
            scale = SOURCE_DETECTOR_MM / (SOURCE_DETECTOR_MM - TABLE_DETECTOR_MM - depth)
            side = "R" if column < shape[1] / 2 else "L"
            heads.append(HeadTruth(side=side, row_px=row, column_px=column, radius_px=radius * scale / spacing_mm))
    path += MU_SOFT * _soft_tissue(shape, spacing_mm, rng)
    return _expose(path, spacing_mm, rng), tuple(sorted(heads, key=lambda head: head.column_px))


def _trabeculae(shape: tuple[int, int], spacing_mm: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Relative density of spongy bone summed over a ray: a band of fine texture about 1."""
    fine = gaussian_filter(rng.normal(size=shape), (0.6 / spacing_mm, 0.35 / spacing_mm))
    return np.clip(1 + 0.12 * fine / fine.std(), 0.3, None)


def _soft_tissue(shape: tuple[int, int], spacing_mm: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Thickness in mm: an elliptical trunk with slow variation."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    across = (columns - shape[1] / 2) * spacing_mm / 190.0
    trunk = 220.0 * np.sqrt(np.clip(1 - across**2, 0.0, 1.0)) * (1 - 0.1 * rows / shape[0])
    slow = gaussian_filter(rng.normal(size=shape), 9.0 / spacing_mm)
    return trunk + 6.0 * slow / slow.std() * (trunk > 0)


def _expose(path: NDArray[np.float64], spacing_mm: float, rng: np.random.Generator) -> NDArray[np.uint16]:
    quanta = 4.0e5 * np.exp(-path) * spacing_mm**2
    scatter = 1.5 * gaussian_filter(quanta, 25.0 / spacing_mm)
    blurred = gaussian_filter(quanta + scatter, 0.15 / spacing_mm)
    counted = rng.poisson(blurred) + rng.normal(0, 3.0, path.shape)
    log = -np.log(np.clip(counted, 1.0, None))
    # As a vendor's display chain does: compress what is broad, keep what is fine.
    log -= 0.6 * gaussian_filter(log, 20.0 / spacing_mm)
    low, high = np.percentile(log, [1.0, 99.8])
    return np.clip(100 + 3800 * (log - low) / (high - low), 0, 4095).astype(np.uint16)


def main() -> None:
    """Write a picture of each projection with its true head circles."""
    OUT.mkdir(parents=True, exist_ok=True)
    for subject in SUBJECTS:
        picture, heads = project(subject)
        shown = cv2.cvtColor((picture / 16).astype(np.uint8), cv2.COLOR_GRAY2BGR)
        cv2.imwrite(str(OUT / f"{subject}.png"), shown)
        for head in heads:
            where = round(head.column_px), round(head.row_px)
            cv2.circle(shown, where, round(head.radius_px), (0, 220, 255), 1, cv2.LINE_AA)
            print(subject, head)
        cv2.imwrite(str(OUT / f"{subject}_truth.png"), shown)


if __name__ == "__main__":
    main()
