"""Beginning a training with weights that exist."""

from __future__ import annotations

from pathlib import Path

from mapres.networks.registry import digest
from training.models.state import State


def begin_with(model, start: Path, state: State) -> None:
    """Give a network the weights of a Keras file, see `take_over`; note which in the state."""
    import keras

    state.notes["start_sha256"] = digest(start.read_bytes())
    take_over(model, keras.models.load_model(start, compile=False))


def take_over(model, earlier) -> None:
    """Copy the weights of an earlier network's layers, in order, as long as their shapes agree."""
    ours, theirs = map(_layers_with_weights, (model, earlier))
    for layer, source in zip(ours, theirs, strict=False):
        shapes = [[tuple(w.shape) for w in each.weights] for each in (layer, source)]
        if type(layer) is not type(source) or shapes[0] != shapes[1]:
            break
        layer.set_weights(source.get_weights())


def _layers_with_weights(network) -> list:
    """Return the layers of a network and of the networks in it, in order."""
    parts = [_layers_with_weights(x) if hasattr(x, "layers") else [x] for x in network.layers]
    return [layer for part in parts for layer in part if layer.weights]
