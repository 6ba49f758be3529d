"""Warnings: what makes an answer doubtful. One sentence each, in plain words."""

from __future__ import annotations

from ..density import Density
from ..validation.prediction import Prediction

# Ends of the interval a factor 2 apart: the answer is not even a class.
WIDE_INTERVAL = 2.0
# Claims are rounded to a tenth of an Å and voxel sizes are calibrated to about 1%.
NYQUIST_SLACK = 0.98
# The training maps end at 30 Å.
COARSEST = 30.0


def claim_doubts(density: Density, claimed: float | None) -> list[str]:
    """Say why a claim cannot be right whatever the map looks like."""
    nyquist = density.nyquist
    if claimed is None or claimed >= NYQUIST_SLACK * nyquist:
        return []
    return [f"The claim of {claimed:g} Å is finer than two voxels ({nyquist:.2f} Å)."]


def limit_doubts(density: Density, reading: Prediction) -> list[str]:
    """Say where the answer is at the limit of the map or of the model."""
    if reading.resolution is None:
        return [
            "This classifier knows neither the voxel size nor noise: as published it was right for "
            "only 57-60% of published maps, and it has no error bar."
        ]
    doubts = []
    if reading.resolution < 1.1 * density.nyquist:
        doubts.append(
            f"The resolution is at the limit of the voxel size: two voxels are "
            f"{density.nyquist:.2f} Å."
        )
    if reading.resolution < 2.1:
        doubts.append("The model cannot tell resolutions finer than 2 Å apart.")
    return doubts


def uncertainties(reading: Prediction) -> list[str]:
    """Say why the network's interval is no ground for a verdict; nothing where it is."""
    if reading.interval is None:
        return []
    low, high = reading.interval
    found = []
    if high > COARSEST:
        found.append(f"Resolutions beyond {COARSEST:.0f} Å are outside the model's range.")
    if high > WIDE_INTERVAL * low:
        found.append(
            "The answer is uncertain: the ends of the interval differ by more than a factor of 2."
        )
    return found
