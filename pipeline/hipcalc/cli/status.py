"""Exit statuses."""

__all__ = ["DONE", "DONE_WITH_LOSSES", "INTERRUPTED", "NOTHING_DONE", "WRONG_USAGE"]

DONE, NOTHING_DONE, WRONG_USAGE, DONE_WITH_LOSSES = 0, 1, 2, 3
# As shells report a program that Ctrl-C ended.
INTERRUPTED = 130
