"""Measurements of a map, made once for the checks of its density and the global prediction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import threads
from ..density import Density
from ..features.outliers import above_solvent, clip, outlier_limit, sample_of
from ..features.spectra import Spectra, measure_spectra
from ..progress import beat
from .shape import Shape, measure_shape
from .values import Contrast, Cuts, measure_contrast, measure_cuts


@dataclass(frozen=True, eq=False)
class Measurements:
    """Measurements of a map.

    Attributes
    ----------
    empty : whether nothing is left once outliers are clipped
    lowest : deepest density below the solvent level, in units of the molecule's height: 0 or less
    faint : number of voxels 1e-5 to 1e-3 of the height above the solvent, over those 1e-3 to 0.1 of
        it. Tails of Gaussians fill all decades alike, noise a hundred times less
    cuts : where values are missing
    contrast : how they are distributed
    shape : of the density, on a coarse grid
    spectra : power per shell in the molecule and in the solvent
    """

    empty: bool
    lowest: float
    faint: float
    cuts: Cuts
    contrast: Contrast
    shape: Shape
    spectra: Spectra


def measure_map(density: Density, mask: NDArray[np.bool_]) -> Measurements:
    """Measure a map; ``mask``, bool (z, y, x), marks its molecule."""
    values = above_solvent(density.values)
    contrast = measure_contrast(values, mask, density.spacing)
    sample = sample_of(values)
    height = max(float(np.percentile(np.abs(sample), 99.9)), 1e-30)
    faint, strong = np.histogram(sample / height, bins=[1e-5, 1e-3, 1e-1])[0]
    lowest = min(0.0, float(values.min()) / height)
    limit = outlier_limit(values)
    clip(values, limit)
    flattened = density.with_values(values)
    beat()
    shape, spectra = threads.both(
        lambda: measure_shape(flattened, mask), lambda: measure_spectra(flattened, mask)
    )
    few = float(faint / max(strong, 1))
    cuts = measure_cuts(density.values)
    return Measurements(limit == 0, lowest, few, cuts, contrast, shape, spectra)
