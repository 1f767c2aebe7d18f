"""The templates, and the files that every page refers to."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from hipcalc.report.files import write_atomic
from hipcalc.report.provenance import RESEARCH_NOTICE

__all__ = ["RunFacts", "asset", "render", "render_part", "write_assets"]

_ASSETS = ("style.css", "index.js")


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What every page says about the run that made it."""

    version: str
    models: tuple[str, ...]
    settings_hash: str
    false_marks_per_hip: float
    detectability: bool

    @classmethod
    def from_run(cls, run: Mapping[str, Any]) -> "RunFacts":
        """Take the facts from what ``run.json`` holds."""
        return cls(
            version=run["version"],
            models=tuple(run["models"]),
            settings_hash=run["settings_hash"],
            false_marks_per_hip=run["settings"]["false_marks_per_hip"],
            detectability=run["settings"]["detectability"],
        )


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("hipcalc.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, run: RunFacts, **values: Any) -> str:
    """Return a whole page as HTML text."""
    page = _templates().get_template(template)
    return page.render(run=run, notice=RESEARCH_NOTICE, **values)


def render_part(template: str, **values: Any) -> Markup:
    """Return a part of a page, which `render` then takes as it is."""
    return Markup(_templates().get_template(template).render(**values))


def write_assets(folder: Path) -> None:
    """Write the style sheet and the script beside the pages: nothing is fetched from the net."""
    for name in _ASSETS:
        write_atomic(folder / "assets" / name, asset(name))


def asset(name: str) -> str:
    """Return the text of a style sheet or script, for a page that holds it itself."""
    return files("hipcalc.report").joinpath("assets", name).read_text(encoding="utf-8")
