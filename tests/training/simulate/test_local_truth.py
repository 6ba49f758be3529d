"""Local resolution is where a signal's local power falls to 1/6 of the noise's."""

import numpy as np
import pytest

from mapres.fourier import Shells, filtered
from training.simulate.local_truth import local_truth

SHAPE, SIZE = (64, 64, 64), 1.5
EVERYWHERE = np.ones(SHAPE, dtype=bool)
B_FACTOR = 300.0
# Å: exp(-B s² / 2) is 1/6 there.
CROSSING = np.sqrt(B_FACTOR / 2 / np.log(6))


@pytest.fixture(scope="module")
def white():
    return np.random.default_rng(0).standard_normal(SHAPE, dtype=np.float32)


@pytest.fixture(scope="module")
def signal(white):
    return filtered(white, SIZE, lambda s2: np.exp(-0.25 * B_FACTOR * s2))


def flat_noise(variance=1.0):
    """Return the power of white noise in every shell."""
    shells = Shells(SHAPE, SIZE)
    return np.full(len(shells.count), variance * np.prod(SHAPE))


def test_it_is_where_the_spectra_cross(signal):
    truth = local_truth(signal, flat_noise(), EVERYWHERE, SIZE, CROSSING)
    assert np.median(truth) == pytest.approx(CROSSING, rel=0.05)
    # Windows of one wavelength hold few independent coefficients.
    assert np.log(truth).std() < 0.1


def test_lengths_scale_with_the_voxel_size(signal):
    truth = local_truth(signal, flat_noise(), EVERYWHERE, SIZE, CROSSING)
    # Coarser than 14 Å windows grow no more; both are far below.
    finer = local_truth(signal, flat_noise(), EVERYWHERE, SIZE / 2, CROSSING / 2)
    assert np.allclose(finer, truth / 2, rtol=1e-3)


def test_more_noise_resolves_less_everywhere(signal):
    less, more = (
        local_truth(signal, flat_noise(v), EVERYWHERE, SIZE, CROSSING) for v in (0.3, 3.0)
    )
    assert (more > less).all()


def test_it_differs_from_place_to_place_as_the_signal_does(white):
    fine, coarse = (
        filtered(white, SIZE, lambda s2, b=b: np.exp(-0.25 * b * s2)) for b in (150.0, 600.0)
    )
    left = np.arange(SHAPE[2]) < 32
    both = np.where(left, fine, coarse)
    truth = local_truth(both, flat_noise(), EVERYWHERE, SIZE, CROSSING)
    # In the middle of each half; the box is periodic.
    for at, wanted in ((16, CROSSING / np.sqrt(2)), (48, CROSSING * np.sqrt(2))):
        assert np.median(truth[:, :, at - 6 : at + 6]) == pytest.approx(wanted, rel=0.1)


def test_the_edge_of_a_molecule_is_not_diluted_by_solvent(signal):
    """Half of a window there is outside; counted as molecule it would take 28% off."""
    inside = np.zeros(SHAPE, dtype=bool)
    inside[16:48, 16:48, 16:48] = True
    whole = local_truth(signal, flat_noise(), EVERYWHERE, SIZE, CROSSING)
    masked = local_truth(np.where(inside, signal, 0), flat_noise(), inside, SIZE, CROSSING)
    face = np.s_[16:18, 24:40, 24:40]
    assert np.median(masked[face] / whole[face]) == pytest.approx(1, abs=0.1)


def test_without_noise_it_is_two_voxels(white):
    truth = local_truth(white, flat_noise(1e-9), EVERYWHERE, SIZE, 5.0)
    assert np.allclose(truth, 2 * SIZE)


def test_a_small_box_is_measured_where_it_has_shells(white):
    """Of 24 voxels it has no coefficient between 36 and 18 Å; what is finer does not know of it."""
    small = filtered(white[:24, :24, :24], SIZE, lambda s2: np.exp(-0.25 * B_FACTOR * s2))
    # So little that no coarse band of few coefficients is below it by chance.
    noise = np.full(len(Shells(small.shape, SIZE).count), 0.05 * small.size)
    truth = local_truth(small, noise, np.ones(small.shape, dtype=bool), SIZE, CROSSING)
    assert np.median(truth) == pytest.approx(np.sqrt(B_FACTOR / 2 / np.log(6 / 0.05)), rel=0.1)
