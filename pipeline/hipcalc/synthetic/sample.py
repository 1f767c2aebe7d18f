"""The curated sample: few phantoms that show what hipcalc does with each kind of radiograph."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from hipcalc.synthetic.body import BodyAnatomy, HipAnatomy
from hipcalc.synthetic.dicom_file import write_dicom
from hipcalc.synthetic.focus_plan import FocusPlan
from hipcalc.synthetic.forearm import FOREARM_IMAGING, FOREARM_MAGNIFICATION, make_forearm
from hipcalc.synthetic.imaging import Imaging, View
from hipcalc.synthetic.phantom import make_phantom
from hipcalc.synthetic.simulate import writable_folder, write_phantom
from hipcalc.synthetic.truth_tables import NamedPhantom, write_truth

__all__ = ["SAMPLE_SIZE", "simulate_sample"]

_SEED: Final = 2026


def _hip_view(view: View, *, dose: float = 1.2) -> Imaging:
    return Imaging(view=view, rows=1150, columns=960, pixel_mm=0.21, dose=dose, blur_mm=0.17)


def _bodies() -> tuple[tuple[str, BodyAnatomy, Imaging, tuple[FocusPlan, ...]], ...]:
    """Name, body, exposure and foci of every phantom of the sample that is a hip."""
    broad = HipAnatomy(head_radius_mm=25.2, centre_edge_angle_deg=31.0, neck_shaft_angle_deg=126.0)
    slim = HipAnatomy(head_radius_mm=22.1, centre_edge_angle_deg=27.0, acetabular_index_deg=8.0, joint_space_mm=4.2)
    old = HipAnatomy(
        head_radius_mm=24.4, centre_edge_angle_deg=36.0, joint_space_mm=3.0, bone_density=0.8, cortical_thickness=0.88
    )
    shallow = HipAnatomy(
        head_radius_mm=23.0, centre_edge_angle_deg=22.0, acetabular_index_deg=11.0, neck_shaft_angle_deg=134.0
    )
    return (
        (
            "01_ap_pelvis.dcm",
            BodyAnatomy(
                right=broad,
                left=HipAnatomy(head_radius_mm=25.0, centre_edge_angle_deg=34.0, femoral_rotation_deg=11.0),
                head_distance_mm=184.0, pelvic_rotation_deg=1.0, obliquity_deg=0.6,
            ),
            Imaging(rows=1400, columns=1500, pixel_mm=0.28, dose=1.2),
            (
                FocusPlan(side="R", kind="amorphous", r_head_radii=1.31, phi_deg=44.0, diameter_mm=4.6, cnr=5.5),
                FocusPlan(side="L", kind="ossicle", r_head_radii=1.30, phi_deg=47.0, diameter_mm=5.5, cnr=5.5),
            ),
        ),
        (
            "02_right_hip.dcm", BodyAnatomy(right=slim, left=slim, head_distance_mm=174.0, body_thickness_mm=190.0),
            _hip_view("ap-right-hip"),
            (FocusPlan(side="R", kind="amorphous", r_head_radii=1.32, phi_deg=41.0, diameter_mm=4.2, cnr=5.5),),
        ),
        ("03_left_hip.dcm", BodyAnatomy(right=broad, left=broad), _hip_view("ap-left-hip"), ()),
        (
            "05_left_hip.dcm", BodyAnatomy(right=old, left=old, body_thickness_mm=235.0, gas=0.8),
            _hip_view("ap-left-hip", dose=1.6),
            (FocusPlan(side="L", kind="ring", r_head_radii=1.33, phi_deg=50.0, diameter_mm=5.8, cnr=6.0),),
        ),
        (
            "06_right_hip.dcm", BodyAnatomy(right=shallow, left=shallow, pelvic_rotation_deg=-1.5),
            _hip_view("ap-right-hip"),
            (FocusPlan(side="R", kind="ossicle", r_head_radii=1.32, phi_deg=36.0, diameter_mm=5.0, cnr=5.5),),
        ),
        (
            "07_left_hip.dcm", BodyAnatomy(right=slim, left=slim, head_distance_mm=172.0, obliquity_deg=-1.0),
            _hip_view("ap-left-hip"),
            (FocusPlan(side="L", kind="amorphous", r_head_radii=1.30, phi_deg=43.0, diameter_mm=5.2, cnr=5.5),),
        ),
        (
            "08_right_hip.dcm", BodyAnatomy(right=broad, left=broad, body_thickness_mm=240.0, pelvic_tilt_deg=3.0),
            _hip_view("ap-right-hip", dose=1.6),
            (FocusPlan(side="R", kind="amorphous", r_head_radii=1.33, phi_deg=48.0, diameter_mm=4.8, cnr=5.5),),
        ),
    )  # fmt: skip


SAMPLE_SIZE: Final = len(_bodies()) + 1


def simulate_sample(out: str | Path, *, on_image: Callable[[int], None] | None = None) -> tuple[Path, ...]:
    """Write the sample: an AP pelvis with two foci, hips with one, a hip without, and a forearm, with truth tables.

    It is always the same. Other files in the folder stay as they are.

    Parameters
    ----------
    out : path
        A folder, new or not.
    on_image : callable, optional
        Called with the number of images written so far, up to `SAMPLE_SIZE`.

    Raises
    ------
    UsageError
        When the folder cannot be written to.
    """
    folder = writable_folder(out)
    written: list[NamedPhantom] = []
    for name, body, imaging, foci in _bodies():
        number = int(name[:2])
        phantom = make_phantom(body=body, imaging=imaging, foci=foci, seed=_SEED + number)
        written.append(write_phantom(folder, name, phantom, number=number, seed=_SEED))
        if on_image is not None:
            on_image(len(written))
    forearm = folder / "04_forearm.dcm"
    write_dicom(
        forearm, make_forearm(seed=_SEED), FOREARM_IMAGING, number=4, seed=_SEED,
        body_part="FOREARM", side="R", magnification=FOREARM_MAGNIFICATION,
    )  # fmt: skip
    write_truth(folder, written)
    if on_image is not None:
        on_image(SAMPLE_SIZE)
    return tuple(sorted(folder.glob("*.dcm")))
