"""What is built is what users get: the wheel's contents, and the README's two commands on a fresh machine."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support import ROOT, require_program

TOP_LEVEL = {"pipeline", "models", "sample_data", "tests", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"}


def tracked_files() -> list[str]:
    require_program("git", "git")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout, so its files cannot be told from leftovers")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_the_code_its_data_and_the_licence_and_nothing_else(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    tracked = {name for name in tracked_files() if name.startswith(("pipeline/hipcalc/", "models/hipcalc_models/"))}
    expected = {name.split("/", 1)[1] for name in tracked}
    metadata = {name for name in packed if ".dist-info/" in name}
    assert packed - metadata == expected
    assert {"hipcalc/py.typed", "hipcalc_models/py.typed"} <= packed
    assert any(name.endswith("licenses/LICENSE") for name in metadata)
    assert any(re.fullmatch(r"hipcalc_models/guideline-1/.*\.toml", name) for name in packed)


def test_package_data_is_readable_from_inside_a_wheel(wheel: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(wheel)!r})\n"
        "import hipcalc_models\n"
        "from hipcalc_models import model_file\n"
        "assert '.whl' in hipcalc_models.__file__, hipcalc_models.__file__\n"
        "print(len(model_file('guideline-1', 'CARD.md').read_text(encoding='utf-8')))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 100


def test_a_missing_model_file_is_named() -> None:
    from hipcalc_models import model_file

    with pytest.raises(FileNotFoundError, match="hipcalc_models holds no file no-such-model/x; reinstall hipcalc"):
        model_file("no-such-model", "x")


def test_the_top_level_is_the_prescribed_one() -> None:
    top = {name.split("/")[0] for name in tracked_files()}
    assert {name for name in top if not name.startswith(".")} == TOP_LEVEL


def test_every_model_has_a_card() -> None:
    models = [folder for folder in (ROOT / "models" / "hipcalc_models").glob("*-[0-9]*") if folder.is_dir()]
    assert models
    for folder in models:
        assert len((folder / "CARD.md").read_text(encoding="utf-8")) > 300, folder


def test_no_image_of_a_person_and_nothing_large_is_tracked() -> None:
    pictures = {".dcm", ".png", ".jpg", ".jpeg", ".tif", ".tiff"}
    for name in tracked_files():
        if Path(name).suffix.lower() in pictures:
            assert name.startswith(("sample_data/", ".readme/")), name
        assert (ROOT / name).stat().st_size < 4_000_000, name
    sample = sum((ROOT / name).stat().st_size for name in tracked_files() if name.startswith("sample_data/"))
    assert sample < 12_000_000


def readme_commands() -> list[str]:
    commands = re.findall(r"^python3 .*$", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return commands[:2]


def test_the_readme_opens_with_the_two_commands() -> None:
    screen, tests = readme_commands()
    assert screen.endswith("pip install . && hipcalc screen sample_data --out results")
    assert tests.endswith("pip install -e '.[dev]' && pytest")


@pytest.fixture(scope="module")
def fresh_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files in a folder of their own; the README's first command was run in it."""
    checkout = tmp_path_factory.mktemp("readme") / "hipcalc"
    for name in tracked_files():
        target = checkout / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    done = run_readme_command(readme_commands()[0], checkout)
    # One of the samples must be rejected, so the run is done with exit status 3.
    assert done.returncode == 3, done.stdout[-2000:] + done.stderr[-2000:]
    (checkout / "stdout.txt").write_text(done.stdout, encoding="utf-8")
    return checkout


def run_readme_command(command: str, checkout: Path) -> "subprocess.CompletedProcess[str]":
    kept = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    # The second command is the very one that runs this test: one small file of it is enough here.
    kept |= {"HIPCALC_README_TEST": "1", "PYTEST_ADDOPTS": "-k test_package"}
    return subprocess.run(["bash", "-c", command], cwd=checkout, env=kept, capture_output=True, text=True, check=False)


@pytest.mark.skipif("HIPCALC_README_TEST" in os.environ, reason="this is the run that the README test started")
def test_the_readmes_first_command_works_in_a_fresh_environment(fresh_checkout: Path) -> None:
    assert (fresh_checkout / "results" / "report" / "index.html").is_file()
    assert "index.html" in (fresh_checkout / "stdout.txt").read_text(encoding="utf-8")


@pytest.mark.skipif("HIPCALC_README_TEST" in os.environ, reason="this is the run that the README test started")
@pytest.mark.skipif("CI" in os.environ, reason="CI itself runs this command as written, from a clean checkout")
def test_the_readmes_second_command_works_after_the_first(fresh_checkout: Path) -> None:
    done = run_readme_command(readme_commands()[1], fresh_checkout)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert re.search(r"\d+ passed", done.stdout)
