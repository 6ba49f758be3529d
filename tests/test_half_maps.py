"""Half maps handed in wrongly: found, named, and said by everything that takes half maps."""

import numpy as np
import pytest
from handmade import noisy_ball

from mapres.checks.check import Evidence, run_checks
from mapres.checks.half_map_measurements import measure_half_maps
from mapres.checks.half_maps import PAIR
from mapres.density import Density
from mapres.errors import MapContentError
from mapres.fourier import filtered
from mapres.half_maps import fsc_mask, mask_reach
from mapres.halves.registration import Registration, registration
from mapres.local.resolution import local_resolution
from mapres.validation.validate import validate

BALL = np.linalg.norm(np.indices((32, 32, 32)) - 15.5, axis=0) < 11
HALVES = noisy_ball(seed=1), noisy_ball(seed=2)
WHOLE = HALVES[0].with_values((HALVES[0].values + HALVES[1].values) / 2, "whole")


def said(half_maps, inside=None, density=None):
    pair = measure_half_maps(half_maps, inside, density)
    found = run_checks(PAIR, Evidence(density or half_maps[0], half_maps=pair))
    return [finding.text for finding in found]


def changed(change, half=HALVES[1]):
    return half.with_values(change(half.values).astype(np.float32), "other")


def shifted(values):
    return np.roll(values, (1, -2, 3), axis=(0, 1, 2))


@pytest.mark.parametrize("inside", [BALL, np.ones_like(BALL)])
@pytest.mark.parametrize("shift", [(0, 0, 0), (1, 0, 0), (0, 0, -1), (-2, 3, 1), (5, -4, 6)])
@pytest.mark.parametrize("sign", [1, -1])
def test_finds_shift_and_sign(inside, shift, sign):
    first, second = (half.values for half in HALVES)
    moved = sign * 0.1 * np.roll(second, shift, axis=(0, 1, 2)) + 4
    assert registration(first, moved, inside) == Registration(shift, sign)


@pytest.mark.parametrize("resolution", [3.0, 10.0, 20.0])
def test_a_smooth_map_in_a_hard_mask_is_not_held_by_the_mask(resolution):
    shape = (64, 60, 66)
    generator = np.random.default_rng(0)
    texture, *noises = generator.standard_normal((3, *shape), dtype=np.float32)
    first, second = (
        filtered(texture + 0.2 * noise, 1.5, lambda s2: np.exp(-(resolution**2) * s2))
        for noise in noises
    )
    inside = np.linalg.norm(np.indices(shape) - np.reshape([32, 30, 33], (3, 1, 1, 1)), axis=0) < 22
    assert registration(first, second, inside) == Registration()
    moved = np.roll(second, (3, 0, -4), axis=(0, 1, 2))
    assert registration(first, moved, inside) == Registration((3, 0, -4))


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_neither_shifted_nor_inverted(seed):
    first, second = np.random.default_rng(seed).standard_normal((2, 32, 36, 34), dtype=np.float32)
    inside = np.zeros(first.shape, bool)
    inside[8:24, 6:30, 10:20] = True
    assert registration(first, second, inside) == Registration()
    assert registration(first, second, np.ones_like(inside)) == Registration()


def test_a_mask_of_one_voxel_tells_nothing():
    inside = np.zeros(BALL.shape, bool)
    inside[3, 4, 5] = True
    assert registration(HALVES[0].values, HALVES[1].values, inside) == Registration()


def test_good_half_maps_raise_no_doubt_whatever_their_scale():
    assert said(HALVES, BALL) == []
    assert said(HALVES) == []
    other = changed(lambda values: 50 * values - 7)
    assert said((HALVES[0], other), BALL, WHOLE) == []


WRONG = [
    (lambda values: -values, "other has the opposite sign of ball.mrc"),
    (shifted, "other is shifted relative to ball.mrc by 3, -2, 1 voxels along x, y, z"),
    (lambda values: 2 * HALVES[0].values + 1, "are the same map"),
]


@pytest.mark.parametrize(("change", "says"), WRONG)
def test_a_wrong_pair_is_named(change, says):
    (doubt,) = said((HALVES[0], changed(change)), BALL)
    assert says in doubt and doubt.endswith(".")


def test_half_maps_that_cancel_raise_one_doubt():
    opposite = changed(lambda values: -values, HALVES[0])
    (doubt,) = said((HALVES[0], opposite), BALL, WHOLE)
    assert "opposite sign" in doubt


@pytest.mark.parametrize("method", ["mapres", "monores", "blocres"])
@pytest.mark.parametrize(("change", "says"), WRONG)
def test_local_resolution_says_so(method, change, says):
    pair, mask = (HALVES[0], changed(change)), WHOLE.with_values(BALL.astype(np.float32), "mask")
    options = {"blocres": {"stride": 4, "box_size": 18.0}, "monores": {"step": 2.0}}
    asked = {"method": method, "mask": mask, "half_maps": pair} | options.get(method, {})
    try:
        warnings = local_resolution(WHOLE, **asked).warnings
    except MapContentError as error:
        warnings = [str(error)]
    assert any(says in text for text in warnings)


@pytest.mark.parametrize(("change", "says"), WRONG)
def test_validate_says_so_and_is_inconclusive(tiny_models, change, says):
    answer = validate(WHOLE, claimed=4.0, half_maps=(HALVES[0], changed(change)))
    assert answer.verdict == "inconclusive"
    assert any(says in warning for warning in answer.warnings)


def test_the_reference_pair_is_told_from_a_shifted_one(shared_data):
    from mapres.io import read

    first, second = (read(shared_data / f"reference/half{n}_96.mrc.gz") for n in (1, 2))
    inside = read(shared_data / "reference/mask_96.mrc.gz").values > 0.5
    assert said((first, second), inside) == []
    moved = Density(np.roll(second.values, 1, axis=0), second.voxel_size, name="moved")
    (doubt,) = said((first, moved), inside)
    assert "by 0, 0, 1 voxels" in doubt


@pytest.mark.parametrize("spacing", [0.8, 1.5, 4.0])
def test_the_mask_of_the_fsc_falls_to_a_half_beyond_the_molecule(spacing):
    radius = 12
    distance = np.linalg.norm(np.indices((49, 49, 49)) - 24, axis=0)
    mask = fsc_mask(distance <= radius, spacing)
    assert (mask[distance <= radius] > 0.9).all()
    reach = radius + mask_reach(spacing) / spacing
    # Voxels count as within reach or not, and a ball loses more than a plane: half a voxel.
    assert np.median(mask[np.abs(distance - reach + 0.5) < 0.3]) == pytest.approx(0.5, abs=0.1)
    assert (mask[distance > reach + 3 * max(1.2 / spacing, 1)] < 0.01).all()
    assert mask_reach(spacing) >= max(2.5, 2 * spacing)
