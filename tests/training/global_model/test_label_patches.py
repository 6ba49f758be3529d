"""Patches carry the truth of what they show, and are what prediction sees."""

import numpy as np
import pytest

from mapres.checks.measurements import measure_map
from mapres.density import Density
from mapres.features.patches import SHELLS, cut_patches, patch_centers
from mapres.features.profile import CURVES, FREQUENCIES, profile
from mapres.fourier import gaussian_low_pass, resize
from mapres.mask import solvent_mask
from training.global_model.patches import label_patches, shown_by_patch
from training.global_model.shards import write_shard
from training.simulate.draw import draw_example
from training.simulate.examples import examples


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_labels_differ_from_the_maps_resolution_as_the_truth_does(ball, seed):
    example = draw_example(ball, np.random.default_rng(seed))
    _, _, labels = label_patches(example, 6)
    inside = np.log(example.truth[example.mask])
    away = np.log(labels / example.resolution)
    assert away.min() >= (inside - inside.mean()).min() - 1e-3
    assert away.max() <= (inside - inside.mean()).max() + 1e-3


def test_training_patches_are_what_prediction_sees(ball):
    """One preprocessing: the same functions, the same array."""
    example = draw_example(ball, np.random.default_rng(3))
    patches, seen, _ = label_patches(example, 6)
    mask = solvent_mask(example.density)
    centers = patch_centers(example.density, mask, 6)
    expected = cut_patches(example.density, centers)
    assert np.array_equal(patches.values, expected.values)
    assert np.array_equal(patches.spectra, expected.spectra)
    assert np.array_equal(seen, profile(measure_map(example.density, mask).spectra))


def test_a_shard_holds_its_patches(packed, tmp_path):
    written = write_shard(examples(packed, "train", 0, 3), tmp_path / "train-000")
    labels = np.load(tmp_path / "train-000.npz")
    patches = np.load(tmp_path / "train-000.npy")
    assert written == len(patches) == len(labels["resolution"]) == len(labels["structure"]) > 0
    assert patches.dtype == np.float16 and patches.shape[1:] == (48, 48, 48)
    assert labels["spectrum"].shape == (written, SHELLS)
    assert labels["spectrum"].dtype == np.float32
    assert labels["profile"].shape == (written, CURVES, len(FREQUENCIES))
    assert set(labels["structure"]) <= {
        f"ball_{s}_train" for s in ("chain", "chain-rebuilt", "complex")
    }
    assert labels["resolution"] == pytest.approx(np.clip(labels["resolution"], 1.4, 60))


@pytest.mark.parametrize("voxel_size", [0.8, 1.0, 2.0])
@pytest.mark.parametrize("center", [(48, 48, 48), (3, 48, 90), (95, 0, 60)])
def test_a_patch_shows_the_voxels_that_it_says(voxel_size, center, monkeypatch):
    """Also where its window was moved to stay in the box."""
    values = np.random.default_rng(3).standard_normal((96, 96, 96)).astype(np.float32)
    smooth = gaussian_low_pass(values, 1.0, 9.0)
    density = Density(smooth, (voxel_size,) * 3)
    region = shown_by_patch(density, np.array(center))
    monkeypatch.setattr("mapres.features.patches.in_pose", lambda patch: patch)
    (patch,) = cut_patches(density, np.array([center])).values
    shown = resize(smooth[region], (48, 48, 48))
    inner = (slice(8, -8),) * 3
    assert np.corrcoef(shown[inner].ravel(), patch[inner].ravel())[0, 1] > 0.8
