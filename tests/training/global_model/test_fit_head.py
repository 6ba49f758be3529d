"""The head of the default network, trained by itself."""

import keras
import numpy as np
import pytest

from mapres.features.distribution import BINS
from training.global_model.fit_head import fit_head
from training.global_model.network import HEAD, TOWER, default_network
from training.global_model.shards import Shards

pytestmark = [
    pytest.mark.usefixtures("eager"),
    # It has no effect on pipelines of data, which is as well.
    pytest.mark.filterwarnings("ignore:Even though the `tf.config:UserWarning"),
]


def test_the_head_is_trained_by_itself(shards):
    keras.utils.set_random_seed(0)
    model, train = default_network(BINS, widths=(8,), crop=16), Shards(shards, "train")
    before = [model.get_layer(part).get_weights() for part in (TOWER, HEAD)]
    inputs, targets = train.batch(np.arange(len(train)), None)

    def loss():
        predicted = model.predict_on_batch(inputs)
        return -float(np.mean(np.sum(targets * np.log(predicted + 1e-9), axis=1)))

    first = loss()
    fit_head(model, train, train, epochs=6, peak_rate=1e-2)
    after = [model.get_layer(part).get_weights() for part in (TOWER, HEAD)]
    assert all(map(np.array_equal, before[0], after[0]))
    assert not any(map(np.array_equal, before[1], after[1]))
    assert loss() < first - 0.5
