"""The package's own names: all there, whatever is loaded first, and loaded only when they are asked for."""

import subprocess
import sys

import pytest

import hipcalc
import hipcalc.cohort


def in_a_fresh_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_imports() -> None:
    assert hipcalc.__doc__


@pytest.mark.parametrize("package", [hipcalc, hipcalc.cohort], ids=lambda package: package.__name__)
def test_every_public_name_is_there(package) -> None:
    for name in package.__all__:
        value = getattr(package, name)
        assert value.__name__ == name
        assert value.__module__.startswith(package.__name__)
    assert set(package.__all__) <= set(dir(package))


@pytest.mark.parametrize("first", ["hipcalc", "hipcalc.screen", "hipcalc.cohort.analysis"])
def test_screen_is_the_function_whatever_is_loaded_first(first) -> None:
    code = f"import {first}; import hipcalc; from hipcalc.screen import Screening; print(type(hipcalc.screen).__name__)"
    assert in_a_fresh_process(code) == "function"


def test_modules_are_there_without_being_imported_one_by_one() -> None:
    assert in_a_fresh_process("import hipcalc; print(hipcalc.errors.UsageError.__name__)") == "UsageError"


def test_a_name_that_is_not_there_is_told() -> None:
    with pytest.raises(AttributeError, match="module 'hipcalc' has no attribute 'nothing'"):
        _ = hipcalc.nothing
    with pytest.raises(ImportError, match="cannot import name 'nothing' from 'hipcalc'"):
        from hipcalc import nothing  # noqa: F401


def test_who_only_hands_images_on_loads_nothing_of_the_analysis() -> None:
    code = "import hipcalc.cohort.process, sys; print([name for name in ('numpy', 'cv2') if name in sys.modules])"
    assert in_a_fresh_process(code) == "[]"


def test_who_coordinates_loads_nothing_that_reads_or_analyses() -> None:
    code = (
        "import hipcalc.cohort.run, hipcalc.cli.commands, hipcalc.cli.options, sys; "
        "print([name for name in ('cv2', 'scipy', 'pydicom', 'jinja2', 'hipcalc.screen') if name in sys.modules])"
    )
    assert in_a_fresh_process(code) == "[]"
