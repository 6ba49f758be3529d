"""MonoRes: local resolution from the monogenic amplitude (Vilas et al. 2018).

A voxel is resolved to r if the local amplitude of the map, high-pass filtered at r, exceeds 95% of
the amplitudes of noise. Written from the equations of Vilas et al., Structure 26 (2018)
337-344, and equal to the original program's output (benchmarks/README.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ...density import require_shape, require_sweep
from ...errors import MapContentError
from ...fourier import forward
from ...half_maps import mean_and_difference
from ...progress import Progress, silent
from ..method import MANY, Measured, Method, MethodInput, Option
from .amplitudes import Amplitudes, Distribution, quantile
from .monogenic import Monogenic
from .noise import noise_sphere, require_noise

# Widths of the two Gaussian smoothings, voxels: of the unfiltered amplitude, of the result.
AMPLITUDE_SIGMA = 4 / np.sqrt(2)
RESULT_SIGMA = 3 / np.sqrt(2)
# The sweep ends below these fractions of voxels still resolved, or of the highest amplitude.
FEWEST_VOXELS = 0.025
LOWEST_AMPLITUDE = 0.001
# Smoothing lowers the result slightly below the resolution that was tried.
AT_COARSEST = 0.9


def monores(
    values: NDArray,
    voxel_size: float,
    mask: NDArray,
    *,
    half_maps: tuple[NDArray, NDArray] | None = None,
    max_res: float = 20.0,
    step: float = 0.5,
    significance: float = 0.95,
    finest: float = 0.0,
    progress: Progress = silent,
) -> NDArray[np.float32]:
    """Measure the resolution at each voxel of a mask.

    Parameters
    ----------
    values : array, shape (z, y, x); not used where half maps are given
    voxel_size : Å
    mask : array, shape (z, y, x), inside where > 0.5
    half_maps : two arrays, shape (z, y, x): their mean is the signal, half their difference the
        noise; without them the noise is what lies outside the mask
    max_res, step : Å, where the sweep starts and by how much it goes down; it ends at 2 voxels
    significance : of the tests, 0.95 as in the paper
    finest : Å, where the sweep ends before 2 voxels: where a filter ends the power of half maps,
        there is no noise to compare with beyond
    progress : called as ``progress(fraction, message)`` before each resolution

    Returns
    -------
    float32 array, shape (z, y, x)
        Å; 0 outside the mask, and where even the unfiltered map is indistinguishable from noise.

    Raises
    ------
    GridMismatchError
        If the mask or a half map has another shape.
    MapContentError
        If there is no noise to compare with, nothing stands out from it, or the sweep is empty.
    Cancelled
        If ``progress`` raises it.
    """
    frequencies = _frequencies(max(np.shape(values)), voxel_size, max_res, step, finest)
    signal, noise = np.asarray(values, dtype=np.float32), None
    if half_maps is not None:
        signal, noise = mean_and_difference(*half_maps)
    inside = np.asarray(mask) > 0.5
    require_shape(inside.shape, signal.shape, "the mask and the map")
    source = signal if noise is None else noise
    within = noise_sphere(source, inside)
    solvent = within & ~inside
    require_noise(signal, source, inside, solvent)
    nz, ny, nx = signal.shape
    monogenic = Monogenic((nz, ny, nx))
    transforms = [forward(part) for part in (signal, noise) if part is not None]
    # The rest needs the transforms only; of half maps these are an eighth of the memory.
    del signal, noise, source
    strong = inside & within & _strong(monogenic, transforms[0], solvent, significance)
    _require_signal(strong, inside, 1 - significance)
    # Without half maps, in-mask voxels that turned out to be weak count as solvent.
    region = within & ~strong if half_maps is None else within
    del inside, within, solvent
    u0s, resolutions = map(list, zip(*frequencies, strict=True))
    amplitudes = Amplitudes(monogenic, transforms, region, u0s, significance)
    resolution, last = _sweep(amplitudes, strong, resolutions, progress)
    del amplitudes, transforms
    return _smoothed(monogenic, resolution, last, max(finest, 2 * voxel_size))


def _frequencies(
    edge: int, voxel_size: float, max_res: float, step: float, finest: float
) -> list[tuple[float, float]]:
    """Return the sweep, coarse to fine: (digital frequency, a multiple of 1/edge; resolution in Å).

    The original stores the voxel size in float32, which decides ties: with 100 voxels of 3.54 Å, 12
    Å is just below 29.5 / 100, and rounding it up changes a fifth of the result, by up to 4.8 Å.
    """
    require_sweep(max_res, step, voxel_size)
    size = float(np.float32(voxel_size))
    targets = np.arange(max_res, size, -step)
    numbers = np.floor(size / targets * edge + 0.5).astype(int)
    kept = np.unique(numbers[(numbers >= 1) & (2 * numbers <= edge)])
    if kept.size and voxel_size * edge < kept[0] * finest:
        raise MapContentError(
            f"the half maps hold too little beyond {finest:.3g} Å, and max_res is {max_res:g} Å; "
            "raise it, or give unfiltered half maps."
        )
    kept = kept[kept * finest <= voxel_size * edge]
    if kept.size == 0:
        raise MapContentError(f"step is {step:g} Å, which leaves nothing to try; lower it.")
    return [(number / edge, voxel_size * edge / number) for number in kept.tolist()]


def _strong(monogenic, transform, solvent, significance) -> NDArray[np.bool_]:
    """Return where the unfiltered, smoothed amplitude exceeds that of the solvent."""
    monogenic.start(transform)
    amplitude = monogenic.smooth(monogenic.unfiltered(), AMPLITUDE_SIGMA)
    return amplitude >= quantile(amplitude[solvent], significance)


def _require_signal(strong, inside, by_chance: float) -> None:
    # In pure noise the test keeps 5% of a mask by definition; twice that is not a molecule.
    fraction = strong.sum() / inside.sum()
    if fraction <= 2 * by_chance:
        raise MapContentError(
            f"only {fraction:.0%} of the mask stands out from the noise, hardly more than by "
            "chance; check that the mask covers the molecule."
        )


def _sweep(
    amplitudes: Amplitudes,
    strong: NDArray[np.bool_],
    resolutions: list[float],
    progress: Progress,
) -> tuple[NDArray[np.float32], float]:
    """Return the resolution of the ``strong`` voxels and the finest one tried, Å."""
    resolution = np.zeros(strong.shape, dtype=np.float32)
    values, voxels = resolution.ravel(), np.flatnonzero(strong)
    failures, initial, highest = np.zeros(voxels.size, dtype=np.uint8), voxels.size, 0.0
    for number, finest in enumerate(resolutions):
        progress(number / len(resolutions), f"MonoRes at {finest:.1f} Å")
        if voxels.size < FEWEST_VOXELS * initial:
            break
        signal, noise = amplitudes.at(number, voxels)
        highest = max(highest, signal.mean())
        if signal.mean() < LOWEST_AMPLITUDE * highest:
            break
        resolved = signal > noise.quantile
        values[voxels[resolved]] = finest
        failures = np.where(resolved, 0, failures + 1)
        # Two failures in a row: back to the last resolution before them.
        leaving = failures == 2
        values[voxels[leaving]] = resolutions[max(number - 2, 0)]
        voxels, failures = voxels[~leaving], failures[~leaving]
        significant = _z_score(signal, noise) >= ndtri(amplitudes.significance)
        if not significant:
            break
    if number == 0 and not (significant and values.any()):
        raise MapContentError(
            f"the molecule does not stand out from the noise at {finest:.3g} Å, the coarsest "
            "resolution tried; raise max_res or check the mask."
        )
    return resolution, finest


def _z_score(signal: NDArray, noise: Distribution) -> float:
    """Return the difference of the means over its standard error."""
    error = signal.var(dtype=np.float64) / signal.size + noise.variance / noise.size
    return float((signal.mean(dtype=np.float64) - noise.mean) / np.sqrt(error))


def _smoothed(
    monogenic: Monogenic, resolution: NDArray[np.float32], finest: float, floor: float
) -> NDArray[np.float32]:
    """Smooth the result where that makes it finer, but not finer than ``floor`` (2 voxels), Å."""
    # 0.001 Å: resolutions are compared as 32-bit numbers.
    measured = resolution > finest - 1e-3
    filled = np.where(measured, resolution, np.median(resolution[measured]))
    smooth = monogenic.smooth(filled, RESULT_SIGMA)
    return np.where((smooth <= resolution) & (smooth >= floor), smooth, resolution)


def _run(given: MethodInput, *, max_res: float, step: float) -> Measured:
    curve = given.pair.curve if given.pair else None
    values = monores(
        given.density.values,
        given.density.spacing,
        given.inside,
        half_maps=given.half_map_values,
        max_res=max_res,
        step=step,
        finest=(curve.power_ends or 0.0) if curve else 0.0,
        progress=given.progress,
    )
    # MonoRes starts at the coarsest resolution, so results there are valid.
    stuck = float(np.mean(values[values > 0] > AT_COARSEST * max_res))
    warning = (
        f"{stuck:.0%} of the voxels are near the coarsest resolution tried, {max_res:.3g} Å, and "
        "may be worse; repeat with a larger max_res."
    )
    return Measured(values, warnings=(warning,) if stuck > MANY else ())


METHOD = Method(
    name="monores",
    label="MonoRes",
    summary="One map with solvent noise, or half maps.",
    run=_run,
    options=(
        Option("max_res", "Å", "coarsest resolution to try", 20.0),
        Option("step", "Å", "distance between two resolutions tried", 0.5),
    ),
)
