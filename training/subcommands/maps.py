"""Subcommands that make or fetch structures and maps."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mapres.local.methods import METHODS
from training.subcommands import CACHE, DATA, RECONSTRUCTIONS

# Every simulated reconstruction becomes so many maps.
TREATMENTS = 4


def _shard_options(subcommand: argparse.ArgumentParser, folder: str, maps: int) -> None:
    subcommand.add_argument("--data", type=Path, default=DATA, help="folder of structures.h5")
    subcommand.add_argument("--out", type=Path, default=CACHE / folder)
    subcommand.add_argument("--split", choices=["train", "validation"], default="train")
    subcommand.add_argument("--maps", type=int, default=maps, help="maps per shard")
    subcommand.add_argument("--shards", type=int, nargs=2, default=(0, 20), metavar=("FROM", "TO"))


def _simulate_options(subcommand: argparse.ArgumentParser) -> None:
    _shard_options(subcommand, "patches", 400)
    subcommand.add_argument(
        "--noise-free", type=float, default=0.2, help="fraction of noise-free maps"
    )
    subcommand.add_argument(
        "--treatments", type=int, default=TREATMENTS, help="maps made of each reconstruction"
    )
    subcommand.add_argument(
        "--post-masked", action="store_true", help="all as RELION's postprocess_masked.mrc is"
    )
    subcommand.set_defaults(run_subcommand=_simulate)


def _simulate(options: argparse.Namespace) -> None:
    from training.global_model.shards import write_shard
    from training.simulate.draw import Ingredients
    from training.simulate.examples import examples, treated_again

    options.out.mkdir(parents=True, exist_ok=True)
    ingredients = Ingredients(noise_free=options.noise_free, post_masked=options.post_masked)
    for shard in range(*options.shards):
        path = options.out / f"{options.split}-{shard:03d}"
        if path.with_suffix(".npz").exists():
            continue
        source = examples(options.data, options.split, shard, options.maps, ingredients)
        source = treated_again(source, options.treatments - 1, shard, ingredients)
        print(f"{path.name}: {write_shard(source, path)} patches", flush=True)


def _cells_options(subcommand: argparse.ArgumentParser) -> None:
    _shard_options(subcommand, "cells", 200)
    subcommand.add_argument(
        "--reconstructions", type=Path, help="make the cells of these instead, which calibrate"
    )
    subcommand.set_defaults(run_subcommand=_cells)


def _cells(options: argparse.Namespace) -> None:
    from training.local_model.cells import write_reconstructed, write_shards

    if options.reconstructions:
        print(write_reconstructed(options.reconstructions, options.out))
        return
    shards = range(*options.shards)
    for line in write_shards(options.data, options.split, shards, options.maps, options.out):
        print(line, flush=True)


def _paper_maps_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("--data", type=Path, default=DATA, help="folder of structures.h5")
    subcommand.add_argument("--out", type=Path, default=CACHE / "paper")
    subcommand.add_argument("--split", choices=["train", "validation", "test"], default="train")
    subcommand.add_argument("--molecules", type=int, help="at most so many (default: all)")
    subcommand.set_defaults(run_subcommand=_paper_maps)


def _paper_maps(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from training.avramov2019.classifiers.paper_maps import write_paper_maps

    options.out.mkdir(parents=True, exist_ok=True)
    done = write_paper_maps(options.data, options.split, options.molecules, options.out)
    with tqdm(desc=f"{options.split} molecules", unit="") as bar:
        for count, total in done:
            bar.total = total
            bar.update(count - bar.n)


def _label_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument(
        "maps",
        type=Path,
        nargs="+",
        help="map files; NAME_half1 and NAME_half2 beside them are used",
    )
    subcommand.add_argument("--method", choices=METHODS, default="monores")
    subcommand.add_argument(
        "--max-res", type=float, help="Å, the coarsest tried (by monores, resmap)"
    )
    subcommand.add_argument("--out", type=Path, default=CACHE / "labels")
    subcommand.set_defaults(run_subcommand=_label)


def _label(options: argparse.Namespace) -> None:
    from training.avramov2019.unets.label import label_maps

    labels = label_maps(options.maps, options.method, options.out, max_res=options.max_res)
    if len(labels) < len(options.maps):
        sys.exit(1)


def _unet_cubes_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("method", choices=["monores", "resmap"])
    subcommand.add_argument("--data", type=Path, default=DATA, help="folder of structures.h5")
    subcommand.add_argument("--maps", type=Path, nargs="*", default=[], help="real map files")
    subcommand.add_argument("--simulated", type=int, default=120, help="simulated maps")
    subcommand.add_argument("--out", type=Path, help="default: cache/cubes/METHOD")
    subcommand.set_defaults(run_subcommand=_unet_cubes)


def _unet_cubes(options: argparse.Namespace) -> None:
    from training.avramov2019.unets.cube_files import write_cubes

    out = options.out or CACHE / "cubes" / options.method
    lines = write_cubes(options.data, options.maps, options.method, options.simulated, out)
    for line in lines:
        print(line, flush=True)


def _fetch_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("what", nargs="?", choices=["maps", "structures"], default="maps")
    subcommand.add_argument(
        "ids", nargs="*", metavar="ID", help="default: those in training/splits"
    )
    subcommand.add_argument(
        "--used-for",
        choices=["global", "monores", "resmap"],
        help="of the paper's maps, those that it classified, or that it had these labels for",
    )
    subcommand.add_argument(
        "--split", choices=["train", "validation", "test"], help="of the structures, this split"
    )
    subcommand.add_argument("--out", type=Path, help="default: cache/maps, cache/structures")
    subcommand.add_argument(
        "--base-url", help="another server with the layout of EMDB's, the PDB's"
    )
    subcommand.add_argument(
        "--expect", type=Path, metavar="SHA256SUMS", help="take only files with these sums"
    )
    subcommand.set_defaults(run_subcommand=_fetch)


def _fetch(options: argparse.Namespace) -> None:
    from training.data import entries
    from training.data.fetch import fetch_maps, fetch_structures, read_sums

    out = options.out or CACHE / options.what
    try:
        expected = read_sums(options.expect) if options.expect else None
        if options.what == "maps":
            ids = options.ids or entries.paper_ids(options.used_for)
            server = options.base_url or entries.EMDB
            result = fetch_maps(ids, out, server, expected=expected)
        else:
            ids = options.ids or entries.pdb_ids(options.split)
            server = options.base_url or entries.PDB
            result = fetch_structures(ids, out, server, expected=expected)
    except ValueError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("interrupted; run this again to go on.", file=sys.stderr)
        sys.exit(130)
    print(result.summary())
    sys.exit(0 if result.complete else 1)


def _example_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("structure", help="PDB or mmCIF file, or an id of structures.tsv")
    subcommand.add_argument("--data", type=Path, default=DATA)
    subcommand.add_argument("--out", type=Path, default=Path("examples"))
    subcommand.add_argument("--resolution", type=float, default=4.2, help="Å")
    subcommand.add_argument("--voxel-size", type=float, default=1.5, help="Å")
    subcommand.add_argument("--box", type=int, default=64, help="voxels")
    subcommand.set_defaults(run_subcommand=_example)


def _example(options: argparse.Namespace) -> None:
    from training.data.structures import find
    from training.simulate.demo_pair import write_example
    from training.simulate.recipe import Recipe

    recipe = Recipe(options.resolution, options.voxel_size, (options.box,) * 3, spread=0.15)
    write_example(find(options.structure, options.data), recipe, options.out)


def _reconstructions_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("--data", type=Path, default=DATA, help="folder of structures.h5")
    subcommand.add_argument("--split", choices=["validation", "test"], default="validation")
    subcommand.add_argument("--seeds", type=int, nargs=2, default=(0, 60), metavar=("FROM", "TO"))
    subcommand.add_argument("--processes", type=int, default=1)
    subcommand.add_argument("--out", type=Path, help="default: cache/reconstructions/SPLIT")
    subcommand.set_defaults(run_subcommand=_reconstructions)


def _reconstructions(options: argparse.Namespace) -> None:
    from training.particles.sets import make

    out = options.out or RECONSTRUCTIONS / options.split
    seeds = range(*options.seeds)
    for line in make(options.data, options.split, out, seeds, options.processes):
        print(line, flush=True)


SUBCOMMANDS = {
    "simulate": ("make labeled patches", _simulate_options),
    "cells": ("make labeled cells for the local model", _cells_options),
    "reconstructions": ("RELION's maps of particles of known molecules", _reconstructions_options),
    "paper-maps": ("the paper's simulated maps", _paper_maps_options),
    "label": ("local-resolution labels of maps", _label_options),
    "unet-cubes": ("labeled cubes for the U-Nets", _unet_cubes_options),
    "fetch": ("maps from EMDB, structures from the PDB", _fetch_options),
    "example": ("a small pair of half maps with its truth", _example_options),
}
