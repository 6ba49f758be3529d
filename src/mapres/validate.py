"""Global validation: class, resolution in Å with an interval, and a verdict on a claimed value."""

from __future__ import annotations

from dataclasses import dataclass

from . import __version__
from .density import Density, Progress, silent

CLASSES = ("high", "medium", "low")
CLASS_LIMITS = (5.0, 10.0)
VERDICTS = ("consistent", "optimistic", "pessimistic", "cannot tell")


@dataclass(frozen=True)
class Validation:
    """What one map says of its own resolution.

    Attributes
    ----------
    map : name of the map
    voxel_size : Å along x, y, z
    box : voxels along x, y, z
    resolution_class : ``high`` (< 5 Å), ``medium`` (5-10 Å) or ``low`` (> 10 Å)
    probabilities : of each class, summing to 1
    resolution : Å, the median of the predicted distribution
    interval : Å, (finer, coarser) ends of the 90 % interval
    claimed : Å, or None where nothing was claimed
    verdict : one of `VERDICTS`, or None where nothing was claimed
    patches : how many patches of the map were read
    warnings : one sentence each
    model : ``name@first 12 digits of the weights' sha256``
    half_map_fsc : Å where the half maps' masked FSC falls below 0.143, or None
    """

    map: str
    voxel_size: tuple[float, float, float]
    box: tuple[int, int, int]
    resolution_class: str
    probabilities: dict[str, float]
    resolution: float
    interval: tuple[float, float]
    claimed: float | None
    verdict: str | None
    patches: int
    warnings: tuple[str, ...]
    model: str
    half_map_fsc: float | None = None

    def as_json(self) -> dict:
        """Return plain types under the keys of ``mapres validate --json``."""
        return {
            "map": self.map,
            "voxel_size_A": [round(size, 5) for size in self.voxel_size],
            "box": list(self.box),
            "class": self.resolution_class,
            "probabilities": {name: round(p, 4) for name, p in self.probabilities.items()},
            "resolution_A": round(self.resolution, 3),
            "interval_A": [round(end, 3) for end in self.interval],
            "claimed_A": self.claimed,
            "verdict": self.verdict,
            "half_map_fsc_A": self.half_map_fsc and round(self.half_map_fsc, 3),
            "patches": self.patches,
            "warnings": list(self.warnings),
            "model": self.model,
            "version": __version__,
        }


def validate(
    density: Density,
    *,
    claimed: float | None = None,
    half_maps: tuple[Density, Density] | None = None,
    model: str = "default",
    progress: Progress = silent,
) -> Validation:
    """Estimate the resolution of a map from the map alone, and judge a claimed value."""
    raise NotImplementedError
