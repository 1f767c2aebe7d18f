"""A FHIR Bundle -> the rows of a table of clinical contexts."""

from hipcalc.guideline.fhir.bindings import required_bindings
from hipcalc.guideline.fhir.bundle import is_bundle
from hipcalc.guideline.fhir.rows import BundleRows, read_bundle_rows

__all__ = ["BundleRows", "is_bundle", "read_bundle_rows", "required_bindings"]
