"""Maps of which parts were low-pass filtered more than the rest."""

import numpy as np
import pytest

from mapres.local.resolution import local_resolution
from training.simulate.treatments.deposit import low_passed

SAID = "low-pass filtered more than the rest"


def cut_at(density, resolution):
    return low_passed(density.values, density.spacing, resolution)


def half_of(density, axis):
    """1 in one half of the molecule, 0 in the other, with a seam 2 Å wide."""
    n = density.values.shape[axis]
    away = (np.arange(n) - n / 2) * density.spacing
    shape = [n if k == axis else 1 for k in range(3)]
    return (1 / (1 + np.exp(-away))).reshape(shape).astype(np.float32)


@pytest.mark.parametrize("resolution", [6.5, 9.0])
@pytest.mark.parametrize("axis", [0, 2])
def test_a_filtered_half_is_not_finer_than_its_filter(density, resolution, axis):
    part = half_of(density, axis)
    values = part * density.values + (1 - part) * cut_at(density, resolution)
    whole = local_resolution(density)
    found = local_resolution(density.with_values(values))
    assert any(SAID in text for text in found.warnings)
    assert not any(SAID in text for text in whole.warnings)
    inside = np.broadcast_to(part < 1e-4, values.shape) & found.mask
    assert np.median(found.values[inside]) > 0.85 * resolution
    # The other half stays as it was.
    rest = np.broadcast_to(part > 0.9999, values.shape) & found.mask & whole.mask
    assert np.median(found.values[rest] / whole.values[rest]) == pytest.approx(1, abs=0.12)


def test_a_filter_of_the_whole_map_is_not_one_of_parts(density):
    found = local_resolution(density.with_values(cut_at(density, 9.0)))
    assert not any(SAID in text for text in found.warnings)
