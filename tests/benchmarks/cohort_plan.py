"""What a cohort of a million to a hundred million radiographs takes: a plan from measured constants.

Run ``python tests/benchmarks/cohort_plan.py [--cores N N N] [--image-s S] [--pages] [--image-mb MB]``. Each constant
below names the command that measures it (on one machine with two cores; yours differs: give the seconds that the
summary of a trial run of a thousand images prints). Nothing of the plan itself was run beyond 100,000 inputs.
"""

import argparse
from dataclasses import dataclass

# CPU seconds of an image of 2500 x 3000 pixels, uncompressed, without pages and detection limits; and what these add
# for a pelvis (`bench_cohort.py throughput`; `stages` in the `run.json` of any run).
IMAGE_S, DETECTABILITY_S, PICTURES_S = 0.5, 1.8, 0.13
# CPU seconds of the coordinating process for each input, tables included, and of a resumed run for each that is done
# (`bench_cohort.py ledger`), and of the cohort's page (`bench_cohort.py page`).
COORDINATOR_S, RESUME_S, PAGE_S = 0.0031, 0.00008, 0.0013
# Kilobytes for each image: ledger and tables (CSV and Parquet) of 237 radiographs, pictures and page of a pelvis.
LEDGER_KB, CSV_KB, PARQUET_KB, PICTURES_KB = 5.0, 4.0, 2.2, 350.0
# So many inputs in one ledger are resumed within half a minute, and merged or thrown away without regret.
SHARD = 100_000


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """A cohort, the cores there are for it, and what is wanted of each image."""

    images: int
    cores: int
    image_s: float
    image_mb: float
    pages: bool

    @property
    def most_cores(self) -> float:
        """Cores that one coordinating process keeps busy."""
        return self.image_s / COORDINATOR_S

    @property
    def shards(self) -> int:
        """Parts that are screened apart: more than one from a million images on, or with more cores than one feeds."""
        by_cores = -(-self.cores // max(1, int(self.most_cores)))
        by_size = 1 if self.images <= 10 * SHARD else -(-self.images // SHARD)
        return max(by_cores, by_size)

    def row(self) -> tuple[str, ...]:
        """Return the cells of its row."""
        hours = self.images * (self.image_s + COORDINATOR_S) / self.cores / 3600
        each = self.images / self.shards
        merged_h = self.images * (COORDINATOR_S / 2 + PAGE_S * self.pages) / 3600
        tables_gb = self.images * (CSV_KB + PARQUET_KB) / 1e6
        pages_gb = self.images * PICTURES_KB / 1e6 if self.pages else 0.0
        return (
            f"{self.images:.0e}".replace("e+0", "e"),
            f"{self.cores}",
            f"{hours:.1f}",
            f"{self.shards}",
            f"{each * RESUME_S:.0f}",
            f"{self.images * LEDGER_KB / 1e6:.0f}",
            f"{tables_gb:.0f}",
            f"{pages_gb:.0f}",
            f"{self.images * self.image_mb / 1e6:.0f}",
            f"{self.images * self.image_mb / hours / 3600 / 1000:.1f}",
            f"{merged_h:.1f}" if self.images <= 100 * SHARD else "never",
        )


HEADS = (
    "images", "cores", "hours", "shards", "resume, s", "ledger GB", "tables GB", "pages GB", "pixels TB", "read GB/s",
    "merge, h",
)  # fmt: skip


def main() -> None:
    """Print the plan."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cores", type=int, nargs=3, default=[32, 256, 1024], help="for 10^6, 10^7 and 10^8 images")
    parser.add_argument("--image-s", type=float, default=IMAGE_S, help="CPU seconds of an image (default: %(default)g)")
    parser.add_argument("--image-mb", type=float, default=15.0, help="of a file (default: %(default)g)")
    parser.add_argument("--pages", action="store_true", help="with a page for each image")
    parser.add_argument("--detectability", action="store_true", help="with detection limits")
    given = parser.parse_args()
    image_s = given.image_s + PICTURES_S * given.pages + DETECTABILITY_S * given.detectability
    print("".join(f"{head:>11s}" for head in HEADS))
    for power, count in zip((6, 7, 8), given.cores, strict=True):
        cohort = Cohort(images=10**power, cores=count, image_s=image_s, image_mb=given.image_mb, pages=given.pages)
        print("".join(f"{cell:>11s}" for cell in cohort.row()))
    print(
        f"\nOne coordinating process feeds about {image_s / COORDINATOR_S:.0f} cores. From a million images on: "
        f"--shard i/N jobs of {SHARD:,} inputs each;\n`hipcalc query` asks the shards as they are, so merging is for "
        "those who want one table or the cohort's page.\nWhere reading is faster than the store gives, screen where "
        "the images lie. For 10^8, leave pages out (--format tables)."
    )


if __name__ == "__main__":
    main()
