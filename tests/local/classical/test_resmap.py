"""ResMap: what noise must not give, what a known signal must, and refusals."""

import numpy as np
import pytest
from scipy import ndimage, stats

from mapres.density import Density
from mapres.errors import Cancelled, GridMismatchError, MapContentError
from mapres.fourier import filtered
from mapres.io import read
from mapres.local.classical.noise import background_blocks
from mapres.local.classical.resmap import resmap
from mapres.local.classical.steerable import chance, likelihood_ratio, orthonormal_kernels
from mapres.local.classical.whitening import soft_region, whiten
from mapres.local.resolution import local_resolution

VOXEL = 1.5
SHAPE = (48, 48, 48)
COLORS = {
    "white": lambda s2: np.ones_like(s2),
    "red": lambda s2: 1 / (1 + 100 * s2),
    "blue": lambda s2: 0.1 + np.sqrt(s2),
    "low-passed": lambda s2: (s2 < 6.0**-2).astype(np.float32),
    "smooth": lambda s2: np.exp(-36 * s2),
}


def noise(seed, shape=SHAPE):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def ball(radius, shape=SHAPE):
    z, y, x = (np.arange(n) - n // 2 for n in shape)
    return z[:, None, None] ** 2 + y[None, :, None] ** 2 + x**2 <= radius**2


def band(resolution, seed=0, shape=SHAPE):
    """Return a random map whose power is 1 up to a resolution (Å) and 0 beyond."""
    return filtered(noise(seed, shape), VOXEL, lambda s2: (s2 < resolution**-2).astype(np.float32))


def in_noise(signal, ratio, seed=1):
    """Return half maps whose mean has that signal-to-noise ratio of power."""
    sigma = np.float32(np.sqrt(2 / ratio))
    return signal + sigma * noise(seed, signal.shape), signal + sigma * noise(9, signal.shape)


def two_halves():
    """Return half maps and mask of a ball, known to 4 Å where z is low, to 8 Å where it is high."""
    mask = ball(15)
    fraction = 1 / (1 + np.exp(np.arange(48.0) - 24))[:, None, None]
    signal = fraction * band(4.0) + (1 - fraction) * band(8.0)
    signal *= ndimage.gaussian_filter(mask.astype(np.float32), 1.5)
    return (*in_noise(signal.astype(np.float32), 20), mask)


def same(first, second):
    """Voxels flip on rounding where the statistic meets the threshold: nearly all must agree."""
    first, second = first.values, second.values
    return np.mean((first == second) | (np.isnan(first) & np.isnan(second))) > 0.9995


@pytest.mark.parametrize("color", COLORS)
def test_noise_is_not_resolved(color):
    mask = ball(14)
    both = tuple(filtered(noise(seed), VOXEL, COLORS[color]) for seed in (3, 4))
    for half_maps in (both, None):
        found = resmap(both[0], VOXEL, mask, half_maps=half_maps, max_res=8.0)
        # By the procedure one of twenty such maps may have a few voxels.
        assert np.isfinite(found.values).sum() <= 0.003 * mask.sum()
        assert found.beyond.sum() + np.isfinite(found.values).sum() == mask.sum()


@pytest.mark.parametrize("color", ["white", "red", "blue"])
def test_whitening_leaves_unit_power(color):
    colored = filtered(noise(5), VOXEL, COLORS[color])
    weight = soft_region(ball(18))
    power = np.abs(whiten(colored, colored, weight)) ** 2 / colored.size
    frequency = np.sqrt(
        sum(
            np.square(axis)
            for axis in np.meshgrid(
                np.fft.fftfreq(48), np.fft.fftfreq(48), np.fft.rfftfreq(48), indexing="ij"
            )
        )
    )
    for low in np.arange(0.05, 0.5, 0.05):
        shell = power[(frequency >= low) & (frequency < low + 0.05)]
        assert shell.mean() == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("resolution", [5.0, 7.0])
def test_finds_the_limit_of_a_band(resolution):
    first, second = in_noise(band(resolution), 20)
    found = resmap(
        first, VOXEL, ball(15), half_maps=(first, second), max_res=14.0, step=0.5
    ).values[ball(15)]
    assert np.isfinite(found).mean() > 0.95
    assert np.nanmedian(found) == pytest.approx(resolution, abs=1.0)


def test_orders_the_halves_of_a_map():
    first, second, mask = two_halves()
    found = resmap(first, VOXEL, mask, half_maps=(first, second), max_res=14.0).values
    lower, upper = found[:22], found[26:]
    assert np.nanmedian(lower) + 2 < np.nanmedian(upper)


def test_more_noise_is_never_finer():
    signal, mask = band(5.0), ball(15)
    medians = [
        np.nanmedian(resmap(h[0], VOXEL, mask, half_maps=h, max_res=14.0).values)
        for h in (in_noise(signal, ratio) for ratio in (100, 20))
    ]
    assert medians == sorted(medians)
    assert medians[0] < medians[-1]


def test_a_voxel_keeps_what_it_passed():
    first, second, mask = two_halves()
    short, long = (
        resmap(first, VOXEL, mask, half_maps=(first, second), max_res=max_res)
        for max_res in (6.1, 12.1)
    )
    passed = np.isfinite(short.values)
    assert 0 < passed.sum() < mask.sum()
    np.testing.assert_array_equal(long.values[passed], short.values[passed])
    assert np.nanmin(long.values[short.beyond]) > 6.1
    assert not (long.beyond & ~short.beyond).any()


def test_a_rotated_map_gives_the_rotated_answer():
    first, second, mask = two_halves()
    cut = (slice(None), slice(2, 46), slice(None))
    first, second, mask = (array[cut] for array in (first, second, mask))
    before = resmap(first, VOXEL, mask, half_maps=(first, second), max_res=9.0)
    turned = [np.rot90(array, axes=(0, 1)) for array in (first, second, mask)]
    after = resmap(turned[0], VOXEL, turned[2], half_maps=tuple(turned[:2]), max_res=9.0)
    back = np.rot90(after.values, -1, axes=(0, 1))
    agree = (back == before.values) | (np.isnan(back) & np.isnan(before.values))
    assert agree.mean() > 0.9995


@pytest.mark.parametrize("with_halves", [True, False])
def test_scale_and_offset_do_not_matter(with_halves):
    first, second, mask = two_halves()
    before, after = (
        resmap(a, VOXEL, mask, half_maps=(a, b) if with_halves else None, max_res=9.0)
        for a, b in ((first, second), (1e-3 * first + 0.02, 1e-3 * second + 0.02))
    )
    assert same(before, after)


def test_one_map_and_its_halves_agree():
    first, second, mask = two_halves()
    single = resmap((first + second) / 2, VOXEL, mask, max_res=12.0).values
    halves = resmap(first, VOXEL, mask, half_maps=(first, second), max_res=12.0).values
    both = np.isfinite(single) & np.isfinite(halves)
    assert both.sum() > 0.95 * np.isfinite(halves).sum()
    assert np.corrcoef(single[both], halves[both])[0, 1] > 0.9
    assert np.median(np.abs(single - halves)[both]) == 0


def test_agrees_with_the_truth_of_the_reference(shared_data):
    folder = shared_data / "reference"
    first, second, mask, truth = (
        read(folder / f"{name}_96.mrc.gz") for name in ("half1", "half2", "mask", "truth")
    )
    inside = mask.values > 0.5
    found = resmap(
        first.values,
        first.spacing,
        inside,
        half_maps=(first.values, second.values),
        max_res=8.4,
    ).values[inside]
    known = np.isfinite(found)
    assert known.mean() > 0.97
    # 0.41: low frequencies are 1000 times the noise there, so that tests of short waves pass on
    # their slopes alone, and the mask's rim has truth but no density.
    expected = truth.values[inside][known]
    assert stats.spearmanr(found[known], expected).statistic > 0.3
    assert np.median(found[known] - expected) == pytest.approx(-1.6, abs=0.3)


@pytest.mark.parametrize("wavelength", [2.0, 2.8, 4.0, 8.0])
def test_chance_agrees_with_monte_carlo(wavelength):
    kernels = orthonormal_kernels(wavelength)
    flat = kernels.reshape(16, -1)
    draws = np.random.default_rng(6).standard_normal((400_000, 16), dtype=np.float32)
    root = np.linalg.cholesky(flat @ flat.T + 1e-12 * np.eye(16)).astype(np.float32)
    statistic = np.sort(np.square(draws @ root).sum(axis=1))
    for fraction in (0.2, 0.05, 0.01, 0.001):
        measured = chance(statistic[[int((1 - fraction) * statistic.size)]], kernels)[0]
        # 400 of 400,000 are known to 5%; the approximation is within 8%.
        assert measured == pytest.approx(fraction, rel=0.15)


def test_chance_agrees_with_chi_squared_far_out():
    kernels = np.sqrt(0.3) * np.eye(16).reshape(16, 1, 4, 4)
    points = np.array([20.0, 40.0, 80.0, 200.0])
    np.testing.assert_allclose(chance(0.3 * points, kernels), stats.chi2.sf(points, 16), rtol=5e-3)


def test_statistic_of_noise_follows_its_null():
    values = noise(7)
    for wavelength in (2.0, 3.0, 5.0):
        kernels = orthonormal_kernels(wavelength)
        found = likelihood_ratio(values, wavelength, kernels, np.arange(values.size))
        for fraction in (0.05, 0.01):
            assert np.mean(chance(found, kernels) < fraction) == pytest.approx(fraction, rel=0.15)


def test_statistic_is_the_gain_of_the_weighted_fit():
    values, wavelength = noise(8, (16, 18, 20)), 3.5
    grid = np.mgrid[-2:3, -2:3, -2:3].reshape(3, -1) * 2 * np.pi / wavelength * np.sqrt(0.4)
    directions = np.random.default_rng(0).standard_normal((16, 3))
    along = directions / np.linalg.norm(directions, axis=1, keepdims=True) @ grid
    constant = np.ones((1, 125))
    waves = [4 * along[:6] ** 2 - 2, along[6:] ** 3 - 2.254 * along[6:]]
    root = np.exp(-0.5 * np.sum(grid**2, axis=0))
    window = values[6:11, 7:12, 8:13].ravel() * root

    def residual(*regressors):
        matrix = (np.concatenate(regressors) * root).T
        return np.square(window - matrix @ np.linalg.lstsq(matrix, window, rcond=None)[0]).sum()

    gain = residual(constant) - residual(constant, *waves)
    voxel = np.array([np.ravel_multi_index((8, 9, 10), values.shape)])
    kernels = orthonormal_kernels(wavelength)
    found = likelihood_ratio(values, wavelength, kernels, voxel)
    assert found[0] == pytest.approx(gain, rel=1e-4)


@pytest.mark.parametrize("wavelength", [2.0, 2.7, 4.2, 6.0])
def test_statistic_is_the_power_of_all_responses(wavelength):
    """Around every voxel of a periodic box, of edges that blocks divide or not."""
    values = noise(10, (13, 35, 40))
    kernels = orthonormal_kernels(wavelength)
    expected = sum(
        ndimage.correlate(values.astype(float), kernel, mode="wrap") ** 2 for kernel in kernels
    ).ravel()
    voxels = np.random.default_rng(1).permutation(values.size)[:5000]
    found = likelihood_ratio(values, wavelength, kernels, voxels)
    np.testing.assert_allclose(found, expected[voxels], rtol=1e-4, atol=1e-5)


def test_background_is_where_noise_is():
    values, mask = noise(9, (67, 64, 64)), ball(14, (67, 64, 64))
    cut = values * ball(28, values.shape)
    found = background_blocks(cut, mask)
    assert found.any() and not found[mask].any()
    assert found.shape == values.shape
    # Zeros beyond the sphere would make the noise seem weaker than it is.
    assert np.average(cut == 0, weights=soft_region(found) ** 2) < 0.02
    assert not background_blocks(values * mask, mask).any()


def test_progress_goes_up_and_may_cancel():
    first, _, mask = two_halves()
    seen = []
    resmap(first, VOXEL, mask, progress=lambda fraction, message: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[0] >= 0 and seen[-1] < 1

    def cancel(fraction, message):
        if fraction > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        resmap(first, VOXEL, mask, progress=cancel)


def test_sweeps_from_two_voxels_to_four_by_default():
    first, second, mask = two_halves()
    found = resmap(first, VOXEL, mask, half_maps=(first, second), step=1.5)
    assert found.values.dtype == np.float32
    assert set(np.unique(found.values[np.isfinite(found.values)])) <= {3.0, 4.5, 6.0}
    assert np.isnan(found.values[~mask]).all() and not found.beyond[~mask].any()


def refuse(values, mask, error, says, **options):
    with pytest.raises(error, match=says):
        resmap(values, VOXEL, mask, **options)


def test_refuses_a_map_without_noise():
    first, second, mask = two_halves()
    refuse(first * mask, mask, MapContentError, "solvent is flat")
    refuse(first, np.ones_like(mask), MapContentError, "mask leaves none")
    masked = (first * mask, second * mask)
    refuse(first, mask, MapContentError, "half maps do not differ", half_maps=masked)
    refuse(first, mask, MapContentError, "half maps do not differ", half_maps=(first, first))
    refuse(first, ball(3), MapContentError, "123 voxels are left", half_maps=(first, second))


def test_refuses_what_does_not_fit_together():
    first, second, mask = two_halves()
    refuse(first, mask[1:], GridMismatchError, "mask and the map have shapes")
    refuse(first, mask, GridMismatchError, "half maps have", half_maps=(first, second[1:]))
    refuse(first, np.zeros_like(mask), MapContentError, "mask is empty")
    refuse(first, mask, MapContentError, "max_res is 3 Å", max_res=3.0)
    refuse(first, mask, MapContentError, "between 0 and 1", false_discovery_rate=1.0)
    refuse(first, mask, MapContentError, "69 Å or less", max_res=80.0)
    refuse(first, mask, MapContentError, "step is 0 Å", step=0.0)


def as_maps(*arrays):
    return [Density(np.asarray(a, dtype=np.float32), (VOXEL,) * 3, name="map") for a in arrays]


def test_as_a_method_of_local_resolution():
    """The same values; what no wavelength resolves is given the coarsest, and said."""
    first, second, mask = two_halves()
    whole, a, b, mask_map = as_maps((first + second) / 2, first, second, mask)
    options = {"method": "resmap", "mask": mask_map, "half_maps": (a, b)}
    found = local_resolution(whole, **options, max_res=6.5, step=0.5)
    expected = resmap(first, VOXEL, mask, half_maps=(first, second), max_res=6.5, step=0.5)
    known = np.isfinite(expected.values)
    assert np.array_equal(found.values[known], expected.values[known])
    assert expected.beyond.mean() > 0 and np.all(found.values[expected.beyond] == 6.5)
    assert np.array_equal(found.beyond, expected.beyond)
    assert np.array_equal(found.resolved > 0, known) and not found.resolved[~known].any()
    fraction = expected.beyond.sum() / mask.sum()
    assert found.warnings == (
        f"{fraction:.0%} of the voxels are not resolved at 6.5 Å, the coarsest tried, and are "
        "set to it; repeat with a larger max_res.",
    )
    assert found.notes == ("Wavelengths from 3 to 6.5 Å were tried.",)


def test_nothing_resolved_says_what_to_give():
    mask = ball(14)
    whole, mask_map = as_maps(noise(3), mask)
    with pytest.raises(MapContentError, match=r"nothing resolved from 3 to 6 Å; give a larger"):
        local_resolution(whole, method="resmap", mask=mask_map)
