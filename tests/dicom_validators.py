"""What public validators say of a DICOM file: dciodvfy (dicom3tools), and dsrdump (dcmtk) of a structured report."""

import subprocess

from support import require_program


def dicom_problems(path):
    """Return every error and warning of both; the program's name for the object is none."""
    checked = subprocess.run([require_program("dciodvfy", "dicom3tools"), path], capture_output=True)
    # An empty value of the source keeps it out of a DICOMDIR, and not out of a PACS.
    lines = (checked.stdout + checked.stderr).decode(errors="replace").splitlines()
    found = [line for line in lines if " - " in line and "needed to build DICOMDIR" not in line]
    if path.name.endswith("-sr.dcm"):
        dumped = subprocess.run([require_program("dsrdump", "dcmtk"), path], capture_output=True, encoding="latin-1")
        found += dumped.stderr.splitlines()
        assert dumped.returncode == 0
    return found
