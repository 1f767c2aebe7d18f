"""What may be written to a terminal."""

__all__ = ["printable"]


def printable(text: str) -> str:
    """Return a text with what is no printable character as its escape: a file's name may hold line ends and colours."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
