"""Training the head of the default network by itself: the tower's features are computed once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.global_model.network import HEAD, TOWER
from training.global_model.soft_targets import soft_targets

EPOCHS = 30
BATCH = 64
RATE = 2e-3
# Patches of a map share its spectra, which the head learns by heart: with 0.02 the smallest
# validation loss of 26,000 patches is 0.004 higher.
WEIGHT_DECAY = 0.2
# Steps that weights are averaged over, or an eighth of all: their loss is below any single step's.
MEMORY = 500


def fit_head(model, train, validation, epochs: int = EPOCHS, peak_rate: float = RATE) -> dict:
    """Train the head of a default network whose tower is good already.

    Parameters
    ----------
    model : of `network.default_network`; its head is changed in place
    train, validation : `Shards`; the smallest loss on the latter decides which weights stay
    epochs : passes over the training patches
    peak_rate : the learning rate at first; it falls to 0

    Returns
    -------
    the epoch that was kept and its validation loss
    """
    import keras

    tower, head = model.get_layer(TOWER), model.get_layer(HEAD)
    steps = epochs * max(1, len(train) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(peak_rate, steps)
    averaging = {"use_ema": True, "ema_momentum": 1 - 1 / min(MEMORY, max(2, steps / 8))}
    optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY, **averaging)
    head.compile(optimizer, "categorical_crossentropy")
    averaged = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    best = keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True)
    held_out = _features(tower, validation)
    history = head.fit(
        *_features(tower, train),
        batch_size=BATCH,
        epochs=epochs,
        validation_data=held_out,
        callbacks=[averaged, best],
        verbose=2,
    )
    losses = history.history["val_loss"]
    best_epoch = int(np.argmin(losses))
    return {"epoch": best_epoch + 1, "validation_loss": round(losses[best_epoch], 4)}


def _features(tower, shards) -> tuple[list[NDArray[np.float32]], NDArray[np.float32]]:
    found = []
    for start in range(0, len(shards), BATCH):
        (values, *_), _ = shards.batch(np.arange(start, min(start + BATCH, len(shards))), None)
        found.append(np.asarray(tower.predict_on_batch(values)))
        print(f"features of {start} of {len(shards)} patches", end="\r", flush=True)
    inputs = [np.concatenate(found), shards.spectrum, shards.profile]
    return inputs, soft_targets(shards.resolution)
