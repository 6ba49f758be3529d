"""local_resolution: the answer on the map's own grid, what it warns of, and what it refuses."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from handmade import folded_chain
from scipy.ndimage import gaussian_filter

from mapres.checks.density import NO_MOLECULE
from mapres.density import Density
from mapres.errors import Cancelled, GridMismatchError, MapContentError, MapResError
from mapres.fourier import filtered
from mapres.local.resolution import local_resolution
from mapres.mask import solvent_mask

by_monores = partial(local_resolution, method="monores")
SHAPE = (40, 44, 48)
LIMIT = 6.0


def noise(seed):
    return np.random.default_rng(seed).standard_normal(SHAPE, dtype=np.float32)


def density(values, name="map"):
    return Density(np.asarray(values, dtype=np.float32), (1.5, 1.5, 1.5), name=name)


@pytest.fixture(scope="module")
def molecule():
    """A ball of texture known to 6 Å: the map, its half maps and its mask, each a Density."""
    z, y, x = (np.arange(n) - n // 2 for n in SHAPE)
    ball = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x**2 <= 13**2
    texture = filtered(noise(0), 1.5, lambda s2: (s2 < LIMIT**-2).astype(np.float32))
    signal = (2 + texture / texture.std()) * gaussian_filter(ball.astype(np.float32), 1.5)
    first, second = signal + 0.4 * noise(1), signal + 0.4 * noise(2)
    return (
        density((first + second) / 2, "whole"),
        (density(first, "half 1"), density(second, "half 2")),
        density(ball, "ball"),
    )


def test_measures_the_molecule_and_colors_the_rest_alike(molecule):
    whole, half_maps, mask = molecule
    result = by_monores(whole, mask=mask, half_maps=half_maps, step=1.0)
    assert result.values.shape == SHAPE
    assert result.values.dtype == np.float32
    assert result.median == pytest.approx(LIMIT, abs=1.5)
    assert result.quartiles[0] <= result.median <= result.quartiles[1]
    # The ball is featureless.
    assert all(text.startswith(NO_MOLECULE) for text in result.warnings)
    assert 0 < result.seconds < 60
    assert result.mask_fraction == pytest.approx(mask.values.mean(), rel=0.05)
    # Everything has a value, and a voxel just outside has one that is met just inside.
    assert result.values.min() >= 3.0
    z, y, x = 20, 22, int(np.flatnonzero(result.mask[20, 22])[-1])
    assert np.all(result.values[z, y, x:] == result.values[z, y, x])


def test_makes_its_own_mask(molecule):
    whole, _, mask = molecule
    result = by_monores(whole, step=1.0)
    overlap = np.sum(result.mask & (mask.values > 0.5)) / mask.values.sum()
    assert overlap > 0.9
    assert result.median == pytest.approx(LIMIT, abs=1.5)


def test_a_soft_mask_is_cut_at_a_half(molecule):
    whole, half_maps, mask = molecule
    soft = density(np.where(mask.values > 0, 0.9, 0.4), "soft")
    hard, softer = (by_monores(whole, mask=m, half_maps=half_maps, step=1.0) for m in (mask, soft))
    np.testing.assert_array_equal(hard.values, softer.values)


def test_warns_of_a_mask_that_is_too_large(molecule):
    whole, half_maps, _ = molecule
    z, y, x = (np.arange(n) - n // 2 for n in SHAPE)
    loose = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x**2 <= 22**2
    noisier = tuple(
        half.with_values(half.values + noise(7 + n)) for n, half in enumerate(half_maps)
    )
    result = by_monores(whole, mask=density(loose), half_maps=noisier, step=1.0)
    assert any("could not be measured" in warning for warning in result.warnings)


def test_warns_of_a_sweep_that_starts_too_fine(molecule):
    whole, half_maps, mask = molecule
    narrow, wide = (
        by_monores(whole, mask=mask, half_maps=half_maps, max_res=coarsest)
        for coarsest in (6.5, 20.0)
    )
    assert any("repeat with a larger max_res" in warning for warning in narrow.warnings)
    assert not any("max_res" in warning for warning in wide.warnings)


def test_warns_where_the_voxels_are_too_coarse_for_the_map():
    """White texture is known to two voxels and would be beyond."""
    z, y, x = (np.arange(n) - n // 2 for n in SHAPE)
    ball = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x**2 <= 13**2
    sharp = density(5 * noise(0) * ball + 0.1 * noise(1))
    result = by_monores(sharp, mask=density(ball), step=1.0)
    assert any("at the finest resolution found" in warning for warning in result.warnings)


def test_warns_of_half_maps_of_another_molecule(molecule):
    whole, half_maps, mask = molecule
    other = whole.with_values(whole.values[::-1, ::-1].copy() * noise(5))
    result = by_monores(other, mask=mask, half_maps=half_maps, step=1.0)
    assert any("check that they belong to it" in warning for warning in result.warnings)


def test_cancels_before_the_sweep_and_within(molecule):
    whole, half_maps, mask = molecule
    for limit in (0.0, 0.3):

        def cancel(fraction, message, limit=limit):
            if fraction >= limit:
                raise Cancelled

        with pytest.raises(Cancelled):
            local_resolution(whole, mask=mask, half_maps=half_maps, progress=cancel)


def refuse(error, says, *args, **options):
    with pytest.raises(error, match=says) as caught:
        local_resolution(*args, **options)
    assert "\n" not in str(caught.value)


def test_refuses_masks_that_say_nothing(molecule):
    whole, _, mask = molecule
    empty, full = (whole.with_values(np.full(SHAPE, v), "it") for v in (0.0, 1.0))
    refuse(MapContentError, "it is empty", whole, mask=empty)
    refuse(MapContentError, "it fills the box", whole, mask=full)
    refuse(GridMismatchError, "mask", whole, mask=density(mask.values[1:]))


def test_refuses_what_cannot_be_analyzed(molecule):
    whole, half_maps, mask = molecule
    refuse(MapResError, "method 'guess'", whole, method="guess")
    refuse(MapContentError, "constant", whole.with_values(np.zeros(SHAPE)))
    refuse(MapContentError, "2 voxels", whole, mask=mask, method="monores", max_res=2.5)
    flat = density(whole.values * mask.values)
    refuse(MapContentError, "solvent is flat", flat, mask=mask, method="monores")
    shifted = replace(half_maps[1], voxel_size=(1.8, 1.8, 1.8))
    refuse(GridMismatchError, "half map", whole, half_maps=(half_maps[0], shifted))
    broken = half_maps[1].with_values(np.full(SHAPE, np.nan))
    refuse(MapContentError, "NaN", whole, half_maps=(half_maps[0], broken))


@pytest.mark.parametrize("method", ["mapres", "monores", "resmap"])
@pytest.mark.parametrize("masked", [False, True])
def test_inverted_contrast_is_named(masked, method):
    """Also where a molecule is found in spite of it, as between zeros."""
    chain = folded_chain((56, 56, 56))
    values = chain.values
    if masked:
        values = np.where(solvent_mask(chain), values, 0)
    inverted = chain.with_values(-values, "chain #7")
    try:
        said = " ".join(local_resolution(inverted, method=method).warnings)
    except MapContentError as error:
        said = str(error)
    assert "Contrast is inverted; fix with `volume scale #7 factor -1`" in said
    assert not any("nverted" in text for text in local_resolution(chain).warnings)
