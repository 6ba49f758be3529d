"""Training, export and evaluation end to end, on a few maps and a few seconds."""

import csv
import json
import shutil
from functools import partial

import keras
import numpy as np
import pytest

from mapres.features.distribution import BINS, CLASSES, class_of
from mapres.features.patches import Patches, power_spectra
from mapres.features.profile import CURVES, FREQUENCIES
from mapres.networks.registry import digest, load
from training.evaluate import ablation, robustness, simulated
from training.evaluate.simulated import evaluate_real, evaluate_simulated
from training.global_model import export as exporting
from training.global_model import fit as fitting
from training.global_model.network import HEAD, TOWER, default_network
from training.global_model.shards import Shards
from training.models import to_onnx
from training.models.begin import take_over
from training.models.schedule import ByTime
from training.models.ship import keep
from training.simulate.examples import examples

pytestmark = [
    pytest.mark.usefixtures("eager"),
    # It has no effect on pipelines of data, which is as well.
    pytest.mark.filterwarnings("ignore:Even though the `tf.config:UserWarning"),
]
# One level of four, and a ninth of the patch.
SMALL = {"widths": (8,), "crop": 16}
# Of simulated maps with small boxes, 28³ to 58³.
SEED = 20


@pytest.fixture(scope="module")
def run(shards, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "EPOCHS", 4)
        fitting.fit(shards, folder, ByTime(minutes=1e-6, batch=4), **SMALL)
    return folder


@pytest.fixture(scope="module")
def exported(packed, shards, run, reconstructions, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "CALIBRATION_MAPS", 4)
        patch.setattr(exporting, "CALIBRATION_SEED", SEED)
        patch.setattr(exporting, "examples", in_this_process)
        patch.setattr(to_onnx, "INPUTS", 8)
        exporting.export(packed, run, shards, reconstructions, folder, "tiny")
    return folder / "tiny.json"


def test_augmented_patches_are_turned_not_changed(shards):
    stored = Shards(shards, "train")
    (plain, *spectra), targets = stored.batch(np.arange(4), None)
    (turned, *same_spectra), same = stored.batch(np.arange(4), np.random.default_rng(0))
    assert np.array_equal(targets, same) and all(map(np.array_equal, spectra, same_spectra))
    assert not np.array_equal(plain, turned)
    for before, after in zip(plain, turned, strict=True):
        assert np.array_equal(np.sort(before.ravel()), np.sort(after.ravel()))


def test_no_patches_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="run the subcommand simulate first"):
        Shards(tmp_path, "train")


def test_training_resumes_where_it_stopped(shards, run, monkeypatch):
    monkeypatch.setattr(fitting, "EPOCHS", 4)
    before = json.loads((run / "state.json").read_text())
    fitting.fit(shards, run, ByTime(minutes=before["seconds"] / 60 + 1e-6, batch=4))
    after = json.loads((run / "state.json").read_text())
    assert after["step"] > before["step"]
    rows = (run / "curve.csv").read_text().splitlines()
    assert int(rows[-1].split(",")[0]) == after["step"]


def test_a_finished_training_is_left_as_it_is(shards, run):
    state = json.loads((run / "state.json").read_text())
    assert state["notes"]["head_at_step"] == state["step"]
    files = [run / name for name in ("checkpoint.keras", "state.json", "curve.csv")]
    before = [path.read_bytes() for path in files]
    # 60 (s / 60) is more than s for one s in forty, and asks for one more step.
    fitting.fit(shards, run, ByTime(minutes=0.999 * state["seconds"] / 60, batch=4))
    assert [path.read_bytes() for path in files] == before


