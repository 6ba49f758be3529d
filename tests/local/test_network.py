"""The default local model: laws on maps whose local resolution is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from graphs import local_model

from mapres.density import Density
from mapres.errors import Cancelled, MapContentError, MapResError, ModelError
from mapres.features.cells import CellGrid
from mapres.features.relative import LN_MIDDLES
from mapres.io import read
from mapres.local import network as local_network
from mapres.local.method import MethodInput
from mapres.local.network import GLOBAL_MODEL, MODEL, predict_local
from mapres.local.resolution import local_resolution
from mapres.local.voxels import at_voxels
from mapres.networks.registry import load
from mapres.progress import silent
from mapres.validation.validate import validate

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def halves():
    return tuple(read(EXAMPLES / f"half{n}.mrc.gz") for n in (1, 2))


@pytest.fixture(scope="module")
def density(halves):
    return halves[0].with_values((halves[0].values + halves[1].values) / 2, "whole")


@pytest.fixture(scope="module")
def found(density):
    return local_resolution(density)


def relative_change(ours, others, inside):
    return float(np.median(np.abs(others[inside] / ours[inside] - 1)))


def test_reads_the_known_resolution_and_its_uncertainty(density, halves, found):
    truth = read(EXAMPLES / "truth.mrc.gz").values
    both = local_resolution(density, half_maps=halves)
    for result in (found, both):
        assert result.method == "mapres" and result.mask.any()
        assert relative_change(truth, result.values, result.mask) < 0.15
        low, high = result.interval
        assert np.all((low <= result.values) & (result.values <= high), where=result.mask)
        assert np.mean((low <= truth) & (truth <= high), where=result.mask) > 0.6
        half = result.uncertainty
        np.testing.assert_allclose(half[result.mask], (0.5 * (high - low))[result.mask])
        # A surface sampled at the rim of the mask is colored rightly.
        assert half.min() > 0
        assert result.values.min() >= density.nyquist - 1e-6
    assert not np.array_equal(both.values, found.values)


@pytest.mark.parametrize("turn", ["turned", "mirrored"])
def test_a_turned_or_mirrored_map_gets_the_turned_or_mirrored_answer(density, found, turn):
    there, back = {
        "turned": (lambda v: np.rot90(v, 1, (0, 2)), lambda v: np.rot90(v, -1, (0, 2))),
        "mirrored": (lambda v: v[::-1], lambda v: v[::-1]),
    }[turn]
    moved = local_resolution(density.with_values(np.ascontiguousarray(there(density.values))))
    inside = found.mask & back(moved.mask)
    assert inside.sum() > 0.98 * found.mask.sum()
    assert relative_change(found.values, back(moved.values), inside) < 0.03


def test_scale_and_offset_of_the_values_do_not_matter(density, found):
    other = local_resolution(density.with_values(1000 * density.values - 3))
    assert relative_change(found.values, other.values, found.mask) < 1e-3


def test_a_finer_grid_gets_the_same_answer(density, found):
    """Every second Fourier coefficient's worth of voxels more: nothing is added."""
    from scipy.signal import resample

    fine = density.values
    for axis in range(3):
        fine = resample(fine, 2 * fine.shape[axis], axis=axis)
    finer = Density(fine.astype(np.float32), tuple(0.5 * s for s in density.voxel_size))
    there = local_resolution(finer).values[::2, ::2, ::2]
    assert relative_change(found.values, there, found.mask) < 0.05


def test_computed_in_parts_equals_the_whole(density, found):
    """Whatever is left out of the mask, and however many cells the network reads at once."""
    sides = np.indices(found.mask.shape)[0] > found.mask.shape[0] // 2
    network = load(MODEL)
    parts = [
        predict_local(MethodInput(density, found.mask & side, False, None, "cpu", silent), network)
        for side in (sides, ~sides)
    ]
    joined = parts[0].values + parts[1].values
    np.testing.assert_allclose(joined[found.mask], found.values[found.mask], rtol=1e-5)


@pytest.mark.parametrize("wrong", ["same", "opposite"])
def test_half_maps_that_tell_nothing_are_refused(density, halves, wrong):
    other = {"same": halves[0], "opposite": halves[1].with_values(-halves[1].values)}[wrong]
    with pytest.raises(MapContentError, match=wrong):
        local_resolution(density, half_maps=(halves[0], other))


def test_half_maps_give_the_scale_unless_they_do_not_belong_together(density, halves):
    moved = halves[1].with_values(np.roll(halves[1].values, 3, axis=2), "moved")
    right, wrong = (local_resolution(density, half_maps=(halves[0], h)) for h in (halves[1], moved))
    assert "relative to the half-map FSC resolution of 4.62 Å" in right.notes[0]
    assert "relative to" not in wrong.notes[0]
    assert any("moved is shifted" in warning for warning in wrong.warnings)


