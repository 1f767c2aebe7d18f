"""Search for files on which the reader breaks, for as long as you like, and print what came of it.

PYTHONPATH=tests python tests/benchmarks/fuzz_reader.py --minutes 10 [--start SEED]
"""

import argparse
import resource
import tempfile
import time
import warnings
from pathlib import Path

import fuzzing
from test_radiograph_fuzz import own_files


def main() -> None:
    """Search and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--start", type=int, default=10_000)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        files = fuzzing.corpus(own_files(Path(folder) / "own"))
        until = time.monotonic() + 60 * options.minutes
        seeds = range(options.start, options.start + 10**9)
        report = fuzzing.run(files, Path(folder) / "case", seeds=seeds, until=until)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{len(files)} files to start from, {report.cases} cases: {report.read} read, {report.refused.total()} refused"
    )
    print(f"slowest case {report.slowest_s:.2f} s, peak memory {peak:.2f} GiB, {len(report.crashes)} crashes")
    for reason, count in report.refused.most_common(25):
        print(f"{count:8d}  {reason}")
    for name, seed, error in report.crashes[:50]:
        print(f"CRASH {name} seed {seed}: {error}")


if __name__ == "__main__":
    main()
