"""Sets of reconstructions: made once, seed by seed, and read again."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.density import Density
from mapres.errors import MapResError
from mapres.half_maps import HalfMaps
from training.particles import relion
from training.particles.experiment import Experiment, draw_experiment
from training.particles.laboratory import perform
from training.simulate.draw import Example
from training.simulate.examples import drawn_set, drawn_structure, pools, spread
from training.simulate.treatments.treatment import Treatment

# What users open: the mean of the half maps; as refinement leaves it, weighted by 2F/(1+F); and
# RELION's postprocess without and with its mask.
TREATMENTS = ("raw", "refined", "post", "post_masked")
SEED = 20
# Seconds: nothing takes so long.
ABANDONED = 3600


@dataclass(frozen=True, eq=False)
class Reconstructed:
    """A stored reconstruction.

    Attributes
    ----------
    folder : its files
    facts : of its experiment
    """

    folder: Path
    facts: dict

    @property
    def resolution(self) -> float:
        """RELION's half-map FSC 0.143 in its mask, interpolated, Å."""
        return float(self.facts["fsc_resolution"])

    def density(self, name: str) -> Density:
        """Return one of `TREATMENTS`, or another of its maps."""
        size = self.facts["voxel_size"]
        return Density(self.values(name), (size,) * 3, name=f"{self.folder.name} {name}")

    @property
    def half_maps(self) -> HalfMaps:
        """The two half maps."""
        return self.density("half1"), self.density("half2")

    def values(self, name: str) -> NDArray[np.float32]:
        """Return the values of a map, shape (z, y, x)."""
        return relion.load(self.folder / f"{name}.mrc")

    def example(self, treatment: str) -> Example:
        """Return one of `TREATMENTS` with all that is known of it."""
        return Example(
            density=self.density(treatment),
            truth=self.values("truth"),
            mask=self.values("molecule") > 0.5,
            known=self.core,
            resolution=self.resolution,
            structure_id=str(self.facts["structure"]),
            treatment=Treatment(kind=group_of(treatment)),
            half_maps=self.half_maps,
        )

    @property
    def core(self) -> NDArray[np.bool_]:
        """Where the truth is known: the molecule and 3 Å around it, shape (z, y, x)."""
        return self.values("core") > 0.5


def group_of(treatment: str) -> str:
    """Return what reconstructions that were treated so are called beside simulated maps."""
    return f"reconstructed, {treatment}"


def stored(folder: Path) -> list[Reconstructed]:
    """Return the reconstructions in a folder, but for those whose FSC is never above 0.143.

    Raises
    ------
    FileNotFoundError
        If there are none.
    """
    paths = sorted(folder.glob("[0-9]*/facts.json"))
    found = [Reconstructed(path.parent, json.loads(path.read_text())) for path in paths]
    found = [each for each in found if each.facts["fsc_resolution"] is not None]
    if not found:
        raise FileNotFoundError(
            f"no reconstructions in {folder}; run the subcommand reconstructions first."
        )
    return found


def make(data: Path, split: str, folder: Path, seeds: range, processes: int = 1) -> Iterator[str]:
    """Make the reconstructions of some seeds that are not there yet; yield a line of each.

    Raises
    ------
    MapResError
        If RELION is not installed.
    """
    relion.require()
    for left in folder.glob("part-*"):
        # Of a process that was killed, with 0.5 GB of particles; others may still be at work.
        if time.time() - left.stat().st_mtime > ABANDONED:
            shutil.rmtree(left)
    sets = pools(data, split)
    missing = [seed for seed in seeds if not (folder / f"{seed:03d}").exists()]
    one = partial(_make_one, data, sets, folder, missing)
    yield from spread(one, len(missing), processes, f"{split} reconstructions")


def _make_one(data: Path, sets: dict[str, list], folder: Path, missing: list[int], k: int) -> str:
    seed = missing[k]
    rng = np.random.default_rng([SEED, seed])
    experiment = _drawn(data, sets, rng)
    try:
        perform(experiment, rng, folder / f"{seed:03d}")
    except MapResError as error:
        # The others are made all the same.
        return f"{seed:03d}: {error}"
    return (
        f"{seed:03d}: {experiment.structure.id}, {experiment.particles} particles of "
        f"{experiment.box}², {experiment.resolution:.2f} Å wanted"
    )


def _drawn(data: Path, sets: dict[str, list], rng: np.random.Generator) -> Experiment:
    while True:
        experiment = draw_experiment(drawn_structure(data, sets[drawn_set(rng)], rng), rng)
        if experiment is not None:
            return experiment
