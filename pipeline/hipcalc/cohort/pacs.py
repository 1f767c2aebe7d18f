"""A PACS as input: what an address asks for is found, fetched image by image, and sent back.

Two kinds of address: ``dicomweb+https://host/dicom-web?PatientID=...`` (PS3.18: QIDO-RS, WADO-RS, STOW-RS) and
``dimse://CALLED@host:port?StudyDate=...&calling=US`` (PS3.4: C-FIND, C-GET, C-STORE; with ``&move_port=11113``, C-MOVE
to us, for an archive that grants no C-GET and knows our title by this machine and that port). What else stands behind
the question mark are matching keys by their DICOM keywords; where no Modality is asked for, CR and DX are.

Results name an image of a PACS by a hash of its SOP instance UID: the UID itself leads to a person.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from hipcalc.errors import InputRejectedError, InputUnreadableError, UsageError
from hipcalc.report import Input

__all__ = ["Address", "Archive", "Instance", "fetch_instance", "is_pacs", "list_instances", "open_archive", "shown"]

_SCHEMES = ("dicomweb+http", "dicomweb+https", "dimse")
_MODALITIES = ("CR", "DX")
_OWN_TITLE = "HIPCALC"

_UID_SIGNS = frozenset("0123456789.")


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One image in a PACS, by its three UIDs."""

    study: str
    series: str
    sop: str


@dataclass(frozen=True, kw_only=True)
class Address:
    """A PACS and what is asked of it.

    Attributes
    ----------
    base : str
        Scheme, host and path: without what is asked, fit to be shown.
    keys : tuple of (keyword, value)
        What is asked for.
    calling : str
        Our own title, where one is needed.
    move_port : int, optional
        Where we take in what is moved to our title; without it, images are fetched (C-GET).
    """

    base: str
    keys: tuple[tuple[str, str], ...] = ()
    calling: str = _OWN_TITLE
    move_port: int | None = None

    @classmethod
    def of(cls, url: str) -> "Address":
        """Take an address apart.

        Raises
        ------
        UsageError
            If it is incomplete, or holds a password.
        """
        parts = urlsplit(url)
        if parts.password is not None or (parts.username and parts.scheme != "dimse"):
            raise UsageError(
                f"{parts.scheme}://{parts.hostname}: an address is written to run.json; put user and password into "
                "~/.netrc instead."
            )
        if not parts.hostname or (parts.scheme == "dimse" and not (parts.username and parts.port)):
            raise UsageError(
                f"{parts.scheme}://{parts.netloc}: the address is incomplete; give it as in dimse://CALLED@host:104 "
                "or dicomweb+https://host/dicom-web."
            )
        keys = dict(parse_qsl(parts.query))
        calling = keys.pop("calling", _OWN_TITLE)
        port = keys.pop("move_port", None)
        if port is not None and not (parts.scheme == "dimse" and port.isascii() and port.isdigit() and len(port) < 6):
            raise UsageError(f"move_port={port}: give the port of this machine that the dimse:// archive sends to.")
        base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        return cls(base=base, keys=tuple(keys.items()), calling=calling, move_port=None if port is None else int(port))

    @property
    def own(self) -> str:
        """What an address says of us, as its part behind the question mark."""
        return f"calling={self.calling}" + ("" if self.move_port is None else f"&move_port={self.move_port}")

    @property
    def questions(self) -> tuple[dict[str, str], ...]:
        """The matching keys of each question to ask, one for each modality."""
        keys = dict(self.keys)
        modalities = (keys["Modality"],) if "Modality" in keys else _MODALITIES
        return tuple(keys | {"Modality": modality} for modality in modalities)


class Archive(Protocol):
    """What both kinds of PACS can do."""

    def find(self) -> Iterator[Instance]:
        """Yield what the address asks for."""
        ...

    def fetch(self, instance: Instance) -> bytes:
        """Return one image as the bytes of a DICOM file."""
        ...

    def send(self, files: list[bytes]) -> list[str]:
        """Store DICOM files, and return why for each that was not taken; empty when all were."""
        ...


def is_pacs(url: str) -> bool:
    """Tell the address of a PACS."""
    return url.partition("://")[0] in _SCHEMES


def shown(url: str) -> str:
    """Return an address as ``run.json`` may hold it: what is asked for, which may name a person, only as a hash."""
    if not is_pacs(url):
        return url
    address = Address.of(url)
    if not address.keys:
        return address.base
    return f"{address.base}?{hashlib.sha256(repr(sorted(address.keys)).encode()).hexdigest()[:16]}"


def open_archive(address: Address) -> Archive:
    """Return the PACS of an address.

    Raises
    ------
    UsageError
        If the package for it is not installed.
    """
    try:
        if address.base.startswith("dimse"):
            from hipcalc.cohort.dimse import DimseArchive

            return DimseArchive(address)
        from hipcalc.cohort.dicomweb import DicomWebArchive

        return DicomWebArchive(address)
    except ImportError as error:
        raise UsageError(
            f"{address.base}: a PACS needs packages that are not there: pip install 'hipcalc[pacs]'."
        ) from error


def list_instances(url: str) -> Iterator[Input]:
    """Yield every image that an address asks for, each once.

    Raises
    ------
    InputUnreadableError
        If the PACS does not answer.
    """
    address = Address.of(url)
    seen: set[bytes] = set()
    for one in open_archive(address).find():
        digest = hashlib.sha256(one.sop.encode()).digest()
        if digest[:16] in seen:
            continue
        seen.add(digest[:16])
        where = f"{address.base}/{one.study}/{one.series}/{one.sop}?{address.own}"
        yield Input(path=f"{address.base}/{digest.hex()[:16]}", ref=where)
    if not seen:
        raise InputUnreadableError(
            f"{address.base}: nothing in this PACS is what the address asks for; check its keys."
        )


def fetch_instance(ref: str) -> bytes:
    """Return the image that `list_instances` gave this reference.

    Raises
    ------
    InputUnreadableError
        If the PACS does not give it.
    InputRejectedError
        If it is no reference but the name that results call the image by, which leads back to nobody.
    """
    address = Address.of(ref)
    base, *uids = address.base.rsplit("/", 3)
    if len(uids) != 3 or not all(set(uid) <= _UID_SIGNS for uid in uids):
        raise InputRejectedError(
            f"{ref}: results keep no way back to an image in a PACS; give the address that it was screened from as "
            "--source."
        )
    study, series, sop = uids
    return open_archive(replace(address, base=base)).fetch(Instance(study=study, series=series, sop=sop))
