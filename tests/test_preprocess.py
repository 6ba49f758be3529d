"""What the network sees does not depend on how the map was sampled, scaled or boxed."""

import numpy as np
import pytest

from mapres import preprocess
from mapres.density import Density
from mapres.fourier import gaussian_low_pass, resize


@pytest.fixture(scope="module")
def smooth():
    """Return a map of 96 Å, low-passed to 9 Å so that any voxel size up to 4 Å can hold it."""
    values = np.random.default_rng(3).standard_normal((96, 96, 96)).astype(np.float32)
    return gaussian_low_pass(values, 1.0, 9.0)


def test_patches_are_normalised(smooth):
    density = Density(smooth, (1.0, 1.0, 1.0))
    patches = preprocess.cut_patches(density, np.array([[48, 48, 48], [30, 60, 50]]))
    assert patches.shape == (2, 48, 48, 48) and patches.dtype == np.float32
    assert np.allclose(np.median(patches, axis=(1, 2, 3)), 0, atol=1e-5)
    assert np.allclose(patches.std(axis=(1, 2, 3)), 1, atol=1e-3)


@pytest.mark.parametrize("edge", [64, 80, 128])
def test_voxel_size_does_not_matter(smooth, edge):
    reference = preprocess.cut_patches(Density(smooth, (1.0,) * 3), np.array([[48, 48, 48]]))
    coarse = Density(resize(smooth, (edge,) * 3), (96 / edge,) * 3)
    patch = preprocess.cut_patches(coarse, np.array([[edge // 2] * 3]))
    # Centres agree to half a voxel only, which alone costs 5 % of correlation at 9 Å.
    assert np.corrcoef(reference.ravel(), patch.ravel())[0, 1] > 0.94


def test_scale_and_offset_do_not_matter(smooth):
    centre = np.array([[48, 48, 48]])
    plain = preprocess.cut_patches(Density(smooth, (1.0,) * 3), centre)
    changed = preprocess.cut_patches(Density(-2 + 1e3 * smooth, (1.0,) * 3), centre)
    assert np.allclose(plain, changed, atol=1e-2)


def test_one_hot_voxel_does_not_set_the_scale(smooth):
    """A voxel 10,000 times too bright leaves the rest of the patch as it was."""
    centre = np.array([[48, 48, 48]])
    plain = preprocess.cut_patches(Density(smooth, (1.0,) * 3), centre)
    hot = smooth.copy()
    hot[40, 48, 48] = 1e4 * smooth.max()
    patch = preprocess.cut_patches(Density(hot, (1.0,) * 3), centre)
    assert patch.max() <= preprocess.CLIP
    assert np.median(np.abs(patch)) == pytest.approx(np.median(np.abs(plain)), rel=0.1)


def test_a_box_smaller_than_a_patch_is_padded():
    values = np.random.default_rng(0).standard_normal((20, 24, 30)).astype(np.float32)
    patches = preprocess.cut_patches(Density(values, (1.0,) * 3), np.array([[10, 12, 15]]))
    assert patches.shape == (1, 48, 48, 48) and np.isfinite(patches).all()


@pytest.mark.parametrize("voxel_size", [0.8, 1.0, 2.0])
@pytest.mark.parametrize("centre", [(48, 48, 48), (3, 48, 90), (95, 0, 60)])
def test_a_patch_shows_the_voxels_that_it_says(smooth, voxel_size, centre):
    """Also where its window was moved to stay in the box."""
    density = Density(smooth, (voxel_size,) * 3)
    region = preprocess.shown_by_patch(density, np.array(centre))
    (patch,) = preprocess.cut_patches(density, np.array([centre]))
    shown = resize(smooth[region], (48, 48, 48))
    inner = (slice(8, -8),) * 3
    assert np.corrcoef(shown[inner].ravel(), patch[inner].ravel())[0, 1] > 0.8


def test_centres_lie_in_the_mask_half_a_patch_apart():
    mask = np.zeros((90, 90, 90), dtype=bool)
    mask[10:80, 15:70, 20:75] = True
    centres = preprocess.patch_centres(mask, 1.5, 32)
    assert mask[tuple(centres.T)].all()
    gaps = np.linalg.norm((centres[:, None] - centres[None]) * 1.5, axis=2)
    assert gaps[~np.eye(len(centres), dtype=bool)].min() > 24
    assert np.array_equal(centres, preprocess.patch_centres(mask, 1.5, 32))


def test_one_voxel_of_molecule_gives_one_patch():
    mask = np.zeros((20, 20, 20), dtype=bool)
    mask[3, 4, 5] = True
    assert preprocess.patch_centres(mask, 1.0, 32).tolist() == [[3, 4, 5]]
