"""Names for hips, images and marks that tell nothing: neither file, nor rank, nor score."""

import hashlib
import hmac

__all__ = ["Keys"]

LENGTH = 16


class Keys:
    """Opaque names, made with a secret of this server.

    Parameters
    ----------
    secret : bytes
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._meant: dict[tuple[str, str], str] = {}

    def give(self, kind: str, identity: str, *, to: str = "") -> str:
        """Return the key of something, 16 hex digits, and remember what it means; readers are given different ones."""
        digest = hmac.new(self._secret, f"{kind}\n{to}\n{identity}".encode("utf-8", "surrogateescape"), hashlib.sha256)
        key = digest.hexdigest()[:LENGTH]
        self._meant[kind, key] = identity
        return key

    def meaning(self, kind: str, key: str) -> str | None:
        """Return what a key means; None for one that was never given."""
        return self._meant.get((kind, key))
