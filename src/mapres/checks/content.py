"""Warnings that need no network: what the density itself shows to be wrong with a map.

Thresholds were set on 400 simulated maps of the validation split and on noise and bodies made by
hand, wide of what ordinary maps show; `python -m training warnings` counts on the test split how
often each warning is given rightly and wrongly.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..features.spectra import Spectra
from .measurements import Measurements
from .shape import Shape

INVERTED = (
    "The contrast is inverted, the molecule darker than the solvent; "
    "ChimeraX's `volume scale` with `factor -1` turns it round."
)
EMPTY = "This is no molecule: only a few voxels differ from the rest."
GRADIENT = (
    "This is no molecule: the density changes steadily from one side of the box to the other."
)
NOISE = "This is no molecule, or none that can be seen: nothing stands out of the noise."
FEATURELESS = (
    "This is no molecule: what stands out is a smooth body without features, such as a mask."
)
OPEN = "Density leaves the box through all six faces, as in a crystal: no solvent surrounds it."
CALCULATED = (
    "The map has no noise and looks calculated from a model: nominal resolutions of such maps are "
    "not FSC resolutions."
)
QUIET = (
    "The solvent is much quieter than the molecule (softly masked, locally filtered or denoised): "
    "noise outside the molecule was not seen."
)
# What is read off such a map is no ground for a verdict.
WITHOUT_GROUND = frozenset({INVERTED, EMPTY, GRADIENT, NOISE, FEATURELESS, OPEN})

# Noise stays within 2 and 0.9, whatever its mask; five of 300 simulated maps do, all of them
# sharpened until noise drowns the molecule.
NOISE_COUPLING, NOISE_SKEWNESS = 2.0, 0.8
# Simulated maps explain at most 0.18 by a slope, 0.96 by shells, and vary by at least 0.052.
STEADY, ROUND, EVEN = 0.5, 0.97, 0.04
# Noise couples down to -1.9, simulated maps to -0.5; what fills the box may couple either way, but
# is not skewed.
INVERTED_COUPLING, INVERTED_SKEWNESS = -2.5, -0.5
# Of a whole box another warning says that density fills it. One of 300 simulated maps, cut out of
# a molecule larger than the box, reaches as much as 1% of all six faces; crystals 15 to 40%.
OPEN_FACE = 0.15
# Of 100 noise-free maps 98 and 81 lie above; maps cut off at 0, masked and interpolated are as high
# and reach 0.42.
DEEPEST_CALCULATED, FAINTEST_CALCULATED = -0.01, 0.45
# In their quietest shell simulated maps show up to 4 times the power of the solvent, and 17 times
# where binning cut the noise off; a filter at twice the resolution may leave 130 times.
QUIET_CONTRAST = 150.0
# A filter takes the power below 1/90 of the trend within a fifth of its frequency; of simulated
# maps without one the steepest, by B factor and the fold's own spectrum, come to 1/58.
CLIFF = 4.5
TREND, FAR = (0.5, 0.85), 1.2
# Half the amplitude, a quarter of the power: what is called a filter's resolution.
HALF = float(np.log(4))
# A claim is rounded, and the place of a filter is known to 5%.
COARSER = 1.1
# By the fold's own spectrum three in four weighted, fully sharpened maps rise up to 2.3-fold.
RISE = float(np.log(4))


def content_doubts(measurements: Measurements, claimed: float | None = None) -> list[str]:
    """Say what the density itself shows to be wrong with a map.

    Parameters
    ----------
    measurements : what was measured of the map, of at least 16 voxels along each axis
    claimed : Å, what the map's authors say

    Returns
    -------
    One sentence each. Where it is no molecule, or an inverted one, nothing else is said.
    """
    for doubts in (_no_molecule(measurements), _inverted(measurements.shape)):
        if doubts:
            return doubts
    opened = [OPEN] if OPEN_FACE < measurements.shape.open_face < 1 else []
    if measurements.lowest > DEEPEST_CALCULATED and measurements.faint > FAINTEST_CALCULATED:
        return [*opened, CALCULATED]
    return [
        *opened,
        *_low_passed(measurements.spectra, claimed),
        *_sharpened(measurements.spectra),
        *([QUIET] if measurements.spectra.contrast > QUIET_CONTRAST else []),
    ]


def forbid_verdict(warnings: Iterable[str]) -> bool:
    """Return whether what was read off a map with these warnings is no ground for a verdict."""
    return not WITHOUT_GROUND.isdisjoint(warnings)


def _no_molecule(measurements: Measurements) -> list[str]:
    shape = measurements.shape
    if measurements.empty:
        return [EMPTY]
    if shape.slope > STEADY:
        return [GRADIENT]
    if max(map(abs, shape.coupling)) < NOISE_COUPLING and abs(shape.skewness) < NOISE_SKEWNESS:
        return [NOISE]
    return [FEATURELESS] if shape.roundness > ROUND or shape.unevenness < EVEN else []


def _inverted(shape: Shape) -> list[str]:
    dark = shape.coupling[0] < INVERTED_COUPLING and shape.skewness < INVERTED_SKEWNESS
    return [INVERTED] if dark else []


def _low_passed(spectra: Spectra, claimed: float | None) -> list[str]:
    if claimed is None:
        return []
    found = low_pass(spectra)
    if found is None or found < COARSER * claimed:
        return []
    return [
        f"The map was low-pass filtered at about {found:.1f} Å, coarser than the claim of "
        f"{claimed:g} Å."
    ]


def low_pass(spectra: Spectra) -> float | None:
    """Return where a filter halves the amplitudes (Å), None where the power falls off no cliff.

    Below each frequency a line is fitted to ln power over s² (a B factor); the cliff is where the
    power a fifth further on lies furthest below it.
    """
    frequency, power = spectra.frequency, spectra.whole
    deepest, found = CLIFF, None
    for place in frequency:
        below = (frequency >= TREND[0] * place) & (frequency <= TREND[1] * place)
        if frequency[0] > TREND[0] * place or frequency[-1] < FAR * place:
            continue
        missing = _trend(frequency**2, power, below) - power
        far = int(np.searchsorted(frequency, FAR * place))
        if missing[far] > deepest:
            edge = int(np.flatnonzero(missing[:far] <= HALF)[-1])
            deepest, found = float(missing[far]), float(1 / frequency[edge])
    return found


def _trend(x: NDArray, y: NDArray, fitted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the line fitted to some points, at all of them; it never rises."""
    a, b = x[fitted] - x[fitted].mean(), y[fitted]
    slope = min(0.0, float(a @ b / (a @ a)))
    return b.mean() + slope * (x - x[fitted].mean())


def _sharpened(spectra: Spectra) -> list[str]:
    found = risen_power(spectra)
    if found is None:
        return []
    factor, resolution = found
    return [
        f"The map is sharpened too far: inside the molecule the power rises {factor:.0f}-fold "
        f"toward {resolution:.1f} Å, where noise rises with it."
    ]


def risen_power(spectra: Spectra) -> tuple[float, float] | None:
    """Return by what factor and up to where (Å) the power rises with frequency, None if it falls.

    Hollow particles make it swing at low frequencies, but not last.
    """
    frequency = spectra.frequency
    if frequency.size == 0:
        return None
    power = ndimage.uniform_filter1d(spectra.molecule, 5, mode="nearest")
    rise = power - np.minimum.accumulate(power)
    top = int(np.argmax(rise))
    octave = power[(frequency >= 0.5 * frequency[top]) & (frequency <= 0.8 * frequency[top])]
    lasting = octave.size and octave.mean() < power[top] - 0.5 * RISE
    if rise[top] < RISE or not lasting:
        return None
    return float(np.exp(rise[top])), float(1 / frequency[top])
