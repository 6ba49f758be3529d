"""MonoRes: the native program's answers, laws that any local resolution obeys, and refusals."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from mapres.errors import Cancelled, GridMismatchError, MapContentError
from mapres.fourier import filtered, forward
from mapres.io import read
from mapres.local.classical.amplitudes import Distribution, quantile
from mapres.local.classical.band import Band
from mapres.local.classical.monogenic import EDGE, Monogenic
from mapres.local.classical.monores import monores
from mapres.local.classical.noise import noise_sphere
from mapres.progress import silent

VOXEL = 1.5
FINE, COARSE = 4.0, 9.0


def noise(seed, shape):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def slabs(shape=(45, 45, 45), sigma=0.3):
    """Return half maps and mask of a ball, known to 4 Å where z is low and to 9 Å where high."""
    z, y, x = (np.arange(n) - n // 2 for n in shape)
    mask = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x**2 <= 15**2
    fine, coarse = (
        filtered(noise(0, shape), VOXEL, lambda s2, d=d: (s2 < d**-2).astype(np.float32))
        for d in (FINE, COARSE)
    )
    # Soft, 4 voxels wide: a sharp edge would have fine detail of its own.
    fraction = 1 / (1 + np.exp(z))[:, None, None]
    signal = fraction * fine / fine.std() + (1 - fraction) * coarse / coarse.std()
    signal = (signal * gaussian_filter(mask.astype(np.float32), 1.5)).astype(np.float32)
    return signal + sigma * noise(1, shape), signal + sigma * noise(2, shape), mask


def halves(step=1.0, **options):
    first, second, mask = slabs()
    both = (first, second)
    return monores(first, VOXEL, mask, half_maps=both, step=step, **options), mask


def test_nothing_is_finer_than_where_the_sweep_ends():
    """Half maps that a filter cut at 6 Å hold no noise to compare with beyond."""
    whole, mask = halves()
    ended, _ = halves(finest=6.0)
    assert whole[mask].min() < 6 <= ended[mask & (ended > 0)].min()
    with pytest.raises(MapContentError, match="too little beyond 25 Å"):
        halves(finest=25.0)


def same(first, second):
    """Voxels flip on rounding where the amplitude meets the threshold: nearly all must agree."""
    return np.mean(np.isclose(first, second, atol=0.01)) > 0.999


@pytest.mark.parametrize(
    ("answer", "options"),
    [
        ("monores_halves_96", {"halves": True}),
        ("monores_single_96", {}),
        ("betagal_monores_single", {"max_res": 40.0}),
    ],
)
def test_equals_the_native_program(shared_data, answer, options):
    reference = shared_data / "reference"
    expected = read(reference / f"{answer}.mrc.gz").values
    if answer.startswith("betagal"):
        both, mask = None, read(reference / "betagal_mask.mrc.gz")
        values = read(shared_data / "maps" / "ngl_betaGal.mrc.gz").values
    else:
        both = tuple(read(reference / f"half{number}_96.mrc.gz").values for number in (1, 2))
        mask, values = read(reference / "mask_96.mrc.gz"), (both[0] + both[1]) / 2
    both = both if options.pop("halves", False) else None
    found = monores(values, mask.spacing, mask.values, half_maps=both, **options)
    inside = mask.values > 0.5
    assert np.corrcoef(found[inside], expected[inside])[0, 1] >= 0.999
    assert np.abs(found - expected)[inside].mean() <= 0.02
    assert not found[~inside].any()


@pytest.mark.parametrize("with_halves", [True, False])
def test_orders_the_slabs_of_a_map(with_halves):
    first, second, mask = slabs()
    both = (first, second) if with_halves else None
    found = monores((first + second) / 2, VOXEL, mask, half_maps=both, step=1.0)
    lower, upper = found[:20], found[25:]
    fine, coarse = (np.median(part[part > 0]) for part in (lower, upper))
    assert fine < COARSE - 2 < coarse
    assert fine == pytest.approx(FINE, abs=1.0)
    assert coarse == pytest.approx(COARSE, abs=2.5)


def test_a_rotated_map_gives_the_rotated_answer():
    first, second, mask = slabs()
    before = monores(first, VOXEL, mask, half_maps=(first, second), step=1.0)
    first, second, mask = (np.rot90(array, axes=(0, 2)) for array in (first, second, mask))
    after = monores(first, VOXEL, mask, half_maps=(first, second), step=1.0)
    assert same(np.rot90(before, axes=(0, 2)), after)


@pytest.mark.parametrize("with_halves", [True, False])
def test_scaling_the_map_changes_nothing(with_halves):
    first, second, mask = slabs()
    found = [
        monores(
            k * first,
            VOXEL,
            mask,
            half_maps=(k * first, k * second) if with_halves else None,
            step=1.0,
        )
        for k in (np.float32(1), np.float32(1e-3))
    ]
    assert same(*found)


def test_a_box_need_not_be_a_cube():
    shape = (64, 64, 64)
    first, second, mask = slabs(shape)
    cut = (slice(None), slice(10, 54), slice(None))
    cube = monores(first, VOXEL, mask, half_maps=(first, second), step=1.0)
    parts = first[cut], second[cut]
    slab = monores(parts[0], VOXEL, mask[cut], half_maps=parts, step=1.0)
    assert slab.shape == (64, 44, 64)
    both = (slab > 0) & (cube[cut] > 0)
    assert both.sum() > 0.98 * mask.sum()
    assert np.corrcoef(slab[both], cube[cut][both])[0, 1] > 0.98
    assert np.mean(np.abs(slab - cube[cut])[both] < 0.5) > 0.95


def test_answers_lie_between_two_voxels_and_max_res():
    found, mask = halves(max_res=7.0)
    assert found.dtype == np.float32
    assert not found[~mask].any()
    # The sweep visits whole Fourier indices: the first is 67.5 / round(67.5 / 7) = 6.75 Å.
    assert found[found > 0].min() >= 2 * VOXEL
    assert 6.5 < found.max() < 6.751


def test_a_sweep_that_lands_on_nyquist_stays_finite():
    mask = slabs((48, 48, 48))[2]
    signal = noise(0, mask.shape) * mask
    both = signal + 0.01 * noise(1, mask.shape), signal + 0.01 * noise(2, mask.shape)
    found = monores(signal, VOXEL, mask, half_maps=both, step=0.1)
    assert np.isfinite(found).all()
    assert found[mask].min() == pytest.approx(2 * VOXEL)


def test_noise_that_ends_at_a_sphere_is_used_up_to_it():
    first, second, mask = slabs((64, 64, 64))
    z, y, x = (np.arange(64) - 32 for _ in range(3))
    sphere = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x**2 < 26**2
    whole = monores((first + second) / 2, VOXEL, mask, step=1.0)
    cut = monores((first + second) / 2 * sphere, VOXEL, mask, step=1.0)
    # The zeros beyond, taken for noise, would lower the threshold and refine the answer.
    assert np.median(np.abs(whole - cut)[mask]) < 0.1
    assert np.median(cut[mask]) == pytest.approx(np.median(whole[mask]), abs=0.25)


def test_progress_goes_up_and_may_cancel():
    seen = []
    halves(progress=lambda fraction, message: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[0] >= 0 and seen[-1] < 1

    def cancel(fraction, message):
        if fraction > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        halves(progress=cancel)


def refuse(values, mask, error, says, **options):
    with pytest.raises(error, match=says):
        monores(values, VOXEL, mask, progress=silent, **options)


def test_refuses_a_map_without_solvent_noise():
    first, second, mask = slabs()
    refuse(first * mask, mask, MapContentError, "solvent is flat")
    masked = (first * mask, second * mask)
    refuse(first, mask, MapContentError, "half maps do not differ", half_maps=masked)
    refuse(first, mask, MapContentError, "half maps do not differ", half_maps=(first, first))


def test_refuses_noise():
    _, _, mask = slabs()
    refuse(noise(3, mask.shape), mask, MapContentError, "stands? out from the noise")


def test_refuses_what_does_not_fit_together():
    first, second, mask = slabs()
    refuse(first, mask[1:], GridMismatchError, "mask and the map have shapes")
    refuse(first, mask, GridMismatchError, "half maps", half_maps=(first, second[1:]))
    refuse(first, np.zeros_like(mask), MapContentError, "mask is empty")
    refuse(first, np.ones_like(mask), MapContentError, "no solvent")
    refuse(first, mask, MapContentError, "max_res is 3 Å", max_res=3.0)
    refuse(first, mask, MapContentError, "step is 0 Å", step=0.0)


def riesz_amplitude(values, u0):
    """Return the amplitude by transforms of the whole map in 64 bits, limited at ``u0``."""
    u = np.meshgrid(*map(np.fft.fftfreq, values.shape), indexing="ij")
    radius = np.sqrt(sum(axis**2 for axis in u))

    def falls(beyond):
        return 0.5 + 0.5 * np.cos(np.pi * np.clip(beyond / EDGE, 0, 1))

    f = np.fft.fftn(values) * falls(u0 - radius)
    gains = (1, *(-1j * axis / np.maximum(radius, 1e-9) for axis in u))
    total = np.sqrt(sum(np.fft.ifftn(f * gain).real ** 2 for gain in gains))
    return np.fft.ifftn(np.fft.fftn(total) * falls(radius - u0)).real


@pytest.mark.parametrize("shape", [(24, 24, 24), (25, 27, 21), (20, 25, 30)])
@pytest.mark.parametrize(("start", "u0"), [(0.1, 0.1), (0.1, 0.13), (0.1, 0.31), (0.2, 0.45)])
def test_amplitudes_equal_transforms_of_the_whole_map(shape, start, u0):
    # Nothing at Nyquist, where the sign of an even length's frequency is a convention.
    values = filtered(noise(5, shape), 1.0, lambda s2: (s2 < 0.46**2).astype(np.float32))
    monogenic = Monogenic(shape)
    monogenic.start(forward(values), start)
    expected = riesz_amplitude(values, u0)
    np.testing.assert_allclose(monogenic.amplitude(u0), expected, atol=2e-6 * expected.max())


def test_a_band_keeps_the_frequencies_below_its_limit():
    shape, limit = (12, 15, 18), 0.2
    values, band = noise(6, shape), Band(shape, limit)
    columns = np.stack([band.from_sections(section) for section in values])
    kept = band.from_columns(columns)
    np.testing.assert_allclose(kept, band.of(forward(values)), atol=1e-4)
    back = np.stack([band.to_sections(part) for part in band.to_columns(kept)])
    inside = [np.abs(np.fft.fftfreq(n)) < limit for n in shape]
    gain = inside[0][:, None, None] & inside[1][:, None] & inside[2]
    expected = np.fft.ifftn(np.fft.fftn(values) * gain).real
    np.testing.assert_allclose(back, expected, atol=1e-5)


def test_smoothing_is_a_convolution_with_a_gaussian():
    values = noise(7, (32, 36, 40))
    smooth = Monogenic(values.shape).smooth(values, 2.0)
    np.testing.assert_allclose(smooth, gaussian_filter(values, 2.0, mode="wrap"), atol=2e-4)


@pytest.mark.parametrize("size", [1, 7, 20_000, 700_001])
@pytest.mark.parametrize("fraction", [0.5, 0.95, 0.999])
def test_a_quantile_is_that_of_the_sorted_values(size, fraction):
    values = np.abs(noise(8, size))
    # Sorted values, or ties, are no exception.
    for given in (values, np.sort(values), np.round(values), np.zeros_like(values)):
        expected = np.sort(given)[min(int(fraction * size), size - 1)]
        before = given.copy()
        assert quantile(given, fraction) == expected
        np.testing.assert_array_equal(given, before)


def test_a_distribution_has_mean_and_variance():
    values = 300 + noise(10, 700_001)
    found = Distribution.of(values, 0.95)
    assert found.mean == pytest.approx(values.mean(dtype=np.float64), rel=1e-12)
    assert found.variance == pytest.approx(values.var(dtype=np.float64), rel=1e-6)


def test_the_noise_ends_where_a_sphere_was_cut():
    shape = (40, 44, 48)
    z, y, x = (np.arange(n) - n // 2 for n in shape)
    radius = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
    values = noise(11, shape) * (radius < 17)
    np.testing.assert_array_equal(noise_sphere(values, radius < 9), radius < 17)
    np.testing.assert_array_equal(noise_sphere(noise(11, shape), radius < 9), radius < 24)
