"""Global validation: class, resolution in Å with an interval, and a verdict on a claimed value."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..density import Density
from ..errors import MapContentError
from ..half_maps import HalfMaps, checked_with_half_maps
from ..masks.given import given_mask
from ..networks.registry import load
from ..networks.session import AUTO
from ..progress import Progress, labeled, silent, with_heartbeat
from .analysis import analyze
from .result import Validation


@with_heartbeat
def validate(
    density: Density,
    *,
    claimed: float | None = None,
    half_maps: HalfMaps | None = None,
    mask: Density | None = None,
    model: str = "default",
    device: str = AUTO,
    progress: Progress = silent,
) -> Validation:
    """Estimate the resolution of a map from the map alone, and judge a claimed value.

    The network predicts a distribution over resolution for up to 32 patches of the molecule; these
    are pooled (logarithmically, calibrated on maps never used in training) into one. A classifier
    uses the central 64³ voxels instead and predicts the class only.

    Parameters
    ----------
    density : the map
    claimed : Å, the resolution that its authors claim
    half_maps : if given, their FSC at 0.143 in a soft mask decides the verdict, unless other
        evidence contradicts it
    mask : of that FSC, with its soft edge, see `mapres.masks.given.given_mask`. Without one, the
        molecule is found in the map, and the mask of the FSC ends softly a few Å outside
    model : name of a model, or path of a model card
    device : where it runs: ``auto`` (a GPU if ONNX Runtime supports one), ``cpu`` or ``gpu``
    progress : called with (fraction, message); may raise `Cancelled`

    Raises
    ------
    MapContentError, GridMismatchError, ModelError
        See `mapres.half_maps.checked_with_half_maps`, `mapres.masks.given.given_mask` and
        `mapres.networks.registry.load`.
    """
    density, half_maps = checked_with_half_maps(density, half_maps)
    _require_valid(claimed)
    progress = labeled(progress, Path(model).stem)
    progress(0.0, "loading the model")
    network = load(model, device)
    masked = None if mask is None else given_mask(mask, density)
    return analyze(density, half_maps, network, progress, masked).judged(claimed)


def _require_valid(claimed: float | None) -> None:
    if claimed is not None and not (np.isfinite(claimed) and claimed > 0):
        raise MapContentError(
            f"a claimed resolution of {claimed:g} Å is not valid; give a number above 0."
        )
