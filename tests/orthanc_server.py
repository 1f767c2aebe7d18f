"""A PACS for tests: Orthanc on the loopback interface."""

import json
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager

from support import require_program


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def running_orthanc(folder):
    """Start an empty Orthanc; give its ports of HTTP and DICOM, and the one to which it moves images for US; end it."""
    program = require_program("Orthanc", "orthanc and orthanc-dicomweb")
    http, dicom, ours = free_port(), free_port(), free_port()
    configuration = {
        "Name": "test", "StorageDirectory": str(folder / "storage"), "IndexDirectory": str(folder / "storage"),
        "HttpPort": http, "DicomPort": dicom, "DicomAet": "ORTHANC", "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False, "DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowStore": True, "DicomAlwaysAllowMove": True, "Plugins": ["/usr/share/orthanc/plugins"],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}, "UnknownSopClassAccepted": True,
        "DicomModalities": {"us": ["US", "127.0.0.1", ours]},
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(configuration))
    log = (folder / "log").open("wb")
    process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log)
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{http}/system", timeout=1).close()
            break
        except OSError:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.1)
    yield http, dicom, ours
    process.terminate()
    process.wait(timeout=30)
    log.close()
