"""The automatic solvent mask finds what was put in, with noise and without."""

import numpy as np
import pytest
from scipy import ndimage

from mapres.density import Density
from mapres.errors import MapContentError
from mapres.mask import flat_solvent, solvent_mask


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_molecule_is_found(globule, noise, rng):
    density, inside = globule
    noisy = density.values + noise * rng.standard_normal(density.values.shape).astype(np.float32)
    found = solvent_mask(density.with_values(noisy))
    assert overlap(found, ndimage.binary_dilation(inside, iterations=2)) > 0.75


def test_mask_turns_with_the_map(globule):
    density, _ = globule
    turned = density.with_values(np.ascontiguousarray(np.rot90(density.values)))
    assert overlap(solvent_mask(turned), np.rot90(solvent_mask(density))) > 0.99


def test_scale_and_offset_do_not_matter(globule, rng):
    density, _ = globule
    noisy = density.values + 0.2 * rng.standard_normal(density.values.shape).astype(np.float32)
    changed = density.with_values(7.5 * noisy - 3.0)
    assert overlap(solvent_mask(changed), solvent_mask(density.with_values(noisy))) > 0.99


def test_specks_are_dropped(globule):
    density, _ = globule
    values = density.values.copy()
    values[2:5, 2:5, 2:5] = values.max()
    assert not solvent_mask(density.with_values(values))[:8, :8, :8].any()


def test_flat_solvent_is_seen(globule, rng):
    density, inside = globule
    masked = np.where(inside, density.values, 0)
    assert flat_solvent(masked) is not None
    noisy = density.values + rng.standard_normal(inside.shape).astype(np.float32)
    assert flat_solvent(noisy) is None


def test_zeros_outside_a_sphere_are_no_mask(globule, rng):
    """Reconstruction programs set the corners of the box to 0: the noise is still there."""
    density, _ = globule
    noisy = density.values + 0.5 * rng.standard_normal(density.values.shape).astype(np.float32)
    grid = np.indices(noisy.shape) - 24
    spherical = np.where((grid**2).sum(axis=0) < 23**2, noisy, 0).astype(np.float32)
    assert flat_solvent(spherical) is None
    found = solvent_mask(density.with_values(spherical))
    assert overlap(found, solvent_mask(density.with_values(noisy))) > 0.95


@pytest.mark.parametrize("offset", [-5.0, 5.0, 100.0])
def test_the_background_value_of_a_masked_map_does_not_matter(globule, offset):
    density, inside = globule
    masked = np.where(inside, density.values, 0).astype(np.float32)
    found = solvent_mask(density.with_values(masked + np.float32(offset)))
    assert overlap(found, solvent_mask(density.with_values(masked))) > 0.99


def test_a_box_without_a_molecule_says_so():
    values = np.ones((24, 24, 24), dtype=np.float32)
    values[12, 12, 12] = -1.0
    with pytest.raises(MapContentError, match="no molecule stands out"):
        solvent_mask(Density(values, (3.0, 3.0, 3.0)))
