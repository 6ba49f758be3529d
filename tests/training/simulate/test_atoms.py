"""Densities from atoms against direct summation, atom by atom."""

import gemmi
import numpy as np
import pytest

from mapres.fourier import inverse
from training.simulate.atoms import scattering_transform, simulate_pdb2mrc, spread


@pytest.mark.parametrize("resolution", [2.5, 7.5, 12.5])
def test_pdb2mrc_equals_direct_summation(ball, resolution, rng):
    density = simulate_pdb2mrc(ball, resolution, 1.0, (64, 64, 64))
    voxels = rng.integers(6, 58, (300, 3))
    offset = (voxels[:, ::-1] - 32.0)[:, None] - ball.xyz
    sigma = resolution / (np.pi * np.sqrt(2))
    gaussians = np.exp(-(offset**2).sum(axis=2) / (2 * sigma**2)) / (2 * np.pi * sigma**2) ** 1.5
    direct = (ball.atomic_number * gaussians).sum(axis=1)
    assert np.abs(density[tuple(voxels.T)] - direct).max() < 1e-3 * density.max()


def test_pdb2mrc_holds_every_electron(ball):
    density = simulate_pdb2mrc(ball, 6.0, 2.0, (48, 48, 48))
    assert density.sum() * 2.0**3 == pytest.approx(ball.atomic_number.sum(), rel=1e-4)


def test_atoms_outside_the_box_do_not_wrap_into_it(ball):
    whole = simulate_pdb2mrc(ball, 7.5, 1.0, (64, 64, 64))
    crop = simulate_pdb2mrc(ball, 7.5, 1.0, (24, 24, 24))
    assert np.allclose(crop, whole[20:44, 20:44, 20:44], atol=2e-3 * whole.max())


def test_spreading_keeps_weight_and_center():
    position = np.array([[5.3, 7.8, 9.1]])
    grid = spread(position, np.array([3.0]), (16, 16, 16))
    center = [(axis * grid).sum() / grid.sum() for axis in np.indices(grid.shape)]
    assert grid.sum() == pytest.approx(3.0, rel=1e-6)
    assert np.allclose(center, position[0, ::-1], atol=1e-5)


def test_one_carbon_is_that_of_the_international_tables(ball):
    """Gemmi evaluates the same five Gaussians in real space: an independent sum."""
    carbon = ball.__class__(
        "C", np.zeros((1, 3), np.float32), np.array([6], np.uint8), np.array([40.0], np.float32)
    )
    transform = scattering_transform(carbon, carbon.b_factor, 0.5, (64, 64, 64))
    density = inverse(transform, (64, 64, 64))
    for voxels in (0, 2, 4):
        expected = gemmi.Element("C").c4322.calculate_density_iso((0.5 * voxels) ** 2, 40.0)
        assert density[32, 32, 32 + voxels] == pytest.approx(expected, rel=0.02)
