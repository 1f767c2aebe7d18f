"""Two families see the same spot: it is proposed once."""

import numpy as np
import pytest

from hipcalc.candidates.proposals import _without_overlaps


@pytest.mark.parametrize(("apart", "kept"), [(0.45, [1]), (0.55, [1, 0])])
def test_of_two_places_one_within_half_of_the_larger_is_dropped(apart, kept):
    places = np.array([[10.0, 10.0, 8.0], [10.0, 10.0 + apart * 20.0, 20.0]])
    assert _without_overlaps(places, np.array([1, 0]), 5).tolist() == kept


def test_no_more_places_are_kept_than_are_asked_for():
    places = np.column_stack([np.arange(6.0) * 30.0, np.zeros(6), np.full(6, 8.0)])
    assert _without_overlaps(places, np.arange(6)[::-1], 4).tolist() == [5, 4, 3, 2]
