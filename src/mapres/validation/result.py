"""What `validate` returns."""

from __future__ import annotations

from dataclasses import dataclass

from .. import __version__
from .prediction import Interval


@dataclass(frozen=True)
class Validation:
    """The result of `validate` for one map and model.

    Attributes
    ----------
    map : name of the map
    voxel_size : Å along x, y, z
    box : voxels along x, y, z
    resolution_class : ``high`` (< 5 Å), ``medium`` (5-10 Å) or ``low`` (> 10 Å)
    probabilities : of each class, summing to 1
    resolution : Å, the median of the predicted distribution; None from a classifier
    interval : Å, (finer, coarser) ends of the 90% interval; None from a classifier
    claimed : Å, or None where nothing was claimed
    verdict : one of `VERDICTS`, or None where nothing was claimed
    patches : number of patches that were used
    warnings : one sentence each
    model : ``name@first 12 digits of the weights' sha256``
    provider : ONNX Runtime's execution provider that ran the model
    half_map_fsc : Å where the half maps' masked FSC falls below 0.143; None without half maps, or
        where they are faulty
    mask : name of the mask that was given, or None
    half_maps_masked : whether the half maps were masked already, so that their FSC was measured
        inside that mask, too
    notes : how the files were understood, one sentence each
    """

    map: str
    voxel_size: tuple[float, float, float]
    box: tuple[int, ...]
    resolution_class: str
    probabilities: dict[str, float]
    resolution: float | None
    interval: Interval | None
    claimed: float | None
    verdict: str | None
    patches: int
    warnings: tuple[str, ...]
    model: str
    provider: str
    half_map_fsc: float | None = None
    mask: str | None = None
    half_maps_masked: bool = False
    notes: tuple[str, ...] = ()

    @property
    def model_name(self) -> str:
        """The model's name, without the digits of its sha256."""
        return self.model.rpartition("@")[0]

    def as_json(self) -> dict:
        """Return plain types under the keys of ``mapres validate --json``."""
        return {
            "map": self.map,
            "voxel_size_A": [round(size, 5) for size in self.voxel_size],
            "box": list(self.box),
            "class": self.resolution_class,
            "probabilities": {name: round(p, 4) for name, p in self.probabilities.items()},
            "resolution_A": self.resolution and round(self.resolution, 3),
            "interval_A": self.interval and [round(end, 3) for end in self.interval],
            "claimed_A": self.claimed,
            "verdict": self.verdict,
            "mask": self.mask,
            "half_map_fsc_A": self.half_map_fsc and round(self.half_map_fsc, 3),
            "half_maps_masked": self.half_maps_masked,
            "patches": self.patches,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "model": self.model,
            "provider": self.provider,
            "version": __version__,
        }
