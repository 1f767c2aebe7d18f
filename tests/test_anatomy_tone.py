"""A picture without its tone curve."""

import numpy as np
import pytest

from hipcalc.anatomy.patch import Pyramid
from hipcalc.anatomy.tone import evened
from radiograph_files import bony_picture

PICTURE = bony_picture()
EVERYWHERE = np.ones(PICTURE.shape, bool)


@pytest.mark.parametrize("curve", [np.sqrt, np.exp, lambda grey: grey**3, lambda grey: np.tanh(4 * grey - 1)])
def test_no_tone_curve_changes_it(curve):
    plain = evened(Pyramid.of(PICTURE, EVERYWHERE))
    curved = evened(Pyramid.of(curve(PICTURE).astype(np.float32), EVERYWHERE))
    for ours, theirs in zip(plain.grey[:2], curved.grey[:2], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=0.02)


def test_grey_is_the_share_of_the_picture_that_is_darker():
    ramp = np.linspace(3.0, 9.0, 256 * 256, dtype=np.float32).reshape(256, 256)
    grey = evened(Pyramid.of(ramp, np.ones(ramp.shape, bool))).grey
    np.testing.assert_allclose(grey[0], np.linspace(0, 1, ramp.size).reshape(ramp.shape), atol=1e-3)
    assert [one.dtype for one in grey] == [np.float32] * len(grey)


def test_pixels_of_one_level_take_the_middle_of_their_shares():
    halves = np.zeros((256, 256), np.float32)
    halves[64:] = 1.0
    grey = evened(Pyramid.of(halves, np.ones(halves.shape, bool))).grey[0]
    np.testing.assert_allclose(np.unique(grey), [0.125, 0.625], atol=0.01)


def test_what_does_not_count_does_not_set_the_scale():
    keep, with_frame = EVERYWHERE.copy(), PICTURE.copy()
    keep[:100], with_frame[:100] = False, 50.0
    framed, plain = (evened(Pyramid.of(picture, keep)) for picture in (with_frame, PICTURE))
    np.testing.assert_allclose(framed.grey[0][100:], plain.grey[0][100:], atol=1e-6)
    assert (framed.grey[0][:100] == framed.grey[0][100:].max()).all()


def test_a_picture_of_one_level_stays_as_it_is():
    flat = Pyramid.of(np.full((200, 200), 0.5, np.float32), np.ones((200, 200), bool))
    assert evened(flat) is flat
