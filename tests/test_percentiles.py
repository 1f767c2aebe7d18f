"""Percentiles of pixels."""

import numpy as np
import pytest

from hipcalc.radiograph.percentiles import percentiles


@pytest.mark.parametrize("seed", range(20))
def test_percentiles_are_those_of_numpy_bit_for_bit(seed):
    rng = np.random.default_rng(seed)
    values = (rng.normal(size=(rng.integers(1, 40), rng.integers(1, 40))) * 10.0 ** rng.integers(-3, 4)).astype("f4")
    if seed % 2:
        values = np.round(values)
    shares = [0.0, 0.5, *rng.uniform(0, 100, 3), 99.5, 100.0]
    assert percentiles(values, *shares) == tuple(np.percentile(values, shares).tolist())


def test_bytes_and_words_have_percentiles_too():
    values = np.arange(101, dtype=np.uint8)
    assert percentiles(values, 0.5, 50.0, 99.5) == (0.5, 50.0, 99.5)
    assert percentiles(values.astype(np.uint16) * 600, 50.0) == (30000.0,)
