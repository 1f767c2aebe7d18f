"""A PACS that speaks DICOMweb (PS3.18)."""

import io
from collections.abc import Iterator
from typing import Any

import dicomweb_client
import pydicom
import requests

from hipcalc.cohort.pacs import Address, Instance
from hipcalc.errors import InputUnreadableError, OutputError

__all__ = ["DicomWebArchive"]

_PER_ANSWER = 500
_UIDS = {"study": "0020000D", "series": "0020000E", "sop": "00080018"}
_TRIES = 3


class DicomWebArchive:
    """A DICOMweb server; user and password come from ``~/.netrc``."""

    def __init__(self, address: Address) -> None:
        self._address = address
        client = dicomweb_client.DICOMwebClient(url=address.base.removeprefix("dicomweb+"))
        client.set_http_retry_params(retry=True, max_attempts=_TRIES, wait_exponential_multiplier=200)
        self._client: Any = client

    def find(self) -> Iterator[Instance]:
        """Yield what the address asks for (QIDO-RS)."""
        for question in self._address.questions:
            offset = 0
            while True:
                answer = self._ask(search_filters=question, limit=_PER_ANSWER, offset=offset)
                for one in answer:
                    yield Instance(**{name: str(one[tag]["Value"][0]) for name, tag in _UIDS.items()})
                if len(answer) < _PER_ANSWER:
                    break
                offset += len(answer)

    def _ask(self, **question: Any) -> list[Any]:
        try:
            return list(self._client.search_for_instances(**question))
        except (requests.RequestException, ValueError) as error:
            raise InputUnreadableError(self._silent(error)) from error

    def fetch(self, instance: Instance) -> bytes:
        """Return one image as it is stored (WADO-RS)."""
        try:
            dataset = self._client.retrieve_instance(
                instance.study, instance.series, instance.sop, media_types=(("application/dicom", "*"),)
            )
        except (requests.RequestException, ValueError) as error:
            raise InputUnreadableError(self._silent(error)) from error
        file = io.BytesIO()
        dataset.save_as(file, enforce_file_format=True)
        return file.getvalue()

    def send(self, files: list[bytes]) -> list[str]:
        """Store DICOM files (STOW-RS)."""
        refused = []
        for content in files:
            try:
                answer = self._client.store_instances([pydicom.dcmread(io.BytesIO(content))])
            except requests.HTTPError as error:
                refused.append(f"status {getattr(error.response, 'status_code', 'unknown')}")
            except requests.RequestException as error:
                raise OutputError(self._silent(error)) from error
            else:
                failed = answer.get("FailedSOPSequence") or ()
                refused += [f"reason {one.FailureReason:04X}h" for one in failed]
        return refused

    def _silent(self, error: Exception) -> str:
        # The message of an HTTP error quotes the address asked, with its UIDs.
        response = getattr(error, "response", None)
        why = type(error).__name__ if response is None else f"status {response.status_code}"
        return f"{self._address.base}: the PACS does not answer as it should ({why}); check address and rights."
