"""Whose the images are: one patient for each person of the participants table, else one for each image."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hipcalc.errors import UsageError
from hipcalc.guideline import Recommendation
from hipcalc.report.participants import read_participants
from hipcalc.report.records import FileRecord
from hipcalc.review import ReviewedHip

__all__ = ["Patient", "group_by_patient", "read_owners"]

# What FHIR, every file system and every URL take as a name.
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,51}")


@dataclass(frozen=True, kw_only=True)
class Patient:
    """One patient's images and hips.

    Attributes
    ----------
    name : str
        Of the patient's files.
    person : str
        As the participants table calls them; empty where no table says whose the image is.
    images : tuple of FileRecord
        Each image once, those with a shown hip only.
    reviewed : tuple of ReviewedHip
    hips : tuple of Recommendation
        The same hips in the same order.
    """

    name: str
    person: str
    images: tuple[FileRecord, ...]
    reviewed: tuple[ReviewedHip, ...]
    hips: tuple[Recommendation, ...]


def read_owners(participants: str | Path | None, records: Iterable[FileRecord]) -> dict[str, str]:
    """Return each image's person, by image id; an image that the table does not name is left out.

    Parameters
    ----------
    participants : str or Path or None
        Table with `path` or `image_id`, and `person` (`read_participants`); None for no table.
    records : iterable of FileRecord

    Raises
    ------
    UsageError
        If the table is wrong, names none of the images, or gives one image to two people.
    """
    if participants is None:
        return {}
    table = read_participants(participants)
    key = str(table.columns[0])
    people = dict(zip(table[key], table["person"].str.strip(), strict=True))
    owners: dict[str, str] = {}
    for image in (record.image for record in records):
        person = people.get(getattr(image, key), "")
        if person and owners.setdefault(image.image_id, person) != person:
            raise UsageError(
                f"{participants}: the image {image.image_id} is given to {owners[image.image_id]} and to {person}; "
                "keep one."
            )
    if not owners:
        raise UsageError(f"{participants} names none of the images in its column {key}; compare it with images.csv.")
    return owners


def group_by_patient(
    records: Iterable[FileRecord],
    reviewed: Iterable[ReviewedHip],
    recommendations: Iterable[Recommendation],
    owners: Mapping[str, str],
) -> tuple[Patient, ...]:
    """Group the hips that a report may show by patient, in the order of the images.

    Parameters
    ----------
    records : iterable of FileRecord
    reviewed, recommendations : iterable of ReviewedHip, of Recommendation
        The same hips in the same order.
    owners : mapping of str to str
        From `read_owners`.
    """
    images: dict[str, FileRecord] = {}
    for record in records:
        images.setdefault(record.image.image_id, record)
    hips: dict[str, list[tuple[ReviewedHip, Recommendation]]] = {}
    for hip, one in zip(reviewed, recommendations, strict=True):
        if not one.audit_only:
            # An image whose owner is unknown stands for a patient of its own.
            hips.setdefault(owners.get(one.image_id, f"\0{one.image_id}"), []).append((hip, one))
    return tuple(
        Patient(
            name=_file_name(key),
            person="" if key.startswith("\0") else key,
            images=tuple(images[image_id] for image_id in dict.fromkeys(one.image_id for _, one in pairs)),
            reviewed=tuple(hip for hip, _ in pairs),
            hips=tuple(one for _, one in pairs),
        )
        for key, pairs in hips.items()
    )


def _file_name(key: str) -> str:
    """Return a name that is safe everywhere and differs between any two people, whatever a table calls them."""
    if key.startswith("\0"):
        return key[1:]
    if _PLAIN_NAME.fullmatch(key) and key == key.lower():
        return f"person-{key}"
    plain = re.sub(r"[^A-Za-z0-9]+", "-", key).strip("-")[:30]
    return f"person-{plain}-{hashlib.sha256(key.encode()).hexdigest()[:10]}"
