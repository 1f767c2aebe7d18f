"""Errors that a user can cause. Each message is one sentence: what is wrong, in which file, what to do."""

__all__ = ["HipcalcError", "InputRejectedError", "InputUnreadableError", "OutputError", "UsageError"]


class HipcalcError(Exception):
    """Base of every error that hipcalc raises for a user's input."""


class InputUnreadableError(HipcalcError):
    """A file could not be read as an image (status ``failed`` in the images table)."""


class InputRejectedError(HipcalcError):
    """A file was read, but is not a radiograph that hipcalc can analyse (status ``rejected``)."""


class UsageError(HipcalcError):
    """An argument, table or folder given by the user is wrong; nothing was done."""


class OutputError(HipcalcError):
    """Results could not be written; everything written before is kept."""