def test_a_map_unlike_all_training_maps_gets_a_warning(density, found, monkeypatch):
    assert not any("unlike" in warning for warning in found.warnings)
    monkeypatch.setattr(local_network, "load", strict)
    assert any("unlike those of the maps" in text for text in local_resolution(density).warnings)


def strict(*given):
    """Load a model that no map is near enough to."""
    model = load(*given)
    domain = model.card.domain and replace(model.card.domain, limit=1e-3)
    return replace(model, card=replace(model.card, domain=domain))


def test_coarse_voxels_are_refused(density):
    coarse = Density(density.values, (20.0,) * 3, name="coarse")
    with pytest.raises(MapContentError, match="choose the method monores"):
        local_resolution(coarse)


def test_a_mask_of_a_part_gets_that_part_of_the_answer(density, found):
    part = found.mask.copy()
    part[: part.shape[0] // 2] = False
    there = local_resolution(density, mask=density.with_values(part.astype(np.float32), "part"))
    assert np.array_equal(there.mask, part)
    assert relative_change(found.values, there.values, part) < 0.005


def given(density, inside):
    return MethodInput(density, inside, False, None, "cpu", silent)


def stub(predict):
    return local_model(predict, load(GLOBAL_MODEL))


def test_levels_of_a_known_distribution_are_where_they_belong(density, found):
    def predict(rows, of_map):
        probabilities = np.exp(-0.5 * ((LN_MIDDLES - 0.3) / 0.1) ** 2)
        return np.tile(probabilities / probabilities.sum(), (len(rows), 1))

    predicted = predict_local(given(density, found.mask), stub(predict))
    interval, inside = predicted.interval, found.mask[predicted.interval.box]
    low, high = (np.log(end[inside]) for end in (interval.low, interval.high))
    middle = np.log(predicted.values[found.mask])
    np.testing.assert_allclose(middle, middle[0], atol=1e-4)
    np.testing.assert_allclose(middle - low, 1.645 * 0.1, atol=0.01)
    np.testing.assert_allclose(high - middle, 1.645 * 0.1, atol=0.01)
    assert np.log(predicted.coarsest) - middle[0] == pytest.approx(LN_MIDDLES[-1] - 0.3, abs=0.01)
    assert not predicted.values[~found.mask].any()


def test_the_network_predicts_cells_in_parts(density, found, monkeypatch):
    sizes = []

    def predict(rows, of_map):
        sizes.append(len(rows))
        probabilities = np.exp(
            -0.5 * ((LN_MIDDLES - 0.3 * np.sin(rows.sum(axis=1, keepdims=True))) / 0.1) ** 2
        )
        return probabilities / probabilities.sum(axis=1, keepdims=True)

    monkeypatch.setattr(local_network, "BATCH", 10**6)
    whole = predict_local(given(density, found.mask), stub(predict))
    monkeypatch.setattr(local_network, "BATCH", 100)
    parts = predict_local(given(density, found.mask), stub(predict))
    assert sizes[0] > 1000 and sum(sizes[1:]) == sizes[0] and max(sizes[1:]) == 100
    np.testing.assert_array_equal(parts.values, whole.values)
    assert np.log(whole.values[found.mask]).std() > 0.01


def test_interpolates_between_middles_of_cells():
    """What is linear in place stays so, wherever cells divide voxels and whatever is asked for."""
    shape = (12, 15, 17)
    z, y, x = np.indices(shape)
    places = np.argwhere(np.indices((5, 6, 7))[0] > 0)
    middles = (places + 0.5) * np.divide(shape, (5, 6, 7)) - 0.5
    box = (slice(4, 9), slice(3, 12), slice(3, 13))
    values = np.stack([middles @ [2.0, -1.0, 0.5], middles @ [0.0, 0.0, 3.0]])
    first, second = at_voxels(values, CellGrid(places, (5, 6, 7)), shape, box)
    np.testing.assert_allclose(first, (2.0 * z - y + 0.5 * x)[box], atol=1e-4)
    np.testing.assert_allclose(second, 3.0 * x[box], atol=1e-4)


def test_cancels_while_measuring_and_while_predicting(density):
    for limit in (0.0, 0.3, 0.75):

        def cancel(fraction, message, limit=limit):
            if fraction >= limit:
                raise Cancelled

        with pytest.raises(Cancelled):
            local_resolution(density, progress=cancel)


def test_only_this_method_tells_its_uncertainty(density):
    with pytest.raises(MapResError, match="choose the method mapres"):
        local_resolution(density, method="monores", step=2.0).uncertainty  # noqa: B018


def test_the_local_model_gives_no_verdict(density):
    with pytest.raises(ModelError, match="predicts local resolution only; choose from: default"):
        validate(density, model=MODEL)
