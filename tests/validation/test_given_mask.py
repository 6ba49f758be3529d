"""A mask and half maps that are given: what they decide, and what not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

import mapres
from mapres.errors import MapContentError
from mapres.fourier import filtered
from mapres.io import read
from mapres.validation.verdict import verdict_by_half_maps


@pytest.fixture(scope="module")
def halves():
    return tuple(read(f"examples/half{k}.mrc.gz") for k in (1, 2))


@pytest.fixture(scope="module")
def density(halves):
    return replace(halves[0], values=(halves[0].values + halves[1].values) / 2, name="mean")


@pytest.mark.parametrize("beyond", [3, 6])
def test_a_wider_mask_moves_the_fsc_and_not_what_the_network_reads(density, halves, beyond):
    inside = read("examples/mask.mrc.gz").values > 0.5
    away = ndimage.distance_transform_edt(~inside)
    mask = replace(density, values=np.clip(beyond + 1.5 - away, 0, 1).astype(np.float32), name="m")
    plain = mapres.validate(density, half_maps=halves)
    given = mapres.validate(density, half_maps=halves, mask=mask)
    assert given.resolution == pytest.approx(plain.resolution, rel=1e-6)
    assert given.mask == "m" and given.half_map_fsc != plain.half_map_fsc


def test_a_mask_in_place_of_a_half_map_is_refused(density, halves):
    mask = read("examples/mask.mrc.gz")
    with pytest.raises(MapContentError, match="two values, like a mask; give a half map"):
        mapres.validate(density, half_maps=(halves[0], mask))


@pytest.mark.parametrize("claimed", [3.2, 4.0, 5.4])
def test_filtered_half_maps_confirm_no_finer_claim(density, halves, claimed):
    def filter_(each):
        low = filtered(each.values, each.voxel_size, lambda s2: 1 / (1 + (36 * s2) ** 20))
        return each.with_values(low)

    low = tuple(map(filter_, halves))
    found = mapres.validate(density, half_maps=low, claimed=claimed)
    assert found.verdict == "inconclusive"
    assert not any("belong together" in text for text in found.warnings)
    assert verdict_by_half_maps(claimed, 3.0, 6.0, limited=True) == "inconclusive"


@pytest.mark.parametrize("model", ["dnn", "cnn"])
def test_classifiers_judge_no_cut_map(density, model):
    values = np.where(density.values > np.percentile(density.values, 95), density.values, 0)
    found = mapres.validate(density.with_values(values), model=model, claimed=4.2)
    assert found.verdict == "inconclusive"


def test_notes_of_half_maps_and_masks_are_passed_on(density, halves):
    noted = tuple(replace(each, notes=(f"note {k}",)) for k, each in enumerate(halves))
    mask = replace(read("examples/mask.mrc.gz"), notes=("note of the mask",))
    found = mapres.validate(density, half_maps=noted, mask=mask)
    assert set(found.notes) >= {"note 0", "note 1", "note of the mask"}
    local = mapres.local_resolution(density, half_maps=noted, mask=mask)
    assert set(local.notes) >= {"note 0", "note 1", "note of the mask"}
