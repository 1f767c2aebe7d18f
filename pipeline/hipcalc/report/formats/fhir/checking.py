"""Own checks of FHIR resources: what fhir.resources lets pass and a server refuses."""

from collections.abc import Iterator, Mapping
from typing import Any

from hipcalc.guideline.fhir import required_bindings

__all__ = ["bundle_problems", "checked"]


def checked(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource as it was, once fhir.resources has read it and its coded elements are allowed.

    Parameters
    ----------
    resource : dict
        Plain values, as in FHIR's JSON.

    Raises
    ------
    ValueError
        If it is no valid resource of FHIR R4B: with the element and what is allowed. No input of a user leads here.
    """
    from fhir.resources.R4B import get_fhir_model_class

    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    for problem in _binding_problems(resource):
        raise ValueError(problem)
    return resource


def bundle_problems(bundle: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong in a Bundle: a word that no value set has, an id twice, a reference to nothing in it."""
    resources = [entry["resource"] for entry in bundle.get("entry", ())]
    for resource in (bundle, *resources):
        yield from _binding_problems(resource)
    names = [f"{resource['resourceType']}/{resource['id']}" for resource in resources]
    yield from (f"{name} is there twice" for name in sorted(set(names)) if names.count(name) > 1)
    for resource in resources:
        for reference in _references(resource):
            if reference not in names:
                yield f"{resource['resourceType']}/{resource['id']} refers to {reference}, which is not in the Bundle"


def _binding_problems(resource: Mapping[str, Any]) -> Iterator[str]:
    kind = resource["resourceType"]
    for path, value in _leaves(resource, kind):
        words = required_bindings().get("text.status" if path == f"{kind}.text.status" else path)
        if words is not None and value not in words:
            yield f"{kind}/{resource.get('id', '')}: {path} is {value!r}; allowed are {', '.join(words)}"


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            # A resource within a Bundle is checked on its own.
            if name != "resource":
                yield from _leaves(part, f"{path}.{name}")
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part, path)
    else:
        yield path, value


def _references(value: Any) -> Iterator[str]:
    return (leaf for path, leaf in _leaves(value, "") if path.endswith(".reference"))
