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


@pytest.mark.parametrize("shares", [(0.5, 99.5), (98.0,), (0.0, 3.0, 97.0, 100.0), (0.5, 50.0, 99.9), (10.0, 33.3)])
@pytest.mark.parametrize("kind", ["noise", "few levels", "clipped", "sorted", "words"])
def test_of_many_values_too(kind, shares):
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(300, 400)).astype(np.float32)
    values = {
        "noise": noise,
        "few levels": np.round(noise),
        "clipped": np.clip(noise, -0.2, 2.0),
        "sorted": np.sort(noise, axis=None),
        "words": rng.integers(0, 4096, noise.shape).astype(np.uint16),
    }[kind]
    assert percentiles(values, *shares) == tuple(np.percentile(values, shares).tolist())


def test_a_sample_that_misleads_changes_nothing():
    # A regular sample meets the highest values alone, and so takes for the end what is less than the share.
    values = np.arange(200_000, dtype=np.float32)
    values[::40] = 1e6
    assert percentiles(values, 97.0) == tuple(np.percentile(values, [97.0]).tolist())
    assert percentiles(values, 50.0) == tuple(np.percentile(values, [50.0]).tolist())
    values[::40] = -1e6
    assert percentiles(values, 3.0, 50.0) == tuple(np.percentile(values, [3.0, 50.0]).tolist())


def test_where_the_sample_holds_all_but_the_next_value_that_is_looked_up_too():
    values = np.ones(100_000, np.float32)
    values[:40_000] = 0.0
    # All that is sampled.
    values[::20] = 0.0
    zeros = np.count_nonzero(values == 0.0)
    between = 100 * (zeros - 0.5) / (values.size - 1)
    assert percentiles(values, between) == pytest.approx((0.5,))
    assert percentiles(-values, 100 - between) == pytest.approx((-0.5,))
