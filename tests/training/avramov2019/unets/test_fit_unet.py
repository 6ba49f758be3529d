"""U-Nets on cubes: what is learned, what counts, what resumes."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from mapres.errors import MapResError
from training.avramov2019.fitting import scores
from training.avramov2019.unets import fit_unet
from training.avramov2019.unets import unet as unets
from training.avramov2019.unets.cube_files import read_cubes
from training.avramov2019.unets.cubes import UNLABELED, Cubes
from training.avramov2019.unets.fit_unet import CubeMaps, accuracies, compiled, constant
from training.avramov2019.unets.unet import unet
from training.models.curve import noted_stages

pytestmark = pytest.mark.usefixtures("eager")


@pytest.fixture(autouse=True)
def shallow(monkeypatch):
    """One level of five."""
    monkeypatch.setattr(unets, "LEVELS", 1)


def cubes(rng, count=24, maps=6):
    """Make cubes whose class is the third that the value lies in, with background in a corner."""
    values = rng.random((count, 16, 16, 16), dtype=np.float32)
    classes = np.minimum(3 * values, 2).astype(np.uint8)
    values[:, :4], classes[:, :4] = 0, UNLABELED
    return Cubes(values, classes, np.arange(count) % maps)


class Says:
    """A network that always says the same class."""

    def __init__(self, number):
        self.number = number

    def predict_on_batch(self, values):
        return np.eye(10)[np.full(values.shape[:4], self.number)]


def test_accuracy_in_the_mask_leaves_background_out(rng):
    """Three quarters of a cube are labeled, a third of those is of each class."""
    found = accuracies(Says(0), cubes(rng))
    assert found["in mask"] == pytest.approx(1 / 3, abs=0.01)
    assert found["paper"] == pytest.approx(1 / 4 + 3 / 4 / 3, abs=0.01)
    assert accuracies(Says(7), cubes(rng))["paper"] == 0


def test_constant_is_the_most_frequent_class_of_the_map(rng):
    two = cubes(rng, count=4, maps=2)
    two.classes[two.maps == 1] = np.where(two.classes[two.maps == 1] == UNLABELED, UNLABELED, 5)
    assert constant(two).ravel()[1::2].tolist() == [5, 5]
    assert accuracies(Says(0), two)["constant"] == pytest.approx((1 + 1 / 3) / 2, abs=0.02)


def test_split_by_map_loss_does_not_heed_background(rng):
    # By chance the two losses may agree.
    keras.utils.set_random_seed(0)
    some, network = cubes(rng), compiled(unet(2), by_map=True)

    def loss(network, cubes, by_map):
        return scores(network, CubeMaps(cubes, by_map), 8)["validation loss"]

    before = loss(network, some, True)
    other = Cubes(some.values, some.classes.copy(), some.maps)
    other.classes[:, 0] = UNLABELED
    assert loss(network, other, True) == pytest.approx(before, rel=1e-4)
    as_paper = compiled(unet(2), by_map=False)
    as_paper.set_weights(network.get_weights())
    assert loss(as_paper, some, False) != pytest.approx(before, rel=1e-4)
    assert np.mean(some.classes != UNLABELED) == 0.75


def test_training_resumes_and_stores_the_best(rng, tmp_path, monkeypatch):
    some = cubes(rng, count=40, maps=10)
    for number in range(10):
        mine = some[np.flatnonzero(some.maps == number)]
        np.savez(tmp_path / f"simulated-{number:04d}.npz",
                 values=mine.values.astype(np.float16), classes=mine.classes)  # fmt: skip
    stored, names = read_cubes(tmp_path)
    assert len(stored) == 40 and names[3] == "simulated-0003"
    quick = replace(fit_unet.LAST, batch=8, steps_per_check=2, max_steps=4)
    monkeypatch.setattr(fit_unet, "LAST", quick)
    monkeypatch.setattr(fit_unet, "BATCH", 4)
    monkeypatch.setattr(fit_unet, "PASSES_BY_MAP", 1)
    run = tmp_path / "run"
    assert not fit_unet.fit_unet(tmp_path, run, 2, True, 0)
    assert not (run / "best.keras").exists()
    assert fit_unet.fit_unet(tmp_path, run, 2, True, 5)
    assert (run / "best.keras").read_bytes() == (run / fit_unet.WITHOUT / "best.keras").read_bytes()
    stages = noted_stages(run)
    assert [stages[name]["steps"] for name in (fit_unet.WITH, fit_unet.WITHOUT)] == [7, 4]
    with pytest.raises(MapResError, match="another width"):
        fit_unet.fit_unet(tmp_path, tmp_path / "run", 4, True, 5)


def test_no_cubes_says_what_to_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="unet-cubes"):
        read_cubes(tmp_path)
