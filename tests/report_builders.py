"""Results folders with known content, without any analysis: what tables, pages and workflow reports are tested on."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from hipcalc.anatomy import HipFrame
from hipcalc.cohort import CohortSettings
from hipcalc.findings import Finding, HipRecord
from hipcalc.normalize import NormalizedRadiograph, Quality
from hipcalc.radiograph import Radiograph
from hipcalc.report import (
    FileRecord,
    ImageRecord,
    ResultsFolder,
    RunFacts,
    file_record,
    model_versions,
    record_key,
    write_pages,
    write_pictures,
    write_tables,
)

SHA = {
    name: f"abcdef{number:010x}" + 48 * "f"
    for number, name in enumerate(("pelvis", "hip", "forearm", "broken"), start=1)
}
SHAPE = (400, 600)
SPACING_MM = 0.5


def frame(side: str, *, status: str = "located") -> HipFrame:
    """A hip of the pelvis below: the right one at the image's left."""
    right = side == "R"
    return HipFrame(
        side=side,
        side_source="display-convention",
        status=status,
        confidence=0.9,
        head_row_px=200.0,
        head_column_px=150.0 if right else 450.0,
        head_radius_px=48.0,
        rim_row_px=150.0,
        rim_column_px=125.0 if right else 475.0,
        lateral_sign=-1 if right else 1,
        roof_contour_px=np.array([[150.0, 120.0 + step] for step in range(0, 50, 5)]),
    )


def absent(side: str) -> HipFrame:
    nothing = dict.fromkeys(
        ("head_row_px", "head_column_px", "head_radius_px", "rim_row_px", "rim_column_px"), float("nan")
    )
    return replace(frame(side), status="absent", confidence=0.0, **nothing)


def picture(name: str = "pelvis", *, path: str = "in/pelvis.dcm") -> NormalizedRadiograph:
    grey = np.linspace(0, 1, SHAPE[0] * SHAPE[1], dtype=np.float32).reshape(SHAPE).copy()
    for column in (150, 450):
        cv2.circle(grey, (column, 200), 48, 1.0, -1)
    radiograph = Radiograph(
        pixels=grey,
        path=path,
        sha256=SHA[name],
        bits=12,
        polarity="bone-bright",
        polarity_source="header",
        spacing_mm=SPACING_MM,
        spacing_source="calibrated",
        notes=("one note of the reader",),
    )
    return NormalizedRadiograph(
        radiograph=radiograph,
        grey=grey,
        noise_blocks=np.full(SHAPE, 0.01, np.float32),
        excluded=np.zeros(SHAPE, bool),
        quality=Quality(level="limited", reasons=("few grey levels",)),
    )


def hip_record(image: NormalizedRadiograph, hip: HipFrame) -> HipRecord:
    found = hip.status != "absent"
    return HipRecord(
        image_id=image.radiograph.image_id,
        path=image.radiograph.path,
        side=hip.side,
        status=hip.status,
        confidence=hip.confidence,
        head_row_px=hip.head_row_px if found else None,
        head_column_px=hip.head_column_px if found else None,
        head_radius_px=hip.head_radius_px if found else None,
        rim_row_px=hip.rim_row_px if found else None,
        rim_column_px=hip.rim_column_px if found else None,
        centre_edge_angle_deg=hip.rim_phi_deg if found else None,
        detection_limit_mm=3.123456789 if found else None,
        detection_limit_head_radii=0.13 if found else None,
        detection_limit_tissue="soft tissue" if found else "",
        side_source=hip.side_source,
    )


