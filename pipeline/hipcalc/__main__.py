"""``python -m hipcalc`` is the command ``hipcalc``."""

from hipcalc.cli import main

# Worker processes import this module under another name, and must not start over.
if __name__ == "__main__":
    raise SystemExit(main())
