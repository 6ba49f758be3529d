"""Everything is counted from the resolution of the map."""

import numpy as np
import pytest

from mapres.features.bands import STEP, WAVELENGTHS
from mapres.features.distribution import CENTERS
from mapres.features.energies import CHANNELS, MEANS
from mapres.features.profile import FREQUENCIES
from mapres.features.relative import (
    OF_MAP,
    OFFSETS,
    UNSEEN,
    GlobalFeatures,
    inputs_of_cell,
    row_of_map,
    rows,
)
from mapres.features.windows import ABOUT, WIDTHS

N = 5


def a_map(resolution):
    """Return what a map of a resolution is known by, whose every curve is of d over that."""
    probabilities = np.exp(-0.5 * (np.log(CENTERS / resolution) / 0.1) ** 2)
    features = np.sin(np.log(WAVELENGTHS / resolution))
    profile = np.cos(np.log(1 / FREQUENCIES / resolution))
    global_features = GlobalFeatures(
        (probabilities / probabilities.sum()).astype(np.float32),
        np.tile(profile, (4, 1)).astype(np.float32),
        np.tile(features, (MEANS, 1)).astype(np.float32),
        4.0,
    )
    return (
        np.tile(features, (N, len(WIDTHS), CHANNELS, 1)),
        np.ones((N, len(ABOUT))),
        global_features,
    )


def test_maps_that_differ_in_scale_alone_read_alike():
    first, second = (a_map(WAVELENGTHS[12] * STEP**k) for k in (-1, 0))
    ours, others = (rows(*each[:2], each[-1].ln_resolution) for each in (first, second))
    assert ours.shape == (N, inputs_of_cell(CHANNELS)) and ours.dtype == np.float32
    assert_alike(ours, others)
    ours, others = (row_of_map(each[-1], each[-1].ln_resolution) for each in (first, second))
    assert ours.shape == (1, OF_MAP) and ours.dtype == np.float32
    # The last three say how large all is.
    assert_alike(ours[:, :-3], others[:, :-3])


def assert_alike(ours, others):
    seen = (ours != UNSEEN) & (others != UNSEEN)
    assert seen.mean() > 0.8
    np.testing.assert_allclose(ours[seen], others[seen], atol=0.02)


def test_bands_are_where_they_are_said_to_be():
    features, fractions, _ = a_map(5.0)
    middle = np.log(WAVELENGTHS[10])
    found = rows(features, fractions, middle)[:, : -len(ABOUT)]
    found = found.reshape(N, len(WIDTHS), CHANNELS, len(OFFSETS))
    at = np.flatnonzero(np.isclose(OFFSETS, 0))
    np.testing.assert_allclose(found[..., at[0]], features[..., 10], atol=1e-6)
    half = rows(features, fractions, middle + 0.5 * np.log(STEP))[0, at[0]]
    assert half == pytest.approx(features[0, 0, 0, 10:12].mean(), abs=1e-6)


def test_what_lies_beyond_the_bands_is_unseen():
    features, fractions, _ = a_map(1.6)
    found = rows(features, fractions, np.log(1.6))
    cells = found[:, : -len(ABOUT)].reshape(N, -1, len(OFFSETS))
    assert (cells[..., 0] == UNSEEN).all() and (cells[..., -1] != UNSEEN).all()
