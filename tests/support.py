"""What several tests share: programs that may be absent, the real radiographs, the checkout itself."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"

needs_shared_data = pytest.mark.skipif(
    not SHARED_DATA.is_dir(), reason="the real radiographs (../shared/data) are not on this machine"
)


def require_program(name: str, package: str) -> str:
    """Return the path of a program; where it is absent, skip the test with the reason, or fail it in CI."""
    found = shutil.which(name)
    if found is None:
        reason = f"the program {name} is not installed (Debian package {package})"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found
