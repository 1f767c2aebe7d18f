"""UIDs of results: the same for the same content, and telling nothing of what they were made from."""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from typing import Any, Final

from pydicom.uid import UID

__all__ = ["KEY_VARIABLE", "content_digest", "keyed_uid"]

# Names a site's own key. Without it the UIDs are as unique, but anyone who has the image can tell that they are its.
KEY_VARIABLE: Final = "HIPCALC_UID_KEY"
_DEFAULT_KEY: Final = "hipcalc"
_UUID_BITS: Final = 128


def keyed_uid(*parts: str) -> UID:
    """Return a UID below 2.25 (PS3.5, B.2) made by HMAC-SHA-256 with the site's key (RFC 2104).

    Parameters
    ----------
    *parts : str
        What it names; other parts, another UID.
    """
    key = os.environ.get(KEY_VARIABLE) or _DEFAULT_KEY
    digest = hmac.new(key.encode(), json.dumps(parts).encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[: _UUID_BITS // 8], "big")
    # The bits that tell version 8 (made by whom it concerns) and the variant of a UUID (RFC 9562, 5.8).
    number = number & ~(0xF << 76) | (0x8 << 76)
    number = number & ~(0x3 << 62) | (0x2 << 62)
    return UID(f"2.25.{number}")


def content_digest(content: Mapping[str, Any]) -> str:
    """Return a hash of plain values, so that an instance whose content changes is another instance."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
