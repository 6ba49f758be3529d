"""Make what MapRes ships.

python -m training simulate     labelled patches from simulated maps, into cache/patches
python -m training paper-maps   the paper's simulated maps, into cache/paper
python -m training fit          train default, dnn or cnn; resumes from its last checkpoint
python -m training export       calibrate the default model, write weights and card
python -m training export-paper shrink dnn or cnn, write weights and card
python -m training evaluate     score on simulated maps of a split, and on a folder of real maps
python -m training reproduce    the paper's tables 1 to 5 and figures 2 and 3
python -m training robustness   how answers move when maps are changed
python -m training ablation     the default model trained without one thing after the other
python -m training fetch        the paper's maps from EMDB, or the structures from the PDB
python -m training example      write a small pair of half maps with its truth into examples/

Every verb explains its options with --help. Structures (structures.h5, structures.tsv) and real
maps are looked for in --data.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

# TensorFlow leaves its faster convolutions off on many processors: 2.6 s against 0.8 s for one
# training map of the 3D CNN on two AVX2 cores.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

DATA = Path("../shared/data")
CACHE = Path("cache")
RESULTS = Path("training/results")


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
    _export_paper_options(verbs.add_parser("export-paper", help="shrink and write dnn or cnn"))
    _reproduce_options(verbs.add_parser("reproduce", help="the paper's tables and figures"))
    _robustness_options(verbs.add_parser("robustness", help="how answers move when maps change"))
    _ablation_options(verbs.add_parser("ablation", help="what training needs, by leaving it out"))
    _fetch_options(verbs.add_parser("fetch", help="maps from EMDB, structures from the PDB"))
    options = parser.parse_args()
    options.run_verb(options)


def _simulate_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--data", type=Path, default=DATA, help="folder of structures.h5")
    verb.add_argument("--out", type=Path, default=CACHE / "patches")
    verb.add_argument("--split", choices=["train", "validation"], default="train")
    verb.add_argument("--maps", type=int, default=400, help="maps per shard")
    verb.add_argument("--shards", type=int, nargs=2, default=(0, 20), metavar=("FROM", "TO"))
    verb.add_argument("--noise-free", type=float, default=0.2, help="share of calculated maps")
    verb.set_defaults(run_verb=_simulate)


def _simulate(options: argparse.Namespace) -> None:
    from training.dataset import examples, write_shard
    from training.draw import Ingredients

    options.out.mkdir(parents=True, exist_ok=True)
    ingredients = Ingredients(noise_free=options.noise_free)
    for shard in range(*options.shards):
        path = options.out / f"{options.split}-{shard:03d}"
        if path.with_suffix(".npz").exists():
            continue
        source = examples(options.data, options.split, shard, options.maps, ingredients)
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
    verb.add_argument("--start", type=Path, help="for default: weights to start from")
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

        # A trained start is only adjusted: a third of the usual rate.
        rate = 5e-4 if options.start else Schedule.peak_rate
        schedule = Schedule(minutes=options.minutes, peak_rate=rate)
        fit(options.patches, out, schedule, options.start)
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
    verb.add_argument("--out", type=Path, default=RESULTS)
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


def _export_paper_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("network", choices=["dnn", "cnn"])
    verb.add_argument("--paper", type=Path, default=CACHE / "paper")
    verb.add_argument("--run", type=Path, help="folder of `fit`; default: cache/NETWORK")
    verb.add_argument("--out", type=Path, default=Path("src/mapres/models"))
    verb.add_argument("--test-maps", type=int, help="compare on so many only (default: all)")
    verb.set_defaults(run_verb=_export_paper)


def _export_paper(options: argparse.Namespace) -> None:
    from training.export_paper import export_paper

    run = options.run or CACHE / options.network
    export_paper(options.paper, run, options.out, options.network, options.test_maps)


def _reproduce_options(verb: argparse.ArgumentParser) -> None:
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("--table", type=int, choices=[1, 2, 3, 4, 5])
    what.add_argument("--figure", type=int, choices=[2, 3])
    verb.add_argument("--data", type=Path, default=DATA, help="folder of structures.h5 and maps/")
    verb.add_argument("--maps", type=Path, help="published maps; default: maps/ in --data")
    verb.add_argument("--per-step", type=int, default=50, help="molecules a step in table 1")
    verb.add_argument("--out", type=Path, default=RESULTS)
    verb.set_defaults(run_verb=_reproduce)


def _reproduce(options: argparse.Namespace) -> None:
    from training import experimental, reproduce

    options.out.mkdir(parents=True, exist_ok=True)
    if options.figure:
        run = CACHE / {2: "dnn", 3: "cnn"}[options.figure]
        reproduce.figure_2_3(options.figure, run, options.out)
        return
    if options.table == 1:
        reproduce.table_1(options.data, options.out)
        reproduce.table_1_curves(options.data, options.out, options.per_step)
        return
    folder = options.maps or options.data / "maps"
    answers, refused = reproduce.ask_published(experimental.published_maps(folder))
    if options.table == 2:
        reproduce.table_2(answers, refused, folder.name, options.out)
    elif options.table == 5:
        reproduce.table_5(answers, folder.name, options.out)
    else:
        reproduce.table_3_4(options.table, answers, folder.name, options.out)


def _robustness_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--data", type=Path, default=DATA)
    verb.add_argument("--maps", type=int, default=60)
    verb.add_argument("--out", type=Path, default=RESULTS)
    verb.set_defaults(run_verb=_robustness)


def _robustness(options: argparse.Namespace) -> None:
    from training.robustness import robustness

    robustness(options.data, options.maps, options.out)


def _ablation_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--data", type=Path, default=DATA)
    verb.add_argument("--cache", type=Path, default=CACHE / "ablation")
    verb.add_argument("--maps", type=int, default=300, help="per variant")
    verb.add_argument("--minutes", type=float, default=5.0, help="of training per variant")
    verb.add_argument("--out", type=Path, default=RESULTS)
    verb.set_defaults(run_verb=_ablation)


def _ablation(options: argparse.Namespace) -> None:
    from training.ablation import ablation

    ablation(options.data, options.cache, options.maps, options.minutes, options.out)


def _fetch_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("what", nargs="?", choices=["maps", "structures"], default="maps")
    verb.add_argument("ids", nargs="*", metavar="ID", help="default: those in training/splits")
    verb.add_argument(
        "--used-for",
        choices=["global", "monores", "resmap"],
        help="of the paper's maps, those that it classified, or that it had these labels for",
    )
    verb.add_argument(
        "--split", choices=["train", "validation", "test"], help="of the structures, this split"
    )
    verb.add_argument("--out", type=Path, help="default: cache/maps, cache/structures")
    verb.add_argument("--base-url", help="another server with the layout of EMDB's, the PDB's")
    verb.add_argument(
        "--expect", type=Path, metavar="SHA256SUMS", help="take only files with these sums"
    )
    verb.set_defaults(run_verb=_fetch)


def _fetch(options: argparse.Namespace) -> None:
    from training import fetch
    from training.sums import read_sums

    out = options.out or CACHE / options.what
    try:
        expected = read_sums(options.expect) if options.expect else None
        if options.what == "maps":
            ids = options.ids or fetch.paper_ids(options.used_for)
            server = options.base_url or fetch.EMDB
            result = fetch.fetch_maps(ids, out, server, expected=expected)
        else:
            ids = options.ids or fetch.pdb_ids(options.split)
            server = options.base_url or fetch.PDB
            result = fetch.fetch_structures(ids, out, server, expected=expected)
    except ValueError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("interrupted; run this again to go on.", file=sys.stderr)
        sys.exit(130)
    print(result.summary())
    sys.exit(0 if result.complete else 1)


if __name__ == "__main__":
    main()
