"""Labeled cubes for the U-Nets, of simulated complexes and of real maps, one file per map."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from scipy import ndimage

from mapres.density import Density
from mapres.errors import MapContentError, MapResError
from mapres.io import read
from mapres.local.resolution import LocalResolution, local_resolution
from training.avramov2019.unets.cubes import Cubes, labeled_cubes, together
from training.avramov2019.unets.label import as_label, stem
from training.data.published import labeled_resolutions, published_resolution
from training.simulate.draw import Ingredients
from training.simulate.examples import examples

SEED = 9000
# Of a map's resolution: a median below that is no local resolution of it. Beside a solvent that was
# made quiet everything stands out at every frequency.
LEAST = 0.6
# Of a map at the most, at random: a 128³ map at 2.2 Å would outweigh forty at 13 Å.
CUBES_PER_MAP = 60


def write_cubes(
    data: Path, real: Iterable[Path], method: str, count: int, folder: Path, processes: int = 2
) -> Iterator[str]:
    """Label real maps, and simulated ones of complexes of the training split, and cut them up.

    Those are simulated at the published resolutions of the maps that the paper labeled so.

    ``folder`` receives ``real-<name>.npz`` and ``simulated-<number>.npz``; those that are there
    already are kept, and are not labeled again.

    Yields
    ------
    A line for each map: how many cubes, or why it was left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in real:
        yield _write(folder / f"real-{stem(path)}.npz", partial(_real, path, method))
    wanted = labeled_resolutions(method)
    ingredients = Ingredients(chains=False, varied=0.0, resolutions=wanted)
    drawn = examples(data, "train", SEED, count, ingredients, processes)
    for number, example in enumerate(drawn):
        path = folder / f"simulated-{number:04d}.npz"
        yield _write(path, partial(_labeled, example.density, method, example.resolution))


def read_cubes(folder: Path) -> tuple[Cubes, list[str]]:
    """Return all the cubes of a folder, and the names of the maps that they number.

    Raises
    ------
    FileNotFoundError
        If there are none.
    """
    paths = sorted([*folder.glob("real-*.npz"), *folder.glob("simulated-*.npz")])
    if not paths:
        raise FileNotFoundError(f"no cubes in {folder}; run the subcommand unet-cubes first.")
    parts = []
    for number, path in enumerate(paths):
        with np.load(path) as stored:
            values = stored["values"].astype(np.float32)
            parts.append(Cubes(values, stored["classes"], np.full(len(values), number)))
    return together(parts), [path.stem for path in paths]


def _write(path: Path, make: Callable[[], Cubes]) -> str:
    if path.exists():
        return f"{path.stem}: there already"
    try:
        cubes = _some(make())
    except MapResError as error:
        return f"{path.stem}: left out: {error}"
    part = path.with_name(f"part-{path.name}")
    # Half precision, finer than 16 bits of a map that was scaled to [0, 1] ever mean.
    np.savez(part, values=cubes.values.astype(np.float16), classes=cubes.classes)
    os.replace(part, path)
    return f"{path.stem}: {len(cubes)} cubes"


def _some(cubes: Cubes) -> Cubes:
    order = np.random.default_rng(SEED).permutation(len(cubes))
    return cubes[np.sort(order[:CUBES_PER_MAP])]


def own_labels(density: Density, method: str) -> LocalResolution:
    """Label a map as the paper does: from itself, coarser than 10 Å in no detail."""
    return local_resolution(density, method=method, max_res=max(20.0, 4 * density.spacing))


def _real(path: Path, method: str) -> Cubes:
    return _labeled(read(path), method, published_resolution(path))


def _labeled(density: Density, method: str, resolution: float | None) -> Cubes:
    found = own_labels(density, method)
    if resolution is not None and found.median < LEAST * resolution:
        raise MapContentError(
            f"its labels overestimate the resolution: median {found.median:.1f} Å, of a map at "
            f"{resolution:.1f} Å."
        )
    return _cubes(density, found)


def _cubes(density: Density, found: LocalResolution) -> Cubes:
    label = as_label(found)
    if found.method == "monores":
        # Its hysteresis flips single voxels by several Å.
        label = np.where(label > 0, ndimage.median_filter(found.values, 3), 0)
    mask = found.mask.astype(np.float32)
    return labeled_cubes(density, density.with_values(label), density.with_values(mask))
