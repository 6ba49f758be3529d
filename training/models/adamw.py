"""The optimizer of our own networks."""

from __future__ import annotations


def compiled(network):
    """Give a network of distributions its loss and optimizer; the schedule sets the rate."""
    import keras

    network.compile(
        keras.optimizers.AdamW(weight_decay=0.01, clipnorm=1.0), "categorical_crossentropy"
    )
    return network
