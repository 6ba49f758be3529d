"""blocres: the original program's answer, laws that it obeys, and what it refuses."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from mapres.checks.density import NO_MOLECULE
from mapres.density import Density
from mapres.errors import Cancelled, GridMismatchError, MapContentError, MapResError
from mapres.fourier import filtered
from mapres.io import read
from mapres.local.classical.blocres import blocres
from mapres.local.classical.blocres_boxes import WORST, default_box, default_stride
from mapres.local.classical.windowed_fsc import Boxes, Run, last_crossing
from mapres.local.resolution import local_resolution

VOXEL = 1.5
SHAPE = (32, 34, 36)
BOX = 15


def noise(seed, shape=SHAPE):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def ball(radius=8, shape=SHAPE):
    z, y, x = (np.arange(n) - n // 2 for n in shape)
    return z[:, None, None] ** 2 + y[None, :, None] ** 2 + x**2 <= radius**2


def pair(limit=6.0, sigma=1.0, shape=SHAPE):
    """Return half maps of texture known to ``limit`` Å, everywhere in the box."""
    texture = filtered(noise(0, shape), VOXEL, lambda s2: (s2 < limit**-2).astype(np.float32))
    texture /= texture.std()
    return texture + sigma * noise(1, shape), texture + sigma * noise(2, shape)


def measured(half1, half2, mask=None, **options):
    mask = ball() if mask is None else mask
    return blocres(half1, half2, VOXEL, mask, **({"box": BOX, "stride": 1} | options))


def test_agrees_with_the_original_program(shared_data):
    reference = shared_data / "reference"
    expected = read(reference / "blocres_0.5_96.mrc.gz").values
    first, second = (read(reference / f"half{number}_96.mrc.gz").values for number in (1, 2))
    mask = read(reference / "mask_96.mrc.gz")
    # Half of the map's sections hold 2,542 of its 5,045 boxes.
    part = mask.values * (np.arange(96) < 51)[:, None, None]
    found = blocres(first, second, mask.spacing, part, box=20, stride=3)
    visited = (expected > 0) & (part > 0.5)
    np.testing.assert_array_equal(found.visited, visited)
    difference = np.abs(found.values - expected)[visited]
    assert difference.mean() < 0.002
    assert difference.max() < 0.04


def test_identical_half_maps_give_the_best_resolution_allowed():
    first, _ = pair()
    np.testing.assert_allclose(measured(first, first).values[ball()], 2 * VOXEL, rtol=1e-6)
    found = measured(first, first, best=4.5).values[ball()]
    np.testing.assert_allclose(found, 4.5, rtol=1e-6)


def test_noise_is_resolved_nowhere():
    found = measured(noise(1), noise(2)).values[ball()]
    assert np.median(found) > BOX * VOXEL
    assert found.max() == WORST
    assert found.mean() < WORST
    opposite = measured(noise(1), -noise(1)).values[ball()]
    assert np.all(opposite == WORST)


@pytest.mark.parametrize("limit", [4.0, 6.0, 9.0])
def test_texture_is_resolved_to_the_limit_of_its_band(limit):
    box = 24
    # The same signal-to-noise ratio in every band.
    half_maps = pair(limit, sigma=(limit / 6) ** 1.5)
    found = measured(*half_maps, box=box, stride=2)
    shells = 2 * box * VOXEL * (1 / found.values[found.visited] - 1 / limit)
    # The taper blurs the band's edge, the more so the stronger the signal.
    assert abs(np.median(shells)) < 2
    assert np.abs(shells).mean() < 2


def test_a_lower_cutoff_reads_finer():
    half_maps = pair()
    low, high = (measured(*half_maps, cutoff=c, stride=2) for c in (0.143, 0.5))
    assert np.all(low.values <= high.values)
    assert low.values[ball()].mean() < high.values[ball()].mean()


def test_scale_and_offset_of_a_half_map_make_no_difference():
    first, second = pair()
    plain = measured(first, second, stride=2).values
    changed = measured(first, 300 * second - 4000, stride=2).values
    np.testing.assert_allclose(changed, plain, rtol=0.01)


def test_strided_boxes_equal_dense_ones_where_they_are():
    half_maps = pair()
    dense, strided = (measured(*half_maps, stride=stride) for stride in (1, 3))
    np.testing.assert_array_equal(dense.visited, ball())
    lattice = np.zeros(SHAPE, bool)
    lattice[::3, ::3, ::3] = True
    np.testing.assert_array_equal(strided.visited, ball() & lattice)
    visited = strided.visited
    np.testing.assert_allclose(strided.values[visited], dense.values[visited], rtol=1e-3)
    # And the others are interpolated.
    assert np.all((strided.values > 0) == ball())
    assert np.abs(strided.values - dense.values)[ball()].mean() < 0.2


def test_a_constant_resolution_is_interpolated_to_itself():
    first, _ = pair()
    found = measured(first, first, stride=4)
    np.testing.assert_allclose(found.values[ball()], 2 * VOXEL, rtol=1e-6)
    assert not found.values[~ball()].any()


@pytest.mark.parametrize(("axes", "tolerance"), [((0, 1), 1e-3), ((0, 2), 0.1)])
def test_rotated_half_maps_give_the_rotated_answer(axes, tolerance):
    """About x exactly; about the others but for the half of Fourier space that is summed."""
    shape = (33, 33, 33)
    first, second = pair(shape=shape)
    mask = ball(shape=shape) & (np.indices(shape)[0] < 18)
    # An odd box in an odd map has the voxel at its center.
    before = measured(first, second, mask).values
    turned = (np.rot90(array, axes=axes) for array in (first, second, mask))
    after = measured(*turned).values
    expected = np.rot90(before, axes=axes)
    np.testing.assert_array_equal(after > 0, expected > 0)
    assert np.abs(after - expected).max() < tolerance


def test_fine_and_coarse_halves_of_a_map_are_told_apart():
    shape = (32, 32, 64)
    (fine, fine2), (coarse, coarse2) = (pair(limit, shape=shape) for limit in (4.0, 8.0))
    right = np.arange(64) >= 32
    halves = np.where(right, coarse, fine), np.where(right, coarse2, fine2)
    found = measured(*halves, np.ones(shape, bool), stride=4)
    known = np.where(found.visited, found.values, np.nan)
    assert np.nanmax(known[..., 8:24]) < np.nanmin(known[..., 40:56])


def test_voxels_near_the_rim_have_no_room_for_a_box():
    half_maps = pair()
    found = measured(*half_maps, np.ones(SHAPE, bool), box=20, stride=2)
    known = np.zeros(SHAPE, bool)
    known[10:23, 10:25, 10:27] = True
    np.testing.assert_array_equal(found.values > 0, known)


def test_the_smallest_boxes_and_maps():
    shape = (16, 16, 16)
    found = measured(*pair(shape=shape), np.ones(shape, bool), box=8)
    assert found.values.max() <= WORST
    assert found.visited.sum() == 9**3
    whole = measured(*pair(shape=shape), np.ones(shape, bool), box=16)
    assert np.argwhere(whole.visited).tolist() == [[8, 8, 8]]


def test_boxes_of_one_value_are_unresolved():
    first, second = pair()
    cut = np.arange(36) < 14
    found = measured(first * cut, second * cut, box=8).values
    assert np.all(found[..., 18:][ball()[..., 18:]] == WORST)


def test_crossings_are_the_last_ones():
    curves = np.array(
        [
            [1, 1, 1, 1, 1],
            [0, 0, 0, 0, 0],
            [1, 0.75, 0.25, 0.25, 0],
            [1, 0, 0.6, 0.4, 0],
            [1, 0, 0, 0, 0.7],
        ]
    ).T
    np.testing.assert_allclose(last_crossing(curves, 0.5), [4, 0, 1.5, 2.5, 4])


def test_defaults_follow_the_size_of_map_and_resolution():
    assert default_box(4.0, 1.2, (96, 96, 96)) == 20
    assert default_box(20.0, 1.2, (96, 96, 96)) == 48
    assert default_box(2.4, 1.2, (16, 96, 96)) == 8
    assert [default_stride(voxels, 20) for voxels in (1, 30_000, 40_000, 10**6, 10**9)] == [
        *(1, 1, 2, 4, 5)
    ]
    assert measured(*pair(), stride=None).stride == 1


def test_progress_goes_up_and_may_cancel():
    seen = []
    measured(*pair(), progress=lambda fraction, message: seen.append((fraction, message)))
    fractions, messages = zip(*seen, strict=True)
    assert fractions == tuple(sorted(fractions))
    assert fractions[0] == 0 and 0.5 < fractions[-1] < 1
    assert set(messages) == {f"blocres, {ball().sum()} boxes of 15 voxels"}

    def cancel(fraction, message):
        if fraction > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        measured(*pair(), progress=cancel)


def refuse(error, says, *arrays, **options):
    with pytest.raises(error, match=says):
        measured(*arrays, **options)


def test_refuses_what_does_not_fit_together():
    first, second = pair()
    refuse(GridMismatchError, "shapes", first, second[1:])
    refuse(GridMismatchError, "mask", first, second, ball()[1:])
    refuse(MapContentError, "mask is empty", first, second, np.zeros(SHAPE))
    refuse(MapContentError, "8 to 32 voxels", first, second, box=4)
    refuse(MapContentError, "8 to 32 voxels", first, second, box=33)
    corner = np.zeros(SHAPE)
    corner[:4] = 1
    refuse(MapContentError, "no box of 15 voxels", first, second, corner)
    point = np.zeros(SHAPE)
    point[16, 16, 16] = 1
    refuse(MapContentError, "stride of 3", first, second, point, stride=3)
    refuse(MapContentError, "stride is 0", first, second, stride=0)
    refuse(MapContentError, "cutoff is 1", first, second, cutoff=1.0)


@pytest.fixture(scope="module")
def molecule():
    """Return a ball of texture known to 6 Å, its half maps and its mask, each a Density."""
    shape = (40, 44, 48)
    inside = ball(12, shape)
    soft = gaussian_filter(inside.astype(np.float32), 1.5)
    halves = [
        texture * soft + 0.3 * noise(3 + number, shape)
        for number, texture in enumerate(pair(sigma=0.0, shape=shape))
    ]
    first, second, whole, mask = (
        Density(np.asarray(values, np.float32), (VOXEL,) * 3, name=name)
        for values, name in (
            (halves[0], "half 1"),
            (halves[1], "half 2"),
            ((halves[0] + halves[1]) / 2, "whole"),
            (inside, "ball"),
        )
    )
    return whole, (first, second), mask


def test_local_resolution_chooses_the_boxes_and_says_so(molecule):
    whole, half_maps, mask = molecule
    result = local_resolution(whole, method="blocres", mask=mask, half_maps=half_maps, stride=3)
    assert result.method == "blocres"
    assert 4.0 < result.median < 6.5
    # The ball is as smooth as noise.
    assert all(text.startswith(NO_MOLECULE) for text in result.warnings)
    (note,) = result.notes
    assert "Å, one every 3 voxels" in note
    # Two voxels at the ends of the ball are too near the rim.
    assert mask.values.sum() - 2 <= result.mask.sum() <= mask.values.sum()


def test_local_resolution_takes_boxes_in_angstroms(molecule):
    whole, half_maps, mask = molecule
    options = {"method": "blocres", "mask": mask, "half_maps": half_maps}
    result = local_resolution(whole, **options, box_size=24.0, stride=2, cutoff=0.3)
    expected = blocres(
        half_maps[0].values, half_maps[1].values, VOXEL, mask.values, box=16, stride=2, cutoff=0.3
    )
    np.testing.assert_array_equal(result.values[result.mask], expected.values[result.mask])
    assert result.notes[0].startswith("Boxes of 16 voxels (24 Å), one every 2 voxels")


def test_local_resolution_warns_of_boxes_too_small_and_of_noise(molecule):
    whole, half_maps, mask = molecule
    options = {"method": "blocres", "mask": mask, "stride": 3}
    result = local_resolution(whole, **options, half_maps=half_maps, box_size=12.0, cutoff=0.9)
    assert any("repeat with a box_size of" in warning for warning in result.warnings)
    apart = tuple(
        half.with_values(noise(n, whole.values.shape)) for n, half in enumerate(half_maps)
    )
    result = local_resolution(whole, **options, half_maps=apart, box_size=30.0)
    assert any("correlate at no resolution" in warning for warning in result.warnings)
    assert result.beyond.any() and not result.resolved[result.beyond].any()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"half_maps": None}, "blocres requires two half maps"),
        ({"step": 1.0}, "step requires method monores or resmap"),
        ({"method": "monores", "stride": 2}, "stride requires method blocres"),
        ({"box_size": 3.0}, "2 voxels wide"),
    ],
)
def test_local_resolution_refuses_options_of_other_methods(molecule, options, says):
    whole, half_maps, mask = molecule
    options = {"method": "blocres", "half_maps": half_maps} | options
    with pytest.raises(MapResError, match=says) as caught:
        local_resolution(whole, mask=mask, **options)
    assert "\n" not in str(caught.value)


def test_local_resolution_without_common_signal_chooses_no_box(molecule):
    whole, half_maps, mask = molecule
    apart = tuple(
        half.with_values(noise(n, whole.values.shape)) for n, half in enumerate(half_maps)
    )
    with pytest.raises(MapContentError, match="check that they belong to it"):
        local_resolution(whole, method="blocres", mask=mask, half_maps=apart)


def padded_fsc(first, second):
    """Return the FSC of two boxes by transforms in 64 bits of the boxes, padded to twice."""
    n = len(first)
    taper = np.hanning(n)[:, None, None] * np.hanning(n)[:, None] * np.hanning(n)
    one, other = (
        np.fft.rfftn(taper * (box - box.mean(dtype=np.float64)), (2 * n,) * 3)
        for box in (first, second)
    )
    along, half = np.fft.fftfreq(2 * n, 1 / (2 * n)), np.arange(n + 1)
    radius = np.sqrt(along[:, None, None] ** 2 + along[:, None] ** 2 + half**2)
    fractions = [np.clip(1 - np.abs(radius - shell), 0, None) for shell in range(n + 1)]
    cross, power, power2 = (
        np.array([np.sum(fraction * product) for fraction in fractions])
        for product in ((one * other.conj()).real, np.abs(one) ** 2, np.abs(other) ** 2)
    )
    return cross / np.sqrt(power * power2)


@pytest.mark.parametrize(("box", "stride"), [(8, 1), (11, 2), (20, 3)])
def test_sums_of_cosines_and_sines_are_those_of_complex_transforms(box, stride):
    halves = [half + 2 for half in pair(sigma=0.5, shape=(23, 28, 40))]
    runs = [Run(1, 2, 3, 4, stride), Run(1, 5, 0, 1, stride), Run(1, 7, 2, 6, stride)]
    found = Boxes(*halves, box).correlation(runs)
    corners = [(r.z, r.y, r.x + k * stride) for r in runs for k in range(r.count)]
    cuts = [tuple(slice(k, k + box) for k in corner) for corner in corners]
    expected = np.stack([padded_fsc(*(half[cut] for half in halves)) for cut in cuts], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_mask_with_gaps_gives_each_box_its_own_value():
    half_maps = pair()
    gaps = ball() & (np.random.default_rng(3).random(SHAPE) < 0.5)
    whole, part = (measured(*half_maps, mask).values for mask in (None, gaps))
    np.testing.assert_allclose(part[gaps], whole[gaps], rtol=1e-4)
    assert not part[~gaps].any()
