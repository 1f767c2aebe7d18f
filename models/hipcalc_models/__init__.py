"""What hipcalc's code applies but did not compute: fitted models and the prescribed guideline workflow, as data."""

from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["model_file"]


def model_file(*parts: str) -> Traversable:
    """Return a data file of this package, readable from a folder or from a wheel.

    Parameters
    ----------
    *parts : str
        Path below the package, for example ``"guideline-1", "workflow.toml"``.

    Raises
    ------
    FileNotFoundError
        If the package holds no such file.
    """
    file = files(__name__).joinpath(*parts)
    if not file.is_file():
        raise FileNotFoundError(f"hipcalc_models holds no file {'/'.join(parts)}; reinstall hipcalc.")
    return file
