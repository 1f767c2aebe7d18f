"""Inputs and outputs at addresses: an S3 server on the loopback interface, and memory."""

import io
import os
import shutil
import subprocess
import sys
import zipfile

import pandas as pd
import pytest
from rich.console import Console

from hipcalc.cli.tables import print_screening
from hipcalc.cohort import CohortSettings, Shard, run_cohort
from hipcalc.cohort.mirroring import Mirror
from hipcalc.errors import OutputError, UsageError
from hipcalc.report.tables import TABLE_FILES
from small_radiographs import small_hip

QUICK = CohortSettings(detectability=False)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def server():
    """An S3 server of moto in this process, with one bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    before = dict(os.environ)
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    import s3fs

    yield s3fs.S3FileSystem(skip_instance_cache=True)
    os.environ.clear()
    os.environ.update(before)
    server.stop()


@pytest.fixture(scope="module")
def bucket(server, tmp_path_factory):
    """Objects as in a folder: a hip, a text, a hidden file, and a zip archive with the hip."""
    folder = tmp_path_factory.mktemp("bucket")
    hip = small_hip(folder / "hip.png")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(hip, "inside/hip.png")
    (folder / "notes.txt").write_text("no picture\n")
    (folder / ".hidden").write_text("x")
    # The store lives as long as the process, which may come back to this module after others.
    server.makedirs("hips", exist_ok=True)
    for file in folder.iterdir():
        server.put_file(str(file), f"hips/cohort/{file.name}")
    return folder


def test_objects_give_what_files_give(bucket, server, tmp_path):
    result = run_cohort(["s3://hips/cohort"], tmp_path / "s3", settings=QUICK, workers=1)
    images = pd.read_csv(tmp_path / "s3" / "images.csv")
    assert images["path"].tolist() == [
        "s3://hips/cohort/hip.png",
        "s3://hips/cohort/notes.txt",
        "zip://inside/hip.png::s3://hips/cohort/more.zip",
    ]
    assert images["status"].tolist() == ["ok", "rejected", "ok"]
    assert images["reason"].fillna("")[1] == "not an image file (DICOM, PNG, JPEG or TIFF)."
    run_cohort([bucket / "hip.png"], tmp_path / "local", settings=QUICK, workers=1)
    local = pd.read_csv(tmp_path / "local" / "candidates.csv").drop(columns="path")
    remote = pd.read_csv(tmp_path / "s3" / "candidates.csv")
    for path in images["path"][[0, 2]]:
        found = remote[remote["path"] == path].drop(columns="path").reset_index(drop=True)
        pd.testing.assert_frame_equal(found, local)
    assert result.counts["inputs"] == 3
    # Told by the store's word alone that nothing changed: no object is read again.
    again = run_cohort(["s3://hips/cohort"], tmp_path / "s3", settings=QUICK, workers=1, resume=True)
    assert (again.analysed, again.reused) == (0, 3)


def test_results_at_an_address_are_those_of_a_folder_and_go_on_elsewhere(bucket, server, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "node1"))
    run_cohort([bucket / "hip.png"], "s3://hips/results", settings=QUICK, workers=1)
    run_cohort([bucket / "hip.png"], tmp_path / "local", settings=QUICK, workers=1)
    for name in TABLE_FILES:
        assert server.cat_file(f"hips/results/{name}") == (tmp_path / "local" / name).read_bytes()
    assert server.exists("hips/results/report/index.html")
    # Another node, which has never seen this run, goes on with one more input.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "node2"))
    server.invalidate_cache()
    with pytest.raises(UsageError, match="holds results of other inputs; choose another folder, or add --resume"):
        run_cohort([bucket / "hip.png", bucket / "notes.txt"], "s3://hips/results", settings=QUICK, workers=1)
    more = [bucket / "hip.png", bucket / "notes.txt"]
    result = run_cohort(more, "s3://hips/results", settings=QUICK, workers=1, resume=True)
    assert (result.analysed, result.reused) == (1, 1)
    console = Console(file=io.StringIO(), width=100)
    print_screening(console, result)
    told = console.file.getvalue()
    assert "Tables: s3://hips/results\nPage: s3://hips/results/report/index.html\n" in told
    run_cohort(more, tmp_path / "local2", settings=QUICK, workers=1)
    server.invalidate_cache()
    for name in TABLE_FILES:
        assert server.cat_file(f"hips/results/{name}") == (tmp_path / "local2" / name).read_bytes()
    assert b"thumbnail.jpg" in server.cat_file("hips/results/report/index.html")


def test_a_lost_node_costs_no_row(bucket, server, tmp_path, monkeypatch):
    """The local folder vanishes after a copy was kept, before the run is done."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "node1"))
    mirror = Mirror("s3://hips/lost")
    mirror.fetch()
    run_cohort([bucket / "hip.png"], mirror.local, settings=QUICK, workers=1)
    with mirror.folder.ledger(write=True) as ledger:
        mirror.keep(ledger, now=True)
    shutil.rmtree(tmp_path / "node1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "node2"))
    result = run_cohort([bucket / "hip.png"], "s3://hips/lost", settings=QUICK, workers=1, resume=True)
    assert (result.analysed, result.reused) == (0, 1)
    assert server.exists("hips/lost/candidates.parquet")


def test_what_does_not_go_with_an_address_is_told(bucket, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="shards meet in a local or shared folder, not at an address"):
        run_cohort([bucket], "memory://x", shard=Shard(number=1, total=2))
    with pytest.raises(UsageError, match="nope://x: this kind of address is not known .*pip install 'hipcalc.s3"):
        run_cohort([bucket], "nope://x")


@pytest.mark.usefixtures("server")
def test_a_store_that_does_not_answer_is_told(bucket, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(OutputError, match="s3://no-such-bucket/x cannot be written .*holds what is done"):
        run_cohort([bucket / "notes.txt"], "s3://no-such-bucket/x", settings=QUICK, workers=1)


def test_without_s3fs_it_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['s3fs'] = None\n"
        "from hipcalc.cli import main\n"
        f"sys.exit(main(['screen', 's3://a/b', '--out', {str(tmp_path / 'x')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'hipcalc[s3]'" in done.stderr