def finding(
    image: NormalizedRadiograph,
    hip: HipFrame,
    number: int,
    *,
    zone: str = "rim",
    r: float = 1.25,
    phi: float = 40.0,
    flagged: bool = True,
) -> Finding:
    row, column = hip.to_image(r, phi)
    return Finding(
        candidate_id=f"{image.radiograph.image_id}-{hip.side}-{number}",
        image_id=image.radiograph.image_id,
        path=image.radiograph.path,
        side=hip.side,
        row_px=row,
        column_px=column,
        diameter_px=8.0,
        diameter_mm=4.0,
        diameter_head_radii=8 / 48,
        cnr=4.2,
        expected_false_marks=0.1 * number,
        zone=zone,
        phi_deg=phi,
        r_head_radii=r,
        clock_hour=hip.clock_hour(phi),
        first_class="labral-calcification",
        differential="labral-calcification:0.6;os-acetabuli:0.25",
        finding=flagged,
        contrast=0.2,
        aspect_ratio=1.2,
        solidity=0.95,
        orientation_deg=10.0,
        core_to_rim=1.1,
        gap_head_radii=0.05,
        gap_mm=1.2,
        profile="0.80;1.00;0.90;0.60;0.20;0.05;0.00",
    )


def pelvis(path: str = "in/pelvis.dcm") -> tuple[NormalizedRadiograph, tuple[HipFrame, ...], FileRecord]:
    """Two hips: two findings and a weaker candidate at the right, one finding at the left."""
    image, hips = picture(path=path), (frame("R"), frame("L"))
    candidates = (
        finding(image, hips[0], 1),
        finding(image, hips[0], 2, zone="lateral-soft-tissue", r=1.6, phi=60.0),
        finding(image, hips[0], 3, zone="trochanteric", r=1.9, phi=90.0, flagged=False),
        finding(image, hips[1], 1),
    )
    return image, hips, record_of(image, hips, candidates)


def one_hip(path: str = "in/hip.png") -> tuple[NormalizedRadiograph, tuple[HipFrame, ...], FileRecord]:
    """A located left hip without a candidate, and a right one that is not in the picture."""
    image, hips = picture("hip", path=path), (absent("R"), frame("L"))
    return image, hips, record_of(image, hips, ())


def record_of(image: NormalizedRadiograph, hips: tuple[HipFrame, ...], candidates: tuple[Finding, ...]) -> FileRecord:
    return file_record(
        image,
        view="ap_pelvis",
        hips=hips,
        hip_records=tuple(hip_record(image, hip) for hip in hips),
        candidates=candidates,
        decode_s=0.1,
        analyze_s=1.0,
    )


def lost(status: str, name: str, path: str, reason: str) -> FileRecord:
    return FileRecord(
        image=ImageRecord(image_id=SHA[name][:16], path=path, status=status, reason=reason, sha256=SHA[name])
    )


def run_facts() -> RunFacts:
    return RunFacts(
        version="9.8.7",
        models=("detector-1", "guideline-1"),
        settings_hash="0123456789abcdef",
        false_marks_per_hip=0.25,
        detectability=True,
    )


def results_folder(path: Path, *, pages: bool = True, twice: bool = False) -> ResultsFolder:
    """A finished run over a pelvis, a hip, a forearm (rejected) and a broken file (failed)."""
    folder = ResultsFolder(path)
    settings = CohortSettings(pages=pages)
    made = [pelvis(), one_hip(), *([pelvis("in/the_pelvis_again.dcm")] if twice else [])]
    for image, hips, record in made:
        key = record_key(record.image.image_id, record.image.path)
        write_pictures(folder.pictures(key), image, hips)
    records = [record for _, _, record in made]
    records.append(lost("rejected", "forearm", "in/forearm.dcm", "no hip was found."))
    records.append(lost("failed", "broken", "in/broken.dcm", "the file is cut short; copy it again."))
    for record in records:
        folder.save(record_key(record.image.image_id, record.image.path), record, settings.hash)
    run = {
        "program": "hipcalc",
        "status": "done",
        "version": "9.8.7",
        "models": list(model_versions()),
        "settings": settings.to_dict(),
        "settings_hash": settings.hash,
        "inputs": ["in"],
    }
    folder.write_run(run)
    write_tables(folder.path, records)
    if pages:
        write_pages(folder, records, RunFacts.from_run(run))
    return folder
