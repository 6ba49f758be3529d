"""What the network sees does not depend on how the map was sampled, scaled or boxed."""

import itertools

import numpy as np
import pytest

from mapres.density import Density
from mapres.features import patches as preprocess
from mapres.fourier import filtered, gaussian_low_pass, resize


@pytest.fixture(scope="module")
def smooth():
    """Return a map of 96 Å, low-passed to 9 Å so that any voxel size up to 4 Å can hold it."""
    values = np.random.default_rng(3).standard_normal((96, 96, 96)).astype(np.float32)
    return gaussian_low_pass(values, 1.0, 9.0)


def test_patches_are_normalized(smooth):
    density = Density(smooth, (1.0, 1.0, 1.0))
    patches = preprocess.cut_patches(density, np.array([[48, 48, 48], [30, 60, 50]]))
    values = patches.values
    assert values.shape == (2, 48, 48, 48) and values.dtype == np.float32
    assert np.allclose(np.median(values, axis=(1, 2, 3)), 0, atol=1e-5)
    assert np.allclose(values.std(axis=(1, 2, 3)), 1, atol=1e-3)
    assert patches.spectra.shape == (2, 24) and patches.spectra.dtype == np.float32
    assert len(patches) == 2


@pytest.mark.parametrize("edge", [64, 80, 128])
def test_voxel_size_does_not_matter(smooth, edge):
    reference = preprocess.cut_patches(Density(smooth, (1.0,) * 3), np.array([[48, 48, 48]]))
    coarse = Density(resize(smooth, (edge,) * 3), (96 / edge,) * 3)
    patch = preprocess.cut_patches(coarse, np.array([[edge // 2] * 3]))
    # Centers agree to half a voxel only, which alone costs 5% of correlation at 9 Å.
    assert np.corrcoef(reference.values.ravel(), patch.values.ravel())[0, 1] > 0.94


def test_scale_and_offset_do_not_matter(smooth):
    center = np.array([[48, 48, 48]])
    plain = preprocess.cut_patches(Density(smooth, (1.0,) * 3), center)
    changed = preprocess.cut_patches(Density(-2 + 1e3 * smooth, (1.0,) * 3), center)
    assert np.allclose(plain.values, changed.values, atol=1e-2)


def test_one_hot_voxel_does_not_set_the_scale(smooth):
    """A voxel 10,000 times too bright leaves the rest of the patch as it was."""
    center = np.array([[48, 48, 48]])
    plain = preprocess.cut_patches(Density(smooth, (1.0,) * 3), center)
    hot = smooth.copy()
    hot[40, 48, 48] = 1e4 * smooth.max()
    patch = preprocess.cut_patches(Density(hot, (1.0,) * 3), center).values
    assert patch.max() <= preprocess.CLIP
    assert np.median(np.abs(patch)) == pytest.approx(np.median(np.abs(plain.values)), rel=0.1)


def test_a_box_smaller_than_a_patch_is_padded():
    values = np.random.default_rng(0).standard_normal((20, 24, 30)).astype(np.float32)
    patches = preprocess.cut_patches(Density(values, (1.0,) * 3), np.array([[10, 12, 15]]))
    assert patches.values.shape == (1, 48, 48, 48) and np.isfinite(patches.values).all()
    assert np.isfinite(patches.spectra).all()


def test_turned_patches_keep_values_and_spectrum(smooth):
    patches = preprocess.cut_patches(Density(smooth, (1.0,) * 3), np.array([[48, 48, 48]]))
    turned = patches.turned(1)
    assert not np.array_equal(turned.values, patches.values)
    assert np.array_equal(patches.turned(3).turned(1).values, patches.values)
    assert np.array_equal(turned.spectra, patches.spectra)
    assert np.allclose(preprocess.power_spectra(turned.values), turned.spectra, atol=1e-3)


@pytest.fixture
def noise(rng):
    return rng.standard_normal((16, 48, 48, 48)).astype(np.float32)


def test_spectra_ignore_scale_and_offset(noise):
    plain = preprocess.power_spectra(noise)
    for changed in (1e-3 * noise, 1e3 * noise, -noise, noise + 20):
        assert np.allclose(preprocess.power_spectra(changed), plain, atol=1e-3)


@pytest.mark.parametrize("axes", [(1, 2), (1, 3), (2, 3)])
def test_spectra_ignore_quarter_turns(noise, axes):
    plain = preprocess.power_spectra(noise)
    turned = preprocess.power_spectra(np.rot90(noise, axes=axes))
    assert np.allclose(turned, plain, atol=1e-4)
    assert np.allclose(preprocess.power_spectra(noise[:, ::-1]), plain, atol=1e-4)


@pytest.mark.parametrize("cut", [4.0, 6.0, 12.0])
def test_spectra_of_a_low_passed_patch_fall_beyond_the_filter(noise, cut):
    """Shell k (from 1) is k/48 per Å; the Hann window smears over two shells."""
    passed = np.stack([filtered(n, 1.0, lambda s2: s2 < 1 / cut**2) for n in noise])
    before, after = preprocess.power_spectra(noise), preprocess.power_spectra(passed)
    limit = round(48 / cut)
    # A tenth of the noise's power there at the very most: ln 10 / 5 lower.
    assert (after[:, limit + 2 :] < before[:, limit + 2 :] - np.log(10) / 5).all()
    # Fractions are of the whole, so what passes has more of it.
    assert (after[:, : limit - 2] > before[:, : limit - 2]).all()


def test_spectra_of_a_finer_filter_reach_further(noise):
    spectra = [
        preprocess.power_spectra(gaussian_low_pass(noise[0], 1.0, cut)[None])[0]
        for cut in (3.0, 5.0, 8.0)
    ]
    assert spectra[0][18] > spectra[1][18] > spectra[2][18]


def test_spectra_of_white_noise_are_flat(noise):
    """Every shell holds 1/24 of the power; 16 patches tell that of the first to a quarter."""
    mean = preprocess.power_spectra(noise).mean(axis=0)
    flat = 2 + np.log(1 / 24) / 5
    assert np.abs(mean - flat).max() < 0.08
    assert np.abs(mean[4:] - flat).max() < 0.01


def test_spectra_of_an_empty_patch_are_the_faintest():
    spectra = preprocess.power_spectra(np.zeros((1, 48, 48, 48), dtype=np.float32))
    assert spectra == pytest.approx(2 + np.log(preprocess.FAINTEST) / 5)


@pytest.fixture
def block(rng):
    """A map of noise in an oblong box, and a molecule in it."""
    mask = np.zeros((90, 80, 100), dtype=bool)
    mask[10:80, 15:70, 20:75] = True
    return Density(rng.standard_normal(mask.shape).astype(np.float32), (1.5,) * 3), mask


def test_centers_lie_in_the_mask_half_a_patch_apart(block):
    density, mask = block
    centers = preprocess.patch_centers(density, mask, 32)
    assert mask[tuple(centers.T)].all()
    gaps = np.linalg.norm((centers[:, None] - centers[None]) * 1.5, axis=2)
    assert gaps[~np.eye(len(centers), dtype=bool)].min() > 24
    assert np.array_equal(centers, preprocess.patch_centers(density, mask, 32))


@pytest.mark.parametrize("axes", [(0, 2, 1), (1, 2, 0), (2, 1, 0)])
def test_centers_follow_the_axes_and_the_box(block, axes):
    """The same places are chosen however the axes run, and however much solvent there is."""
    density, mask = block
    centers = preprocess.patch_centers(density, mask, 32)
    turned = density.with_values(density.values.transpose(axes))
    found = preprocess.patch_centers(turned, mask.transpose(axes), 32)
    assert np.array_equal(found, centers[:, axes])
    wider = density.with_values(np.pad(density.values, 7))
    assert np.array_equal(preprocess.patch_centers(wider, np.pad(mask, 7), 32), centers + 7)


def test_a_patch_has_one_pose_whichever_way_it_came(noise):
    patch = noise[0] + 0.1 * np.arange(48, dtype=np.float32)
    pose = preprocess.in_pose(patch)
    for axes in itertools.permutations(range(3)):
        for steps in itertools.product((1, -1), repeat=3):
            turned = patch.transpose(axes)[tuple(slice(None, None, step) for step in steps)]
            assert np.array_equal(preprocess.in_pose(turned), pose)


def test_one_voxel_of_molecule_gives_one_patch():
    mask = np.zeros((20, 20, 20), dtype=bool)
    mask[3, 4, 5] = True
    density = Density(mask.astype(np.float32), (1.0,) * 3)
    assert preprocess.patch_centers(density, mask, 32).tolist() == [[3, 4, 5]]
