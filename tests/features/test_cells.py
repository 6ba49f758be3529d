"""What the local network reads depends on the map's content, not on how it is stored or turned."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from mapres.density import Density
from mapres.features import bands
from mapres.features.bands import BANDS, WAVELENGTHS
from mapres.features.cells import measure_cells
from mapres.features.energies import (
    CORRELATION,
    ENERGY,
    HALF_SHARE,
    KURTOSIS,
    OF_ONE_MAP,
    SHARE,
)
from mapres.features.profile import UNSEEN
from mapres.features.windows import ABOUT, WIDTHS, fraction_of_cells
from mapres.fourier import filtered, resize


@pytest.fixture
def noisy(rng):
    """Two half maps with a ball of noise-like signal at their middle, and where it is."""
    n = 48
    grid = np.indices((n,) * 3) - (n - 1) / 2
    ball = np.sqrt((grid**2).sum(axis=0)) < 13
    signal = rng.standard_normal((n,) * 3, dtype=np.float32)
    signal = filtered(signal, 2.0, lambda s2: np.exp(-200 * s2)) * ball
    signal /= signal[ball].std()
    halves = [signal + rng.standard_normal(signal.shape, dtype=np.float32) for _ in range(2)]
    first, second = (Density(half, (2.0,) * 3) for half in halves)
    return first, second, ball


def on_grid(cells):
    """Return features, shape (z, y, x, WIDTHS, channels, BANDS); NaN where nothing was measured."""
    grid = np.full((*cells.grid.shape, *cells.features.shape[1:]), np.nan)
    grid[tuple(cells.grid.places.T)] = cells.features
    return grid


def test_scale_and_offset_do_not_matter(noisy):
    density, _, ball = noisy
    before = measure_cells(density, ball).features
    after = measure_cells(density.with_values(7 * density.values + 3), ball).features
    assert np.allclose(before, after, atol=2e-3)


@pytest.mark.parametrize("turn", [(0, 1), (0, 2), (1, 2)])
def test_a_turned_map_gives_the_turned_cells(noisy, turn):
    density, _, ball = noisy
    ball = ball & (np.indices(ball.shape)[0] > 16)
    before = on_grid(measure_cells(density, ball))
    turned = density.with_values(np.rot90(density.values, axes=turn).copy())
    after = on_grid(measure_cells(turned, np.rot90(ball, axes=turn)))
    assert np.allclose(after, np.rot90(before, axes=turn), atol=4e-3, equal_nan=True)


def test_a_resampled_map_gives_the_same_cells_up_to_the_finer_limit(noisy):
    density, _, ball = noisy
    finer = replace(density, values=resize(density.values, (64,) * 3), voxel_size=(1.5,) * 3)
    inside = ndimage.zoom(ball.astype(np.float32), 64 / 48, order=1, grid_mode=True, mode="nearest")
    before, after = (
        on_grid(measure_cells(each, where))[..., WAVELENGTHS > 6]
        for each, where in ((density, ball), (finer, inside > 0.5))
    )
    assert np.nanmedian(np.abs(before - after)) < 0.03


def test_the_share_of_signal_is_that_of_the_half_maps(noisy):
    """What two noisy halves share is c; of one of them the solvent lacks c too."""
    first, second, ball = noisy
    cells = measure_cells(first, ball, (first, second))
    core = cells.fractions[:, 0] > 0.99
    within = (WAVELENGTHS > 7) & (WAVELENGTHS < 12)
    for width in range(len(WIDTHS)):
        alone, together, both = (
            cells.features[core][:, width, channel][:, within].mean()
            for channel in (SHARE, CORRELATION, HALF_SHARE)
        )
        assert 0.3 < together < 1
        assert alone == pytest.approx(together, abs=0.1)
        # The mean of two halves has half the noise.
        assert both == pytest.approx(2 * together / (1 + together), abs=0.1)


def test_wider_windows_are_surer(noisy):
    """The same signal throughout: what varies from cell to cell is chance."""
    first, second, ball = noisy
    cells = measure_cells(first, ball, (first, second))
    core = cells.fractions[:, 1] > 0.9
    within = (WAVELENGTHS > 7) & (WAVELENGTHS < 12)
    for channel in (ENERGY, SHARE, CORRELATION):
        spreads = cells.features[core][:, :, channel][..., within].std(axis=0).mean(axis=-1)
        assert (np.diff(spreads) < 0).all() and spreads[-1] < 0.6 * spreads[0]


def test_a_window_does_not_dilute_a_molecule_with_what_is_beside_it(noisy):
    """At the rim energies are those of the core, if of fewer places."""
    first, _, ball = noisy
    cells = measure_cells(first, ball)
    within = (WAVELENGTHS > 7) & (WAVELENGTHS < 12)
    rim = (cells.fractions[:, 0] > 0.5) & (cells.fractions[:, 1] < 0.6)
    wide = cells.features[rim][:, 1:, ENERGY][..., within].astype(float)
    assert rim.sum() > 20 and np.abs(wide.mean(axis=(0, 2))).max() < 0.15


def test_half_maps_of_another_scale_say_the_same(noisy):
    first, second, ball = noisy
    other = second.with_values(10 * second.values + 1)
    before, after = (
        measure_cells(first, ball, (first, half)).features[:, :, OF_ONE_MAP:]
        for half in (second, other)
    )
    assert np.allclose(before, after, atol=2e-3)


@pytest.mark.parametrize("edge", [48, 72])
def test_noise_has_no_signal_however_large_its_box(rng, edge):
    """Falling off to the faces takes energy from the solvent, and must not look like signal."""
    grid = np.indices((edge,) * 3) - (edge - 1) / 2
    ball = np.sqrt((grid**2).sum(axis=0)) < 11
    fractions = []
    for _ in range(4):
        noise = Density(rng.standard_normal((edge,) * 3, dtype=np.float32), (2.0,) * 3)
        cells = measure_cells(noise, ball)
        fractions.append(cells.features[cells.fractions[:, 0] > 0.5][:, 0, SHARE].mean(axis=0))
    seen = (WAVELENGTHS > 4.2) & (WAVELENGTHS < 13)
    assert np.abs(np.mean(fractions, axis=0)[seen]).max() < 0.08


def test_hot_voxels_do_not_count(noisy):
    density, _, ball = noisy
    values = density.values.copy()
    values[4, 4, 4] = values[24, 24, 24] = 50 * values.max()
    before, after = (
        measure_cells(d, ball).features[:, :, SHARE] for d in (density, density.with_values(values))
    )
    assert np.median(np.abs(before - after)) < 0.1


def test_identical_half_maps_share_everything(noisy):
    first, _, ball = noisy
    features = measure_cells(first, ball, (first, first)).features[:, :, CORRELATION]
    assert features[features != UNSEEN].min() > 0.999


def test_parts_of_a_molecule_equal_the_whole(noisy):
    density, _, ball = noisy
    whole = on_grid(measure_cells(density, ball))
    upper = np.indices(ball.shape)[0] > 22
    parts = [measure_cells(density, ball, part=ball & side) for side in (upper, ~upper)]
    covered = np.zeros(whole.shape[:3], dtype=bool)
    for cells in parts:
        at = tuple(cells.grid.places.T)
        assert len(cells.grid.places) < 0.7 * np.isfinite(whole[..., 0, 0, 0]).sum()
        np.testing.assert_array_equal(cells.features, whole[at])
        covered[at] = True
    assert np.array_equal(covered, np.isfinite(whole[..., 0, 0, 0]))


def test_bands_do_not_depend_on_which_are_wanted(noisy):
    first, second, ball = noisy
    for halves in (None, (first, second)):
        every = measure_cells(first, ball, halves)
        some = measure_cells(first, ball, halves, bands=range(9, 14))
        np.testing.assert_array_equal(some.features, every.features[..., 9:14])
        np.testing.assert_array_equal(some.means[:, 9:14], every.means[:, 9:14])


def test_made_in_turns_to_save_memory_they_are_the_same(noisy, monkeypatch):
    density, _, ball = noisy
    at_once = measure_cells(density, ball).features.astype(float)
    monkeypatch.setattr(bands, "LARGE", 0)
    np.testing.assert_allclose(measure_cells(density, ball).features, at_once, atol=2e-3)


def test_what_the_grid_cannot_hold_is_unseen(noisy):
    density, _, ball = noisy
    cells = measure_cells(density, ball)
    assert cells.features.shape[1:] == (len(WIDTHS), OF_ONE_MAP, BANDS)
    assert cells.fractions.shape == (len(cells.grid.places), len(ABOUT))
    assert (cells.features[..., WAVELENGTHS < 4.0] == UNSEEN).all()
    assert (cells.features[:, :, ENERGY, WAVELENGTHS > 4.2] != UNSEEN).any()


def test_noise_is_gaussian_and_atoms_are_not(noisy, rng):
    density, _, ball = noisy
    seen = (WAVELENGTHS > 4.2) & (WAVELENGTHS < 8)
    maps = {
        "noise": rng.standard_normal(ball.shape, dtype=np.float32),
        "atoms": (rng.random(ball.shape) < 0.0005).astype(np.float32),
    }
    kurtosis = {
        name: measure_cells(density.with_values(values), ball).features[:, 0, KURTOSIS, seen].mean()
        for name, values in maps.items()
    }
    assert abs(kurtosis["noise"]) < 0.1
    assert kurtosis["atoms"] > 0.3


def test_cells_average_a_mask(rng):
    values = rng.random((20, 30, 27)).astype(np.float32)
    cells = fraction_of_cells(values, (6, 8, 7))
    assert cells.mean() == pytest.approx(values.mean(), rel=1e-5)
    assert np.allclose(fraction_of_cells(values, values.shape), values, atol=1e-5)
