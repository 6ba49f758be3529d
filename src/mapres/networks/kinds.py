"""The kinds of network: inputs, output and preprocessing of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..features import (
    apodized,
    avramov2019,
    bands,
    cells,
    energies,
    profile,
    relative,
    windows,
)
from ..features import patches as preprocess
from ..features.avramov2019 import BOX, EDGE
from ..features.distribution import BINS, CLASSES, EDGES

# Kinds of networks of local resolution: of one map, and with half maps.
LOCAL = ONE_MAP, WITH_HALF_MAPS = ("local", "local-halves")
# Output names of all graphs.
OUTPUTS = ["probabilities"]
Arrays = tuple[NDArray[np.float32], ...]


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of network.

    Attributes
    ----------
    inputs : shape of one example of every input, by the input's name in the graph
    answer : shape of the output for one example
    arranged : turns the arguments of `registry.Model.predict` into arrays for those inputs
    preprocessing : what a card must contain, taken from the code
    needs : additional keys that a card of this kind must have
    one_thread : whether its batches are small, and predicted in several threads of ours instead
    """

    inputs: dict[str, tuple[int, ...]]
    answer: tuple[int, ...]
    arranged: Callable[..., Arrays]
    preprocessing: dict
    needs: tuple[str, ...] = ()
    one_thread: bool = False


def _of_patches(patches: preprocess.Patches, curves: NDArray) -> Arrays:
    profiles = np.repeat(curves[None], len(patches), axis=0)
    return patches.values[..., None], patches.spectra, profiles


def _with_channel(values: NDArray[np.float32]) -> Arrays:
    return (values[..., None],)


def _rounded(values, digits: int = 4) -> list[float]:
    return [round(float(value), digits) for value in values]


_PROFILE = {
    "profile_A": _rounded(1 / profile.FREQUENCIES[[0, -1]]),
    "profile_points": len(profile.FREQUENCIES),
}


def _local(channels: int) -> Kind:
    """Return the kind of a network of local resolution whose cells have so many channels."""
    of_cell = relative.inputs_of_cell(channels)
    return Kind(
        inputs={"cells": (of_cell,), "map": (relative.OF_MAP,)},
        answer=(relative.BINS,),
        arranged=lambda rows, of_map: (rows, of_map),
        preprocessing={
            "cell_A_and_voxels": list(windows.CELL),
            "band_samples": bands.SAMPLES,
            "taper_A": apodized.TAPER,
            "solvent_apart": list(windows.APART),
            "scales": [cells.LEVEL_SCALE, energies.ENERGY_SCALE, profile.UNSEEN],
            "wavelengths_A": _rounded(bands.WAVELENGTHS),
            "windows": [*windows.WIDTHS, windows.FINE, windows.COARSE],
            "about_A": [*windows.ABOUT, windows.SOLVENT],
            "inputs": [of_cell, relative.OF_MAP],
            "offsets": [*_rounded(relative.OFFSETS[-1:]), len(relative.OFFSETS)],
            "faintest": cells.FAINTEST,
            **_PROFILE,
            "bin_edges_ln": _rounded(relative.LN_EDGES, 5),
        },
        needs=("calibration", "overall_model_sha256"),
        one_thread=True,
    )


KINDS: dict[str, Kind] = {
    "distribution": Kind(
        inputs={
            "patch": (*(preprocess.PATCH,) * 3, 1),
            "spectrum": (preprocess.SHELLS,),
            "profile": (profile.CURVES, len(profile.FREQUENCIES)),
        },
        answer=(BINS,),
        arranged=_of_patches,
        preprocessing={
            "voxel_size_A": preprocess.VOXEL_SIZE,
            "patch": preprocess.PATCH,
            "margin_A": preprocess.MARGIN,
            "clip_sd": preprocess.CLIP,
            "spectrum_shells": preprocess.SHELLS,
            "spectrum_faintest": preprocess.FAINTEST,
            **_PROFILE,
            "normalisation": "median 0, standard deviation 1, per patch",
            "bin_edges_A": _rounded(EDGES),
        },
        needs=("calibration",),
    ),
    "class": Kind(
        inputs={"box": (*(BOX,) * 3, 1)},
        answer=(len(CLASSES),),
        arranged=_with_channel,
        preprocessing={
            "voxel_size_A": "as it is",
            "box": BOX,
            "normalisation": "extremes of the map to 0 and 1; central crop, zeros at the end",
        },
    ),
    "cubes": Kind(
        inputs={"cube": (*(EDGE,) * 3, 1)},
        answer=(*(EDGE,) * 3, avramov2019.CLASSES),
        arranged=_with_channel,
        preprocessing={
            "voxel_size_A": "as it is",
            "cube": EDGE,
            "normalisation": "extremes of the map to 0 and 1; 0 outside the mask",
            "class_limits_A": _rounded(avramov2019.LIMITS),
        },
    ),
    ONE_MAP: _local(energies.OF_ONE_MAP),
    WITH_HALF_MAPS: _local(energies.CHANNELS),
}
