"""ResMap: local resolution by a likelihood-ratio test (Kucukelbir et al. 2014).

A voxel is resolved to the finest wavelength at which a local sinusoid explains the map around it
better than a constant does, by more than noise would by chance. Written from the equations of
Kucukelbir, Sigworth and Tagare, Nature Methods 11 (2014) 63-65.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...density import require_shape, require_sweep
from ...errors import MapContentError
from ...fourier import inverse
from ...half_maps import mean_and_difference
from ...progress import Progress, silent
from ..method import MANY, Measured, Method, MethodInput, Option
from .noise import FLATNESS, background_blocks
from .steerable import chance, likelihood_ratio, orthonormal_kernels, window_radius
from .whitening import soft_region, whiten

# Default of the coarsest wavelength, voxels, as in the original.
COARSEST = 4.0
# Noise continues within 4 voxels of the mask; if a hard mask cut the half maps there, none of its
# spread is left, with an edge softened over 3 voxels 16%. Whitening turns the hard cut of filtered
# maps into a ring of false structure (22% of a ball of 20 voxels' radius), but not the soft one.
RIM, RIM_FRACTION = 4, 0.05


@dataclass(frozen=True, eq=False)
class Resolved:
    """Resolution at the voxels of a mask.

    Attributes
    ----------
    values : float32 array, shape (z, y, x), Å; NaN outside the mask and beyond the range
    beyond : bool array, shape (z, y, x), in-mask voxels that no wavelength tried resolves: they are
        coarser than the last
    wavelengths : those tried, Å, fine to coarse
    """

    values: NDArray[np.float32]
    beyond: NDArray[np.bool_]
    wavelengths: tuple[float, ...]


def resmap(
    values: NDArray,
    voxel_size: float,
    mask: NDArray,
    *,
    half_maps: tuple[NDArray, NDArray] | None = None,
    max_res: float | None = None,
    step: float = 1.0,
    false_discovery_rate: float = 0.05,
    progress: Progress = silent,
) -> Resolved:
    """Measure the resolution at each voxel of a mask.

    The noise is whitened first, so that colored noise does not count as structure.

    Parameters
    ----------
    values : array, shape (z, y, x); not used where half maps are given
    voxel_size : Å
    mask : array, shape (z, y, x), inside where > 0.5
    half_maps : two arrays, shape (z, y, x): their mean is the signal, half their difference inside
        the mask the noise; without them the noise is what lies outside the mask
    max_res, step : Å, end of the sweep (4 voxels by default) and its step up from 2 voxels
    false_discovery_rate : of the voxels found resolved at each wavelength, the fraction that may be
        noise, by Benjamini and Yekutieli's procedure; 0.05 as in the paper
    progress : called as ``progress(fraction, message)`` before each wavelength

    Raises
    ------
    GridMismatchError
        If the mask or a half map has another shape.
    MapContentError
        If there is no noise to compare with, the sweep is empty or too coarse for the box, or the
        rate is not between 0 and 1.
    Cancelled
        If ``progress`` raises it.
    """
    if not 0 < false_discovery_rate < 1:
        raise MapContentError(
            f"false_discovery_rate is {false_discovery_rate:g}; give a fraction between 0 and 1, "
            "such as 0.05."
        )
    inside = np.asarray(mask) > 0.5
    shape = np.shape(values) if half_maps is None else np.shape(half_maps[0])
    wavelengths = _wavelengths(min(shape), voxel_size, max_res, step)
    require_shape(inside.shape, shape, "the mask and the map")
    if not inside.any():
        raise MapContentError("the mask is empty; give one that covers the molecule only.")
    white = _whitened(values, half_maps, inside)
    resolution = np.full(shape, np.nan, dtype=np.float32)
    voxels = np.flatnonzero(inside)
    for number, wavelength in enumerate(wavelengths):
        if voxels.size == 0:
            break
        progress(number / len(wavelengths), f"ResMap at {wavelength:.1f} Å")
        length = wavelength / voxel_size
        kernels = orthonormal_kernels(length)
        statistic = likelihood_ratio(white, length, kernels, voxels)
        resolved = _discovered(chance(statistic, kernels), false_discovery_rate)
        resolution.ravel()[voxels[resolved]] = wavelength
        voxels = voxels[~resolved]
    return Resolved(resolution, inside & np.isnan(resolution), wavelengths)


def _wavelengths(
    edge: int, voxel_size: float, max_res: float | None, step: float
) -> tuple[float, ...]:
    """Return the sweep, fine to coarse, Å."""
    finest = 2 * voxel_size
    coarsest = COARSEST * voxel_size if max_res is None else max_res
    require_sweep(coarsest, step, voxel_size)
    if 2 * window_radius(coarsest / voxel_size) + 1 > edge:
        raise MapContentError(
            f"max_res is {coarsest:g} Å, which needs a window wider than the box; give "
            f"{(edge - 2) * voxel_size:.4g} Å or less."
        )
    return tuple(np.arange(finest, coarsest * (1 + 1e-6), step).tolist())


def _whitened(values, half_maps, inside) -> NDArray[np.float32]:
    """Return the signal, with its noise whitened to variance 1."""
    if half_maps is None:
        signal = noise = np.asarray(values, dtype=np.float32)
        region = background_blocks(signal, inside)
        if not region.any():
            raise MapContentError(
                "the solvent is flat (masked or denoised map) or the mask leaves none, and ResMap "
                "needs solvent noise; give half maps, an unmasked map or a tighter mask."
            )
    else:
        signal, noise = mean_and_difference(*half_maps)
        region = inside
        if _no_noise(signal, noise, inside):
            raise MapContentError(
                "the half maps do not differ around the molecule (masked, or the same map twice) "
                "and ResMap needs that noise; give the two unmasked half maps."
            )
    return inverse(whiten(signal, noise, soft_region(region)), signal.shape)


def _no_noise(signal: NDArray, noise: NDArray, inside: NDArray[np.bool_]) -> bool:
    """Return whether the half maps are identical, or masked at the mask's edge."""
    spread = noise[inside].std()
    if not spread > FLATNESS * signal[inside].std():
        return True
    rim = ndimage.maximum_filter(inside, 2 * RIM + 1) & ~inside
    return rim.any() and noise[rim].std() < RIM_FRACTION * spread


