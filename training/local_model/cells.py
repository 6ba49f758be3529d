"""Cells of simulated maps with their true local resolution, and the shards that store them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mapres.errors import MapResError
from mapres.features.bands import BANDS
from mapres.features.cells import measure_cells
from mapres.features.distribution import EDGES
from mapres.features.energies import CHANNELS
from mapres.features.outliers import without_outliers
from mapres.features.profile import UNSEEN
from mapres.features.relative import GlobalFeatures
from mapres.features.spectra import measure_spectra
from mapres.features.windows import WIDTHS, fraction_of_cells
from mapres.half_maps import half_map_resolution
from mapres.local.network import GLOBAL_MODEL, predict_global
from mapres.mask import solvent_mask
from mapres.networks.registry import load
from mapres.progress import silent
from training.particles.sets import TREATMENTS, stored
from training.simulate.draw import Example, Ingredients
from training.simulate.examples import make_example, pools, spread

# Cells of one map: more of the same map teach little.
CELLS = 256
# With fewer, a map is no molecule.
FEWEST = 16
# Fraction of the maps that are measured with a mask as users give it: so many Å about the molecule.
GIVEN, LOOSE = 0.3, (0.0, 12.0)
# Of shards: cells of reconstructions.
RECONSTRUCTED = "reconstructed"
INGREDIENTS = Ingredients(noise_free=0.05, varied=1.0)


@dataclass(frozen=True, eq=False)
class Sample:
    """Cells of one map.

    Attributes
    ----------
    features, fractions : float16 arrays, of cells, see `Cells` of the core; what half maps tell
        is `UNSEEN` of maps without
    truth : float32 array, shape (n,), ln Å
    global_features : of the map alone
    half_map_fsc : Å, where the FSC of its half maps falls below 0.143, NaN without any
    structure_id : which molecule
    treatment : what was done to the map
    """

    features: NDArray[np.float16]
    fractions: NDArray[np.float16]
    truth: NDArray[np.float32]
    global_features: GlobalFeatures
    half_map_fsc: float
    structure_id: str
    treatment: str


def true_cells(example: Example, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Return ln of the true resolution (Å) of every cell, 0 where it is mostly not known."""
    molecule = fraction_of_cells(example.known, shape)
    ln_truth = np.log(np.clip(example.truth, EDGES[0], EDGES[-1]))
    total = fraction_of_cells(example.known * ln_truth, shape)
    kept = molecule > 0.5
    return np.where(kept, total / np.where(kept, molecule, 1), 0).astype(np.float32)


def sample_cells(example: Example, rng: np.random.Generator) -> Sample | None:
    """Measure a simulated map as prediction does; return some of its cells, None without any.

    Raises
    ------
    MapResError
        If no molecule is found in it.
    """
    molecule = solvent_mask(example.density)
    if rng.random() < GIVEN:
        molecule |= _given_mask(example, rng)
    cells = measure_cells(example.density, molecule, example.half_maps)
    truth = true_cells(example, cells.grid.shape)[tuple(cells.grid.places.T)]
    chosen = rng.permutation(np.flatnonzero(truth))[:CELLS]
    if len(chosen) < FEWEST:
        return None
    spectra = measure_spectra(without_outliers(example.density), molecule)
    probabilities, seen = predict_global(
        example.density, molecule, spectra, load(GLOBAL_MODEL), silent
    )
    features = np.full((len(chosen), len(WIDTHS), CHANNELS, BANDS), UNSEEN, dtype=np.float16)
    features[:, :, : cells.features.shape[2]] = cells.features[chosen]
    return Sample(
        features,
        cells.fractions[chosen],
        truth[chosen],
        GlobalFeatures(probabilities, seen, cells.means, cells.edge),
        _half_map_fsc(example, molecule),
        example.structure_id,
        example.treatment.kind,
    )


def _half_map_fsc(example: Example, molecule: NDArray[np.bool_]) -> float:
    if example.half_maps is None:
        return float("nan")
    found = half_map_resolution(example.density, example.half_maps, molecule)
    return float("nan") if found is None else found


def _given_mask(example: Example, rng: np.random.Generator) -> NDArray[np.bool_]:
    distance = ndimage.distance_transform_edt(~example.mask) * example.density.spacing
    return distance <= rng.uniform(*LOOSE)


def write_shards(
    data: Path, split: str, shards: range, count: int, folder: Path, processes: int = 2
) -> Iterator[str]:
    """Store cells of simulated maps, ``count`` maps per shard; yield what each shard holds."""
    folder.mkdir(parents=True, exist_ok=True)
    sets = pools(data, split)
    for shard in shards:
        path = folder / f"{split}-{shard:03d}.npz"
        if path.exists():
            continue
        make = partial(_sample_of, data, sets, shard)
        yield _write(spread(make, count, processes, path.stem), path)


def write_reconstructed(reconstructions: Path, folder: Path) -> str:
    """Store cells of reconstructions, which calibrate; return what the shard holds."""
    samples = [
        _sampled(made.example(treatment), [int(made.folder.name), k])
        for made in stored(reconstructions)
        for k, treatment in enumerate(TREATMENTS)
    ]
    path = folder / f"{RECONSTRUCTED}-000.npz"
    folder.mkdir(parents=True, exist_ok=True)
    return _write(samples, path)


def _sample_of(data: Path, sets: dict[str, list], seed: int, k: int) -> Sample | None:
    return _sampled(make_example(data, sets, seed, INGREDIENTS, k), [seed, k, 1])


def _sampled(example: Example, seed: list[int]) -> Sample | None:
    try:
        return sample_cells(example, np.random.default_rng(seed))
    except MapResError:
        return None


def _write(samples: Iterable[Sample | None], path: Path) -> str:
    """Store samples: arrays of all cells, one row each, and of all maps; return what they are."""
    found = [sample for sample in samples if sample is not None]
    if not found:
        return f"{path.stem}: no molecule was found in any map"
    of_cells = {
        name: np.concatenate([getattr(sample, name) for sample in found])
        for name in ("features", "fractions", "truth")
    }
    of_maps = {
        name: np.stack([getattr(sample.global_features, name) for sample in found])
        for name in ("probabilities", "profile", "means", "cell")
    }
    names = {
        "structure": np.array([sample.structure_id for sample in found]),
        "treatment": np.array([sample.treatment for sample in found]),
        "half_map_fsc": np.array([sample.half_map_fsc for sample in found], dtype=np.float32),
        "count": np.array([len(sample.truth) for sample in found]),
    }
    temporary = path.with_name(f"part-{path.name}")
    np.savez(temporary, **of_cells, **of_maps, **names)
    os.replace(temporary, path)
    return f"{path.stem}: {sum(len(s.truth) for s in found)} cells of {len(found)} maps"