def test_tuning_moves_the_head_a_little_and_nothing_else(shards, run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    fitting.tune(shards, tmp_path / "run")
    before, after = (
        keras.models.load_model(folder / "checkpoint.keras", compile=False)
        for folder in (run, tmp_path / "run")
    )
    towers, heads = (
        [model.get_layer(name).get_weights() for model in (before, after)] for name in (TOWER, HEAD)
    )
    assert all(map(np.array_equal, *towers))
    moved = [np.abs(a - b).max() for a, b in zip(*heads, strict=True)]
    assert 0 < max(moved) < 0.01
    state = json.loads((tmp_path / "run" / "state.json").read_text())
    assert state["notes"]["tuned"]["examples"] == len(Shards(shards, "train"))


def test_only_a_network_that_was_trained_is_tuned(shards, tmp_path):
    with pytest.raises(FileNotFoundError, match="run the subcommand fit first"):
        fitting.tune(shards, tmp_path)


def test_network_is_small_and_plain():
    network = default_network(BINS)
    assert network.count_params() <= 3_000_000
    parts = [network, *(network.get_layer(name) for name in (TOWER, HEAD))]
    layers = [layer for part in parts for layer in part.layers]
    assert {type(layer).__module__.split(".")[0] for layer in layers} == {"keras"}
    assert not any("Lambda" in type(layer).__name__ for layer in layers)


def test_export_is_half_precision_and_answers_alike(run, exported):
    model = load(str(exported))
    full = keras.models.load_model(run / "checkpoint.keras", compile=False)
    rng = np.random.default_rng(0)
    values = rng.standard_normal((4, 48, 48, 48)).astype(np.float32)
    seen = rng.standard_normal((CURVES, len(FREQUENCIES))).astype(np.float32)
    patches = Patches(values, power_spectra(values))
    profiles = np.stack([seen] * 4)
    expected = full.predict_on_batch([values[..., None], patches.spectra, profiles])
    assert np.allclose(model.predict(patches, seen), expected, atol=0.01)
    weights = exported.with_suffix(".onnx")
    # The graph itself takes 50 kB.
    assert weights.stat().st_size < 2 * full.count_params() + 100_000
    parity = json.loads(exported.read_text())["onnx"]["keras_against_onnx"]
    assert parity["inputs"] >= 8 and parity["largest_difference"] < 1e-5


def test_what_a_later_training_starts_from_is_kept_in_half_precision(run, tmp_path):
    full = to_onnx.rounded(keras.models.load_model(run / "checkpoint.keras", compile=False))
    keep(full, tmp_path / "kept.keras")
    kept = keras.models.load_model(tmp_path / "kept.keras", compile=False)
    assert not kept.get_layer(HEAD).compiled
    for ours, theirs in zip(kept.get_weights(), full.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)
    assert (tmp_path / "kept.keras").stat().st_size < 0.7 * (
        run / "checkpoint.keras"
    ).stat().st_size
    assert [path.name for path in tmp_path.iterdir()] == ["kept.keras"]


def test_card_says_what_it_must(exported):
    card = json.loads(exported.read_text())
    for key in ("weights", "preprocessing", "classes", "scores", "licence", "versions"):
        assert card[key]
    assert card["training"]["molecules"] >= 1 and len(card["training"]["molecules_sha256"]) == 64
    assert card["sha256"] == digest(exported.with_suffix(".onnx").read_bytes())


def test_calibrating_anew_finds_what_export_found(
    packed, reconstructions, exported, tmp_path, monkeypatch
):
    monkeypatch.setattr(exporting, "CALIBRATION_MAPS", 4)
    monkeypatch.setattr(exporting, "CALIBRATION_SEED", SEED)
    monkeypatch.setattr(exporting, "examples", in_this_process)
    card = json.loads(exported.read_text())
    spoiled = card | {"calibration": card["calibration"] | {"sharpness": 9.0}, "scores": {}}
    (tmp_path / "tiny.json").write_text(json.dumps(spoiled))
    shutil.copy(exported.with_suffix(".onnx"), tmp_path)
    exporting.recalibrate(packed, reconstructions, tmp_path, "tiny")
    found = json.loads((tmp_path / "tiny.json").read_text())
    assert found["calibration"] == pytest.approx(card["calibration"], rel=0.02, abs=1e-3)
    assert found["sha256"] == card["sha256"] and found["scores"]["calibration (validation split)"]


def test_evaluation_of_simulated_maps(packed, exported, tmp_path, monkeypatch):
    monkeypatch.setattr(simulated, "SEED", SEED)
    summary = evaluate_simulated(packed, "test", 3, str(exported), tmp_path)
    rows = list(csv.DictReader((tmp_path / "simulated-test.csv").read_text().splitlines()))
    right = [row["class"] == CLASSES[class_of(float(row["true_A"]))] for row in rows]
    assert summary["n"] == 3 and summary["accuracy"] == pytest.approx(np.mean(right))


def test_evaluation_of_real_maps_prints_every_map(shared_data, exported, tmp_path):
    """Of the fifteen, the small ones: one has a cell that is not orthogonal."""
    header, *lines = (shared_data / "maps" / "maps.tsv").read_text().splitlines()
    names = [path.name for path in (shared_data / "maps").iterdir()
             if path.stat().st_size < 3e5 and path.name.startswith("emd_")]  # fmt: skip
    kept = [line for line in lines if line.split("\t")[0] in names]
    (tmp_path / "maps.tsv").write_text("\n".join([header, *kept]) + "\n")
    for name in names:
        (tmp_path / name).symlink_to(shared_data / "maps" / name)
    evaluate_real(tmp_path, str(exported), tmp_path)
    text = (tmp_path / "real-maps.md").read_text()
    assert text.count("\n| emd_") == len(kept) >= 5 and text.count("refused") == 1


def test_an_earlier_network_is_taken_over_as_far_as_it_fits():
    """The convolutions are the same; what reads the spectrum is new."""
    earlier, later = default_network(BINS, spectrum=False), default_network(BINS + 1)
    take_over(later, earlier)
    pairs = [
        np.array_equal(a, b)
        for a, b in zip(later.get_weights(), earlier.get_weights(), strict=True)
        if a.shape == b.shape and a.ndim > 1
    ]
    assert all(pairs)
    assert later.get_weights()[-1].shape == (BINS + 1,)


def in_this_process(*args, processes):
    return examples(*args)


def test_ablation_trains_a_new_head_for_every_variant(
    packed, reconstructions, run, tmp_path, monkeypatch
):
    few = ("everything", "no masks")
    monkeypatch.setattr(ablation, "WEIGHTS", run / "checkpoint.keras")
    monkeypatch.setattr(ablation, "default_network", partial(default_network, **SMALL))
    monkeypatch.setattr(ablation, "fit_head", partial(ablation.fit_head, epochs=1))
    monkeypatch.setattr(ablation, "examples", in_this_process)
    monkeypatch.setattr(ablation, "SEED", SEED)
    monkeypatch.setattr(ablation, "listed_maps", lambda folder: [])
    monkeypatch.setattr(ablation, "_real", lambda predict, published: np.array([[4.0, 6.0]]))
    ablation.ablation(packed, tmp_path / "cache", reconstructions, 3, tmp_path, few)
    rows = list(csv.reader((tmp_path / "ablation.csv").read_text().splitlines()))
    assert [row[0] for row in rows[1:]] == list(few)
    assert {row[5] for row in rows[1:]} == {"0 of 1"}
    assert all(float(row[3]) > 0 for row in rows[1:])


def test_robustness_leaves_a_steady_model_where_it_is(packed, tiny_models, tmp_path, monkeypatch):
    """The tiny model says 7 Å of everything; only two voxels of a wrong size can stop it."""
    monkeypatch.setattr(robustness, "examples", in_this_process)
    monkeypatch.setattr(robustness, "SEED", 10)
    robustness.robustness(packed, 2, tmp_path)
    rows = list(csv.DictReader((tmp_path / "robustness.csv").read_text().splitlines()))
    assert len(rows) == sum(map(len, robustness.FAMILIES.values()))
    assert {row["change (median)"] for row in rows if row["change"] == "box edge"} == {"+0.0%"}
    assert (tmp_path / "robustness.png").stat().st_size > 5000


@pytest.mark.parametrize("family", ["sharpening B (Å²)", "storage", "contrast", "voxel size"])
def test_changes_are_what_they_say(packed, family):
    (example,) = examples(packed, "test", 0, 1)
    before = example.density
    for name, change in robustness.FAMILIES[family]:
        after = change(example)
        assert after.values.shape == before.values.shape
        if family == "contrast":
            assert np.array_equal(after.values, -before.values)
        if family == "storage":
            assert len(np.unique(after.values)) <= 256
        if family == "voxel size":
            assert after.spacing == pytest.approx(before.spacing * float(name.split()[1]))
        if family.startswith("sharpening"):
            # The level of the map, at the origin of Fourier space, stays as it is.
            assert after.values.mean() == pytest.approx(before.values.mean(), abs=1e-5)
            assert (after.values.std() > before.values.std()) == (float(name) < 0)
