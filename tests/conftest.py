"""What tests of several files share and what takes long to make."""

from pathlib import Path

import pytest

from small_radiographs import SAMPLE


@pytest.fixture(scope="session")
def screened_hips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a pelvis, a hip with a mark and one without: copy them before you write to them."""
    from hipcalc.cohort import CohortSettings, run_cohort

    folder = tmp_path_factory.mktemp("screened") / "results"
    inputs = [str(SAMPLE / name) for name in ("01_ap_pelvis.dcm", "03_left_hip.dcm", "07_left_hip.dcm")]
    run_cohort(inputs, folder, settings=CohortSettings(pages=False, detectability=False), workers=1)
    return folder
