"""The command line: arguments in, one command of the library, tables on the terminal."""

from hipcalc.cli.main import main

__all__ = ["main"]
