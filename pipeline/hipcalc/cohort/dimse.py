"""A PACS that speaks DICOM over TCP: C-FIND, C-GET, C-MOVE and C-STORE (PS3.4, C.4 and B)."""

import errno
import io
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    SecondaryCaptureImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    XRayRadiofluoroscopicImageStorage,
)

from hipcalc.cohort.pacs import Address, Instance
from hipcalc.errors import InputUnreadableError, OutputError

__all__ = ["DimseArchive"]

_IMAGES = (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    SecondaryCaptureImageStorage,
    XRayRadiofluoroscopicImageStorage,
)
# What hipcalc decodes: an archive then sends an image as it is stored.
_SYNTAXES = tuple(
    UID(f"1.2.840.10008.1.2{end}")
    for end in ("", ".1", ".2", ".5", ".4.50", ".4.51", ".4.57", ".4.70", ".4.80", ".4.81", ".4.90", ".4.91")
)
_SUCCESS, _PENDING = 0x0000, (0xFF00, 0xFF01)
_NOT_ASKED_FOR = 0xA900
_TIMEOUT_S = 30
# One worker at a time takes in what is moved; so long the others wait for their turn, and so often they look.
_TURN_S, _LOOK_S = 120.0, 0.02


class DimseArchive:
    """An application entity, as in ``dimse://CALLED@host:port``."""

    def __init__(self, address: Address) -> None:
        self._address = address
        parts = urlsplit(address.base)
        self._called, self._host, self._port = parts.username or "", parts.hostname or "", parts.port or 104

    def find(self) -> Iterator[Instance]:
        """Yield what the address asks for: studies, their series, and their images (C-FIND)."""
        with self._associated([StudyRootQueryRetrieveInformationModelFind], InputUnreadableError) as association:
            for question in self._address.questions:
                modality = question.pop("Modality")
                for study in self._ask(association, "STUDY", "StudyInstanceUID", **question):
                    level = {"StudyInstanceUID": study}
                    for series in self._ask(association, "SERIES", "SeriesInstanceUID", Modality=modality, **level):
                        upper = {**level, "SeriesInstanceUID": series}
                        for sop in self._ask(association, "IMAGE", "SOPInstanceUID", **upper):
                            yield Instance(study=study, series=series, sop=sop)

    def _ask(self, association: Any, level: str, wanted: str, **keys: str) -> list[str]:
        query = Dataset()
        query.QueryRetrieveLevel = level
        for keyword, value in ({wanted: ""} | keys).items():
            setattr(query, keyword, value)
        found = []
        for status, answer in association.send_c_find(query, StudyRootQueryRetrieveInformationModelFind):
            code = None if status is None else status.get("Status")
            if code in _PENDING and answer is not None:
                found.append(str(answer[wanted].value))
            elif code != _SUCCESS:
                raise InputUnreadableError(self._silent(code))
        return found

    def fetch(self, instance: Instance) -> bytes:
        """Return one image as it is stored (C-GET, or C-MOVE to us)."""
        received: list[bytes] = []

        def take(event: Any) -> int:
            if event.request.AffectedSOPInstanceUID != instance.sop:
                return _NOT_ASKED_FOR
            received.append(event.encoded_dataset(include_meta=True))
            return _SUCCESS

        query = Dataset()
        query.QueryRetrieveLevel = "IMAGE"
        query.StudyInstanceUID, query.SeriesInstanceUID = instance.study, instance.series
        query.SOPInstanceUID = instance.sop
        code = self._get(query, take) if self._address.move_port is None else self._move(query, take)
        if not received:
            raise InputUnreadableError(self._silent(code))
        return received[0]

    def _get(self, query: Dataset, take: Callable[[Any], int]) -> int | None:
        model = StudyRootQueryRetrieveInformationModelGet
        with self._associated([model], InputUnreadableError, take=take) as association:
            return _last(association.send_c_get(query, model))

    def _move(self, query: Dataset, take: Callable[[Any], int]) -> int | None:
        model = StudyRootQueryRetrieveInformationModelMove
        with self._listening(take), self._associated([model], InputUnreadableError) as association:
            return _last(association.send_c_move(query, self._address.calling, model))

    @contextmanager
    def _listening(self, take: Callable[[Any], int]) -> Iterator[None]:
        """Take in what the archive sends to our title; the port itself is the lock between workers."""
        entity = AE(ae_title=self._address.calling)
        entity.require_called_aet = True
        for kind in _IMAGES:
            entity.add_supported_context(kind, list(_SYNTAXES))
        address, latest = ("", self._address.move_port), time.monotonic() + _TURN_S
        while True:
            try:
                server = entity.start_server(address, block=False, evt_handlers=[(evt.EVT_C_STORE, take)])
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > latest:
                    raise InputUnreadableError(
                        f"port {self._address.move_port} of this machine cannot be listened on ({error.strerror}); end "
                        "what uses it, or give another move_port that the PACS knows."
                    ) from error
                time.sleep(_LOOK_S)
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()

    def send(self, files: list[bytes]) -> list[str]:
        """Store DICOM files (C-STORE)."""
        refused = []
        datasets = [pydicom.dcmread(io.BytesIO(content)) for content in files]
        contexts = [(one.SOPClassUID, one.file_meta.TransferSyntaxUID) for one in datasets]
        with self._associated(list(dict.fromkeys(contexts)), OutputError) as association:
            for one in datasets:
                try:
                    code = association.send_c_store(one).get("Status")
                except ValueError:
                    # The archive accepted no context for this kind of object.
                    code = None
                if code != _SUCCESS:
                    refused.append("not accepted" if code is None else f"status {code:04X}h")
        return refused

    @contextmanager
    def _associated(self, contexts: list[Any], error: type[Exception], take: Any = None) -> Iterator[Any]:
        entity = AE(ae_title=self._address.calling)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = _TIMEOUT_S
        for context in contexts:
            if isinstance(context, tuple):
                entity.add_requested_context(*context)
            else:
                entity.add_requested_context(context)
        more: dict[str, Any] = {}
        if take is not None:
            for kind in _IMAGES:
                for syntax in _SYNTAXES:
                    entity.add_requested_context(kind, syntax)
            more["ext_neg"] = [build_role(kind, scp_role=True) for kind in _IMAGES]
            more["evt_handlers"] = [(evt.EVT_C_STORE, take)]
        association = entity.associate(self._host, self._port, ae_title=self._called, **more)
        if not association.is_established:
            raise error(self._silent(None))
        try:
            yield association
        finally:
            association.release()

    def _silent(self, code: int | None) -> str:
        why = "no association" if code is None else f"status {code:04X}h"
        hint = "check address and rights"
        if self._address.move_port is not None:
            hint += f", and that it knows {self._address.calling} by this machine and port {self._address.move_port}"
        return f"{self._address.base}: the PACS does not answer as it should ({why}); {hint}."


def _last(answers: Iterable[tuple[Dataset, Dataset | None]]) -> int | None:
    """Return the status that a retrieval ends with."""
    code = None
    for status, _ in answers:
        code = status.get("Status")
    return code
