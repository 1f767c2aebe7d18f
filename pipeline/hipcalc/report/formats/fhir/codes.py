"""Names of concepts -> codings of FHIR. A concept without a verified code stays text."""

from hipcalc.report.codes import verified_code

__all__ = ["coding"]


def coding(name: str) -> list[dict[str, str]]:
    """Return the verified code of a concept as FHIR codes it; nothing where the map has none."""
    code = verified_code(name)
    return [] if code is None else [{"system": code.system, "code": code.value, "display": code.meaning}]
