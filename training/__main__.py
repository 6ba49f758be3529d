"""Make what MapRes ships.

python -m training simulate   labelled patches from simulated maps, into cache/patches
python -m training fit        train the default model; resumes from its last checkpoint
python -m training export     calibrate on the validation split, shrink, write weights and card
python -m training example    write a small pair of half maps with its truth into examples/
python -m training evaluate   score on simulated maps of a split, and on a folder of real maps

Every verb explains its options with --help. Structures (structures.h5, structures.tsv) and real
maps are looked for in --data.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

# TensorFlow leaves its faster convolutions off on many processors: 2.6 s against 0.8 s for one
# training map of the 3D CNN on two AVX2 cores.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

DATA = Path("../shared/data")
CACHE = Path("cache")


def main() -> None:
    """Run one verb."""
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True)
    _simulate_options(verbs.add_parser("simulate", help="make labelled patches"))
    _paper_maps_options(verbs.add_parser("paper-maps", help="the paper's simulated maps"))
    _fit_options(verbs.add_parser("fit", help="train the default model"))
    _export_options(verbs.add_parser("export", help="calibrate and write weights and card"))
    _evaluate_options(verbs.add_parser("evaluate", help="score on simulated and real maps"))
    _example_options(verbs.add_parser("example", help="a small pair of half maps with its truth"))
    options = parser.parse_args()
    options.run_verb(options)


def _simulate_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--data", type=Path, default=DATA, help="folder of structures.h5")
    verb.add_argument("--out", type=Path, default=CACHE / "patches")
    verb.add_argument("--split", choices=["train", "validation"], default="train")
    verb.add_argument("--maps", type=int, default=400, help="maps per shard")
    verb.add_argument("--shards", type=int, nargs=2, default=(0, 20), metavar=("FROM", "TO"))
    verb.set_defaults(run_verb=_simulate)


def _simulate(options: argparse.Namespace) -> None:
    from training.dataset import NOISE_FREE, examples, write_shard

    options.out.mkdir(parents=True, exist_ok=True)
    for shard in range(*options.shards):
        path = options.out / f"{options.split}-{shard:03d}"
        if path.with_suffix(".npz").exists():
            continue
        source = examples(options.data, options.split, shard, options.maps, NOISE_FREE)
        print(f"{path.name}: {write_shard(source, path)} patches", flush=True)


def _paper_maps_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--data", type=Path, default=DATA, help="folder of structures.h5")
    verb.add_argument("--out", type=Path, default=CACHE / "paper")
    verb.add_argument("--split", choices=["train", "validation", "test"], default="train")
    verb.add_argument("--molecules", type=int, help="at most so many (default: all)")
    verb.set_defaults(run_verb=_paper_maps)


def _paper_maps(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    from training.paper_maps import write_paper_maps

    options.out.mkdir(parents=True, exist_ok=True)
    done = write_paper_maps(options.data, options.split, options.molecules, options.out)
    with tqdm(desc=f"{options.split} molecules", unit="") as bar:
        for count, total in done:
            bar.total = total
            bar.update(count - bar.n)


def _fit_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("network", choices=["default", "dnn", "cnn"])
    verb.add_argument("--patches", type=Path, default=CACHE / "patches", help="for default")
    verb.add_argument("--paper", type=Path, default=CACHE / "paper", help="maps for dnn and cnn")
    verb.add_argument("--out", type=Path, help="default: cache/NETWORK")
    verb.add_argument(
        "--minutes",
        type=float,
        default=60.0,
        help="default: of training altogether; dnn, cnn: of this piece (60)",
    )
    verb.set_defaults(run_verb=_fit)


def _fit(options: argparse.Namespace) -> None:
    out = options.out or CACHE / options.network
    if options.network == "default":
        from training.fit import Schedule, fit

        fit(options.patches, out, Schedule(minutes=options.minutes))
        return
    from training import paper_networks

    train = paper_networks.fit_dnn if options.network == "dnn" else paper_networks.fit_cnn
    train(options.paper, out, options.minutes)


def _export_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--data", type=Path, default=DATA)
    verb.add_argument("--run", type=Path, default=CACHE / "default", help="folder of `fit`")
    verb.add_argument("--patches", type=Path, default=CACHE / "patches")
    verb.add_argument("--out", type=Path, default=Path("src/mapres/models"))
    verb.add_argument("--name", default="default")
    verb.set_defaults(run_verb=_export)


def _export(options: argparse.Namespace) -> None:
    from training.export import export

    export(options.data, options.run, options.patches, options.out, options.name)


def _evaluate_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--data", type=Path, default=DATA, help="folder of structures.h5 and maps/")
    verb.add_argument("--split", choices=["validation", "test"], default="test")
    verb.add_argument("--maps", type=int, default=400, help="simulated maps")
    verb.add_argument("--model", default="default")
    verb.add_argument("--out", type=Path, default=Path("training/results"))
    verb.set_defaults(run_verb=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    from training.evaluate import evaluate_real, evaluate_simulated

    options.out.mkdir(parents=True, exist_ok=True)
    evaluate_simulated(options.data, options.split, options.maps, options.model, options.out)
    evaluate_real(options.data / "maps", options.model, options.out)


def _example_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("structure", help="PDB or mmCIF file, or an id of structures.tsv")
    verb.add_argument("--data", type=Path, default=DATA)
    verb.add_argument("--out", type=Path, default=Path("examples"))
    verb.add_argument("--resolution", type=float, default=4.2, help="Å")
    verb.add_argument("--voxel-size", type=float, default=1.5, help="Å")
    verb.add_argument("--box", type=int, default=64, help="voxels")
    verb.set_defaults(run_verb=_example)


def _example(options: argparse.Namespace) -> None:
    from training.example import write_example
    from training.simulate import Recipe
    from training.structures import find

    recipe = Recipe(options.resolution, options.voxel_size, (options.box,) * 3, spread=0.15)
    write_example(find(options.structure, options.data), recipe, options.out)


if __name__ == "__main__":
    main()
