"""Local resolution by a network, which predicts a distribution for every cell of a map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import threads
from ..checks.check import Evidence, LocalFilter, run_checks
from ..checks.half_maps import AGREEMENT, fsc_of, half_map_findings
from ..checks.limits import UNLIKE
from ..cliff import low_pass
from ..density import Density
from ..errors import MapContentError, ModelError
from ..features.cells import CellGrid, Cells, bands_of, measure_cells
from ..features.distribution import ln_mean, quantiles
from ..features.profile import profile
from ..features.relative import (
    LN_EDGES,
    LN_MIDDLES,
    GlobalFeatures,
    bands_read,
    distribution_at,
    row_of_map,
    rows,
)
from ..features.spectra import Spectra
from ..half_maps import correlate
from ..networks.kinds import LOCAL
from ..networks.registry import Calibration, Model, load
from ..progress import Progress, part_of
from ..validation.pooling import resolution_quantiles
from ..validation.prediction import distance_from_training, predict_distribution
from .filters import filtered_cells
from .method import Interval, Measured, Method, MethodInput
from .voxels import on_grid

# Cells per batch: their rows are 2 MB, and stay in the cache.
BATCH = 2048
# Bands are 15% apart; with fewer there is nothing to compare.
FEWEST_BANDS = 4
# Quantiles of the cells' distributions.
LEVELS = (0.05, 0.5, 0.95)
# Progress after the global prediction, and after the measurement of the cells.
WHOLE, MEASURED = 0.15, 0.9
# The model of the global prediction, as in `validate`.
GLOBAL_MODEL = "default"
MODEL, MODEL_WITH_HALF_MAPS = LOCAL


@dataclass(frozen=True, eq=False)
class LocalPrediction:
    """A network's prediction for every voxel.

    Attributes
    ----------
    values : float32 array, shape (z, y, x), Å, the median, limited to two voxels; 0 outside
    interval : of 90%
    coarsest : Å, the middle of the last bin: the resolution there may be worse
    fsc : Å, of the half maps that the scale was taken from; None if it was predicted
    against : why it was not, where the half maps contradict the map, one sentence each
    local_filter : that was seen in parts of the map
    """

    values: NDArray[np.float32]
    interval: Interval
    coarsest: float
    fsc: float | None
    against: tuple[str, ...]
    local_filter: LocalFilter | None


def predict_local(given: MethodInput, network: Model) -> LocalPrediction:
    """Predict the local resolution of a map; half maps, if given, are measured too.

    Raises
    ------
    MapContentError
        If the map has too few frequency bands.
    ModelError
        If the global model is not the one that the network was trained with.
    """
    density = given.density
    if len(bands_of(density)) < FEWEST_BANDS:
        raise MapContentError(
            f"{density.name} has {density.spacing:.3g} Å voxels in a box of "
            f"{density.spacing * min(density.values.shape):.3g} Å, which the network cannot use; "
            "choose the method monores."
        )
    global_model = load(GLOBAL_MODEL, network.device)
    if network.card.entries["overall_model_sha256"] != global_model.card.sha256:
        raise ModelError(
            f"the model {network.card.name} was trained with another {GLOBAL_MODEL} model; "
            "reinstall MapRes."
        )
    probabilities, curves = predict_global(
        density,
        given.molecule,
        given.measurements.spectra,
        global_model,
        part_of(given.progress, 0.0, WHOLE),
    )
    fsc, against = _agreed_fsc(given, probabilities, global_model)
    if fsc is not None:
        # They know the scale; a single map only suggests it.
        probabilities = distribution_at(fsc)
    levels, grid, ln_resolution, found = _levels(given, network, probabilities, curves)
    pair = given.pair
    ends = pair.curve.power_ends if pair and pair.curve and pair.filtered else None
    if fsc is not None and ends is not None:
        # Nothing finer was left to correlate.
        _raise(levels, np.float32(np.log(ends)))
    box, (low, middle, high) = on_grid(levels, grid, given)
    # Unlike those of `np.zeros`, its pages are huge.
    values = np.full(density.values.shape, np.float32(0))
    values[box] = middle
    coarsest = float(np.exp(LN_MIDDLES[-1] + ln_resolution))
    return LocalPrediction(values, Interval(box, low, high), coarsest, fsc, against, found)


def _raise(levels: NDArray[np.float32], least: NDArray[np.float32] | np.float32) -> None:
    """Raise ln Å of the `LEVELS` to a filter, in place; how far the coarser end is away stays."""
    width = levels[2] - levels[1]
    np.maximum(levels, least, out=levels)
    np.maximum(levels[2], levels[1] + width, out=levels[2])


def _agreed_fsc(
    given: MethodInput, probabilities: NDArray, global_model: Model
) -> tuple[float | None, tuple[str, ...]]:
    """Return the half-map FSC (Å), None without a usable one, and what contradicts it."""
    if given.half_maps is None:
        return None, ()
    low, middle, high = resolution_quantiles(probabilities, given.density.nyquist)
    evidence = Evidence(
        given.density,
        measurements=given.measurements,
        resolution=middle,
        interval=(low, high),
        unlike=distance_from_training(given.measurements.spectra, global_model),
        half_maps=given.pair,
    )
    findings = half_map_findings(evidence)
    against = tuple(finding.text for finding in findings if finding.check in AGREEMENT)
    return fsc_of(evidence, findings), against


def _levels(
    given: MethodInput, network: Model, probabilities: NDArray, curves: NDArray
) -> tuple[NDArray[np.float32], CellGrid, float, LocalFilter | None]:
    """Return ln Å of the `LEVELS` of every cell, where cells are, ln Å of the map, and its filter.

    The cells' features, 0.5 GB of a map of 512³ voxels, are given back before anything else.

    Parameters
    ----------
    given : the map
    network : that predicts
    probabilities, curves : of the whole map, see `predict_global`
    """
    molecule, progress = given.molecule, given.progress
    pair = given.pair
    cells = measure_cells(
        given.density,
        molecule,
        given.half_maps,
        part=given.inside,
        bands=bands_read(ln_mean(probabilities)),
        power_ends=pair.curve.power_ends if pair and pair.curve else None,
        progress=part_of(progress, WHOLE, MEASURED),
    )
    global_features = GlobalFeatures(probabilities, curves, cells.means, cells.edge)
    levels = _quantiles(cells, global_features, network, part_of(progress, MEASURED, 1.0))
    filtered = filtered_cells(cells, low_pass(given.measurements.spectra))
    if filtered is not None:
        _raise(levels, filtered.edges)
    found = None if filtered is None else filtered.found
    return levels, cells.grid, global_features.ln_resolution, found


def predict_global(
    density: Density,
    molecule: NDArray[np.bool_],
    spectra: Spectra,
    network: Model,
    progress: Progress,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the distribution over resolution and the profile of a map as a whole.

    Both are fields of `mapres.features.relative.GlobalFeatures`.

    Parameters
    ----------
    density : the map
    molecule : bool array, shape (z, y, x)
    spectra : of the two
    network : the model `GLOBAL_MODEL`
    progress : called with (fraction, message)
    """
    pooled, _ = predict_distribution(density, molecule, spectra, network, progress)
    return pooled.astype(np.float32), profile(spectra)


