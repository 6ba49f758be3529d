"""Measurements of two half maps, for the checks of half maps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..density import Density
from ..fsc import ShellCorrelation, fourier_shell_correlation
from ..half_maps import HalfMaps, mask_freedom, same_map
from ..halves.curves import mask_correlation, range_in_masks, rises_to, runs_to
from ..halves.mask_noise import follows, mask_noise
from ..halves.masking import fraction_quiet, quiet_blocks, within
from ..halves.orientation import other_orientation
from ..halves.registration import Registration, registration
from ..halves.solvent import solvent_correlation

# Fraction of the inscribed ellipsoid without noise from which on half maps count as masked: spheres
# down to 0.88 of the box do not.
MASKED = 0.2
# Of the mask of the FSC: with less cut off, what is left is the molecule still.
MUCH_CUT = 0.15
# Of the box: a smaller mask gives no FSC.
FEWEST_VOXELS = 27
# A filter limits the FSC where it crosses 0.143 no more than this before the filter.
LIMITED = 1.02

UNMOVED = Registration()


@dataclass(frozen=True, eq=False)
class HalfMapMeasurements:
    """What was measured of two half maps.

    Attributes
    ----------
    names : of the two
    identical : whether they are equal up to rounding, a factor and an offset
    registration : shift and sign of the second relative to the first
    agreement : correlation of their mean with the map inside the molecule; None if they are
        identical, shifted, turned or of opposite sign, or there is no map
    orientation : how the second is mirrored or turned, in words; None if it is not
    masked : whether a mask was laid on both
    cut : fraction of the molecule's mask that this mask cuts off, or that is too near to its edge
    solvent : correlation in the solvent; None where there is too little
    mask_noise : correlation of a given mask with the noise; None of others
    curve : their FSC, in the mask where there is one; None if they are identical, shifted, turned
        or of opposite sign
    mask_volumes : of the narrowest and widest masks of laboratories, over that of the FSC's; 1
        where that was given
    """

    names: tuple[str, str]
    identical: bool
    registration: Registration = UNMOVED
    agreement: float | None = None
    orientation: str | None = None
    masked: bool = False
    cut: float = 0.0
    solvent: float | None = None
    mask_noise: float | None = None
    curve: ShellCorrelation | None = None
    mask_volumes: tuple[float, float] = (1.0, 1.0)

    @property
    def masked_tightly(self) -> bool:
        """Whether they are masked so tightly that their FSC cannot be corrected for it."""
        return self.masked and self.cut > MUCH_CUT

    @property
    def fsc(self) -> float | None:
        """Å where their FSC falls below 0.143; None if it is never above."""
        return None if self.curve is None else self.curve.resolution["0.143"]

    @property
    def filtered(self) -> float | None:
        """Å where a filter of the half maps halves amplitudes that limits their FSC, or None.

        A soft one limits it only where its power ends, see `mapres.halves.power.PowerEnd`.
        """
        curve = self.curve
        if curve is None or curve.power_ends is None or not self.fsc:
            return None
        return curve.low_pass if self.fsc <= LIMITED * curve.power_ends else None

    @property
    def rises_to(self) -> float | None:
        """Å up to which their FSC is above 0.143 again after it was below; None if it is not."""
        return None if self.curve is None else rises_to(self.curve)

    @property
    def runs_to(self) -> float | None:
        """Å up to which their FSC stays near 0.143 beyond its crossing; None if it falls on."""
        return None if self.curve is None or self.rises_to else runs_to(self.curve)

    @property
    def undecided_to(self) -> float | None:
        """Å up to which their FSC is above 0.143 again, or near it; None if it is neither."""
        return self.rises_to or self.runs_to

    @property
    def fsc_range(self) -> tuple[float, float] | None:
        """Å where their FSC falls below 0.143 in the narrowest and widest masks of laboratories.

        None if it is never above; see `mapres.halves.curves.range_in_masks`.
        """
        if self.curve is None or self.fsc is None:
            return None
        finest, coarsest = range_in_masks(self.curve, self.mask_volumes)
        return finest or self.fsc, coarsest or self.fsc

    @property
    def mask_correlation(self) -> float | None:
        """The FSC that the mask alone makes, see `mapres.halves.curves.mask_correlation`."""
        return None if self.curve is None else mask_correlation(self.curve)


def measure_half_maps(
    half_maps: HalfMaps,
    molecule: NDArray[np.bool_] | None = None,
    density: Density | None = None,
    mask: NDArray[np.float32] | None = None,
    *,
    given_mask: bool = False,
) -> HalfMapMeasurements:
    """Measure two half maps on one grid.

    Parameters
    ----------
    half_maps : the two
    molecule : bool array, shape (z, y, x); None if unknown
    density : their map, on the same grid, or None
    mask : array, shape (z, y, x), of their FSC; None for that of the whole box. Of masked half maps
        only that part is used, and corrected for, which lies well inside their own mask
    given_mask : whether the mask comes from elsewhere, so that it must be measured, too
    """
    first, second = (half.values for half in half_maps)
    names = half_maps[0].name, half_maps[1].name
    if same_map(first, second):
        return HalfMapMeasurements(names, True)
    noise = mask_noise(first, second, mask) if given_mask and mask is not None else None
    # Where a mask picked their noise, independent half maps look like opposites.
    known = molecule is not None and not follows(noise)
    inside = molecule if known and molecule is not None else np.ones(first.shape, dtype=bool)
    orientation = other_orientation(first, second)
    placement = UNMOVED if orientation else registration(first, second, inside)
    found = HalfMapMeasurements(names, False, placement, orientation=orientation)
    if orientation or placement != UNMOVED:
        return found
    volumes = 1.0, 1.0
    if molecule is not None and mask is not None and not given_mask:
        volumes = mask_freedom(molecule, half_maps[0].spacing)
    quiet, cut = quiet_blocks(first, second), 0.0
    masked = quiet is not None and fraction_quiet(first, second, quiet) > MASKED
    if masked and quiet is not None:
        mask, cut = _inside_both(mask, molecule, within(first, second, quiet))
    curve = fourier_shell_correlation(first, second, half_maps[0].voxel_size, mask)
    solvent = None
    if molecule is not None:
        spacing, crossing = half_maps[0].spacing, curve.resolution["0.143"]
        solvent = solvent_correlation(
            first, second, molecule, spacing, quiet, curve.power_ends, crossing
        )
    agreement = _agreement(half_maps, inside, density)
    return replace(
        found,
        agreement=agreement,
        masked=masked,
        cut=cut,
        solvent=solvent,
        mask_noise=noise,
        curve=curve,
        mask_volumes=volumes,
    )


def _inside_both(
    mask: NDArray[np.float32] | None,
    molecule: NDArray[np.bool_] | None,
    inner: NDArray[np.float32],
) -> tuple[NDArray[np.float32] | None, float]:
    """Return the part of a mask inside that of the half maps, and how much of it that leaves out.

    If that leaves nothing, the mask stays as it is.
    """
    wanted = molecule if mask is None else mask
    both = inner if mask is None else mask * inner
    cut = 0.0
    if wanted is not None:
        left = float(np.sum(wanted * inner, dtype=np.float64))
        cut = 1 - left / max(float(np.sum(wanted, dtype=np.float64)), 1e-30)
    return (both, cut) if float(both.sum(dtype=np.float64)) > FEWEST_VOXELS else (mask, 1.0)


def _agreement(
    half_maps: HalfMaps, inside: NDArray[np.bool_], density: Density | None
) -> float | None:
    """Return the correlation of the half maps' mean with their map."""
    if density is None:
        return None
    first, second = (half.values for half in half_maps)
    mean = first[inside] / first.std() + second[inside] / second.std()
    return float(np.corrcoef(mean, density.values[inside])[0, 1])
