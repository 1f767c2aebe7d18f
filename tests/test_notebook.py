"""The walkthrough runs as it is committed, and shows what it explains."""

import nbformat
import pytest
from nbclient import NotebookClient

from support import ROOT

NOTEBOOK = ROOT / "sample_data" / "walkthrough.ipynb"


@pytest.fixture(scope="module")
def executed():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": NOTEBOOK.parent}}
    )
    # The kernel is a process of its own: what it leaves open when it ends is not this program's warning.
    return client.execute()


def outputs(notebook, start):
    """Return everything that the one cell beginning with `start` shows, as text by type."""
    (cell,) = (cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.startswith(start))
    shown = {}
    for output in cell.outputs:
        for kind, text in output.get("data", {"stream": output.get("text", "")}).items():
            shown[kind] = shown.get(kind, "") + str(text)
    return shown


def test_the_notebook_is_committed_without_outputs():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None


def test_it_shows_picture_table_and_plot(executed):
    assert "data:image/jpeg;base64," in outputs(executed, "screening = hipcalc.screen(radiograph)")["text/html"]
    assert "<table" in outputs(executed, "columns = ")["text/html"]
    assert "image/png" in outputs(executed, "screening.plot()")


def test_it_goes_from_a_confirmed_mark_to_advice_and_not_before(executed):
    assert outputs(executed, "(right,) = ")["stream"].startswith("S8 ")
    advice = outputs(executed, "from hipcalc.guideline import Checklist")["stream"]
    assert advice.startswith("S10 ")
    assert all(f"{rule}: " in advice for rule in ("R16", "R17", "R20", "R42"))
    assert "held back: " in advice
    assert "no medical device" in advice