def _quantiles(
    cells: Cells, global_features: GlobalFeatures, network: Model, progress: Progress
) -> NDArray[np.float32]:
    """Return ln Å of the `LEVELS` of every cell, shape (LEVELS, n)."""
    out = np.empty((len(LEVELS), len(cells.grid.places)), dtype=np.float32)
    middle = global_features.ln_resolution
    of_map = row_of_map(global_features, middle)

    def predict(cells_of: range) -> None:
        part = slice(cells_of.start, cells_of.stop)
        given = rows(cells.features[part], cells.fractions[part], middle, cells.bands)
        probabilities = calibrated(network.predict(given, of_map), network.calibration)
        out[:, part] = quantiles(probabilities, LEVELS, LN_EDGES).T

    batches = threads.slabs(len(cells.grid.places), BATCH)
    threads.run_each(
        predict, batches, lambda done: progress(done / len(batches), "predicting cells")
    )
    return out + np.float32(middle)


def calibrated(probabilities: NDArray, calibration: Calibration) -> NDArray[np.float32]:
    """Sharpen distributions, shape (..., bins), and mix a floor into them."""
    # In float32 a logarithm and an exponential take 40% of the time of a power.
    power = np.log(np.asarray(probabilities, np.float32) + np.float32(1e-9))
    power *= np.float32(calibration.sharpness)
    np.exp(power, out=power)
    power *= np.float32(1 - calibration.floor) / power.sum(axis=-1, keepdims=True)
    power += np.float32(calibration.floor / power.shape[-1])
    return power


def _run(given: MethodInput) -> Measured:
    halves, pair = given.half_maps, given.pair
    name = MODEL if halves is None else MODEL_WITH_HALF_MAPS
    # 0.3 s, while the map is measured.
    loaded = threads.started(lambda: [load(each, given.device) for each in (name, GLOBAL_MODEL)])
    identical = pair is not None and pair.identical
    if halves is not None and (identical or not correlate(halves, given.molecule)):
        raise MapContentError(
            "the half maps are the same map, or do not correlate inside the molecule; check them."
        )
    _ = given.measurements
    network, global_model = loaded()
    prediction = predict_local(given, network)
    unlike = distance_from_training(given.measurements.spectra, global_model)
    findings = run_checks((UNLIKE,), Evidence(given.density, unlike=unlike))
    beyond = prediction.values > prediction.coarsest
    return Measured(
        prediction.values,
        beyond if beyond.any() else None,
        notes=(f"Predicted by the network {network.label}{_scale(prediction.fsc)}.",),
        warnings=(*network.notes, *(finding.text for finding in findings), *prediction.against),
        interval_in_box=prediction.interval,
        local_filter=prediction.local_filter,
        model=network.label,
        provider=network.provider,
    )


def _scale(fsc: float | None) -> str:
    return "" if fsc is None else f", relative to the half-map FSC resolution of {fsc:.2f} Å"


METHOD = Method(
    name="mapres",
    label="MapRes",
    summary="One map; more reliable with half maps. Gives its uncertainty.",
    run=_run,
    has_interval=True,
    models=(MODEL, MODEL_WITH_HALF_MAPS),
)