def _discovered(probability: NDArray, rate: float) -> NDArray[np.bool_]:
    """Return which tests to reject at a false discovery rate, for any dependence between them.

    Benjamini and Yekutieli, Annals of Statistics 29 (2001) 1165-1188.
    """
    count = probability.size
    ranks = np.arange(1, count + 1)
    ordered = np.sort(probability)
    allowed = np.flatnonzero(ordered <= rate * ranks / (count * np.sum(1 / ranks)))
    if allowed.size == 0:
        return np.zeros(count, dtype=bool)
    return probability <= ordered[allowed[-1]]


def _run(
    given: MethodInput, *, max_res: float | None, step: float, false_discovery_rate: float
) -> Measured:
    result = resmap(
        given.density.values,
        given.density.spacing,
        given.inside,
        half_maps=given.half_map_values,
        max_res=max_res,
        step=step,
        false_discovery_rate=false_discovery_rate,
        progress=given.progress,
    )
    finest, coarsest = result.wavelengths[0], result.wavelengths[-1]
    beyond = float(result.beyond.sum() / given.inside.sum())
    if beyond == 1:
        raise MapContentError(
            f"ResMap finds nothing resolved from {finest:.3g} to {coarsest:.3g} Å; give a larger "
            "max_res."
        )
    warning = (
        f"{beyond:.0%} of the voxels are not resolved at {coarsest:.3g} Å, the coarsest tried, and "
        "are set to it; repeat with a larger max_res."
    )
    return Measured(
        np.where(result.beyond, np.float32(coarsest), np.nan_to_num(result.values)),
        result.beyond,
        notes=(f"Wavelengths from {finest:.3g} to {coarsest:.3g} Å were tried.",),
        warnings=(warning,) if beyond > MANY else (),
        finest=finest,
    )


METHOD = Method(
    name="resmap",
    label="ResMap",
    summary="One map with solvent noise, or half maps. Steps of 1 Å.",
    run=_run,
    options=(
        Option("max_res", "Å", "coarsest resolution to try", None, "4 voxels"),
        Option("step", "Å", "distance between two resolutions tried", 1.0),
        Option("false_discovery_rate", "Q", "false discovery rate allowed", 0.05),
    ),
)
