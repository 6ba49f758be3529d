"""Simulated examples of a split, and the molecules that they are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mapres import threads
from training.data.structures import Structure, from_packed, rows
from training.simulate.draw import EVERYTHING, Example, Ingredients, draw_example, treated

# Maps simulated ahead, of up to 40 MB each.
AHEAD = 16
# Fraction of each set in the maps drawn; rebuilt chains have no B factors of their own.
SETS = {"chain": 0.45, "chain-rebuilt": 0.3, "complex": 0.25}
# Of splits: which one a PDB entry counts for that occurs in several.
PRECEDENCE = ("train", "test", "validation")


def examples(
    data: Path,
    split: str,
    seed: int,
    count: int,
    ingredients: Ingredients = EVERYTHING,
    processes: int = 1,
) -> Iterator[Example]:
    """Yield simulated maps of one split, its sets mixed as in `SETS`.

    Map ``k`` of a seed is always the same map, however many are made; see `spread`.
    """
    make = partial(make_example, data, pools(data, split), seed, ingredients)
    yield from spread(make, count, processes, f"{split} maps")


def spread(make: Callable, count: int, processes: int, label: str) -> Iterator:
    """Yield ``make(k)`` for k below ``count``, in order.

    More than one process works ahead of the caller, and shows how far it is.
    """
    if processes == 1:
        yield from map(make, range(count))
        return
    # A fresh interpreter each: one that has loaded TensorFlow must not be forked.
    with get_context("spawn").Pool(processes, initializer=one_thread) as pool:
        ahead = (range(start, min(start + AHEAD, count)) for start in range(0, count, AHEAD))
        made = (example for part in ahead for example in pool.imap(make, part))
        yield from tqdm(made, total=count, desc=label, unit="")


def make_example(
    data: Path, sets: dict[str, list], seed: int, ingredients: Ingredients, k: int
) -> Example:
    """Return map ``k`` of a seed; ``sets`` as `pools` returns them."""
    rng = np.random.default_rng([seed, k])
    name = drawn_set(rng)
    if name == "complex" and not ingredients.complexes:
        name = "chain-rebuilt"
    if not ingredients.chains:
        name = "complex"
    return draw_example(drawn_structure(data, sets[name], rng), rng, ingredients)


def treated_again(
    source: Iterable[Example], times: int, seed: int, ingredients: Ingredients = EVERYTHING
) -> Iterator[Example]:
    """Yield each map, and what else becomes of the same reconstruction, ``times`` times.

    It takes a quarter of the time of another reconstruction; and what treatment does to a spectrum,
    and what resolution, is told apart by maps that differ in one of them only.
    """
    for k, example in enumerate(source):
        yield example
        if example.made is not None:
            rng = np.random.default_rng([seed, k, 2])
            for _ in range(times):
                yield treated(example.made, example.structure_id, rng, ingredients)


def drawn_set(rng: np.random.Generator) -> str:
    """Return the name of a set, each as often as `SETS` has it."""
    return str(rng.choice(list(SETS), p=list(SETS.values())))


def drawn_structure(
    data: Path, molecules: list[dict[str, str]], rng: np.random.Generator
) -> Structure:
    """Return one of the molecules of a set, see `pools`."""
    row = molecules[rng.integers(len(molecules))]
    return from_packed(data / "structures.h5", int(row["index"]))


def one_thread() -> None:
    """Leave the other cores to the other processes."""
    threads.use(1)


def pools(data: Path, split: str) -> dict[str, list[dict[str, str]]]:
    """Return the molecules of a split, by set; no PDB entry is in two splits.

    The table divides chains by cluster of 40% identity and complexes by entry, so that a chain and
    the complex that it is part of may lie in two of its splits. An entry that occurs in training
    counts for training only, another that occurs in test for test only. Test is before validation
    as published figures are of test maps: of the 76 entries that were in both, test keeps its 79
    molecules (of 2,794) and validation gives up 78 (of 2,753). Chains of unknown entry count for
    training only. Homology between complexes and chains is not controlled beyond that.
    """
    table = rows(data / "structures.tsv")
    first = PRECEDENCE[: PRECEDENCE.index(split)]
    taken = {row["pdb_id"] for row in table if row["split"] in first}
    if split != "train":
        taken.add("")
    kept = [row for row in table if row["split"] == split and row["pdb_id"] not in taken]
    return {name: [row for row in kept if row["set"] == name] for name in SETS}
