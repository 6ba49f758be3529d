"""Subcommands that measure: scores, tables and figures of the paper, robustness, ablation."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.subcommands import CACHE, DATA, RECONSTRUCTIONS, RESULTS


def _evaluate_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument(
        "--data", type=Path, default=DATA, help="folder of structures.h5 and maps/"
    )
    subcommand.add_argument("--split", choices=["validation", "test"], default="test")
    subcommand.add_argument("--maps", type=int, default=400, help="simulated maps")
    subcommand.add_argument("--molecules", type=int, help="of noise-free test maps (default: all)")
    subcommand.add_argument("--model", default="default")
    subcommand.add_argument("--out", type=Path, default=RESULTS)
    subcommand.set_defaults(run_subcommand=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    from training.evaluate.simulated import evaluate_noise_free, evaluate_real, evaluate_simulated

    options.out.mkdir(parents=True, exist_ok=True)
    evaluate_simulated(options.data, options.split, options.maps, options.model, options.out)
    evaluate_noise_free(options.data, options.molecules, options.model, options.out)
    evaluate_real(options.data / "maps", options.model, options.out)


def _evaluate_local_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument(
        "--data", type=Path, default=DATA, help="folder of structures.h5 and maps/"
    )
    subcommand.add_argument("--split", choices=["validation", "test"], default="test")
    subcommand.add_argument("--maps", type=int, default=120, help="simulated maps")
    subcommand.add_argument("--out", type=Path, default=RESULTS)
    subcommand.set_defaults(run_subcommand=_evaluate_local)


def _evaluate_local(options: argparse.Namespace) -> None:
    from training.evaluate.local import evaluate_local
    from training.evaluate.real_local import evaluate_real_local

    options.out.mkdir(parents=True, exist_ok=True)
    evaluate_local(options.data, options.split, options.maps, options.out)
    evaluate_real_local(options.data / "maps", options.out)


def _evaluate_reconstructions_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("--split", choices=["validation", "test"], default="test")
    subcommand.add_argument(
        "--maps", type=Path, help="default: cache/reconstructions/SPLIT, made by reconstructions"
    )
    subcommand.add_argument(
        "--peers", action="store_true", help="local resolution by other programs' methods, too"
    )
    subcommand.add_argument("--out", type=Path, default=RESULTS)
    subcommand.set_defaults(run_subcommand=_evaluate_reconstructions)


def _evaluate_reconstructions(options: argparse.Namespace) -> None:
    from training.evaluate.reconstructions import evaluate_reconstructions

    folder = options.maps or RECONSTRUCTIONS / options.split
    evaluate_reconstructions(folder, options.split, options.out, options.peers)


def _reproduce_options(subcommand: argparse.ArgumentParser) -> None:
    what = subcommand.add_mutually_exclusive_group(required=True)
    what.add_argument("--table", type=int, choices=range(1, 8))
    what.add_argument("--figure", type=int, choices=range(2, 7))
    subcommand.add_argument(
        "--data", type=Path, default=DATA, help="folder of structures.h5 and maps/"
    )
    subcommand.add_argument("--maps", type=Path, help="published maps; default: maps/ in --data")
    subcommand.add_argument(
        "--per-step", type=int, default=50, help="molecules per step in table 1"
    )
    subcommand.add_argument("--width", type=int, default=16, help="of the U-Nets")
    subcommand.add_argument("--out", type=Path, default=RESULTS)
    subcommand.set_defaults(run_subcommand=_reproduce)


def _reproduce(options: argparse.Namespace) -> None:
    from training.data import published
    from training.evaluate.paper import reproduce, reproduce_local

    options.out.mkdir(parents=True, exist_ok=True)
    runs = reproduce_local.Runs(CACHE / "cubes", CACHE, options.width)
    if options.figure == 6:
        folder = options.maps or options.data / "maps"
        listed = published.published_maps(folder)
        reproduce_local.figure_6([each.path for each in listed], options.out)
        return
    if options.figure:
        unets = {4 + k: runs.folder(m, "paper") for k, m in enumerate(reproduce_local.METHODS)}
        run = ({2: CACHE / "dnn", 3: CACHE / "cnn"} | unets)[options.figure]
        reproduce.training_figures(options.figure, run, options.out)
        return
    if options.table == 6:
        reproduce_local.table_6(runs, options.out)
        reproduce_local.table_6_widths(runs, options.out)
        return
    if options.table == 7:
        reproduce_local.table_7(runs, options.out)
        return
    if options.table == 1:
        reproduce.table_1(options.data, options.out)
        reproduce.table_1_curves(options.data, options.out, options.per_step)
        return
    folder = options.maps or options.data / "maps"
    predictions, refused = reproduce.predict_published(published.published_maps(folder))
    if options.table == 2:
        reproduce.table_2(predictions, refused, folder.name, options.out)
    elif options.table == 5:
        reproduce.table_5(predictions, folder.name, options.out)
    else:
        reproduce.table_3_4(options.table, predictions, folder.name, options.out)


def _robustness_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("--data", type=Path, default=DATA)
    subcommand.add_argument("--maps", type=int, default=60)
    subcommand.add_argument("--out", type=Path, default=RESULTS)
    subcommand.set_defaults(run_subcommand=_robustness)


def _robustness(options: argparse.Namespace) -> None:
    from training.evaluate.robustness import robustness

    robustness(options.data, options.maps, options.out)


def _warnings_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument(
        "--data", type=Path, default=DATA, help="folder of structures.h5 and maps/"
    )
    subcommand.add_argument(
        "--maps", type=int, default=200, help="simulated, and as many noise-free"
    )
    subcommand.add_argument("--out", type=Path, default=RESULTS)
    subcommand.set_defaults(run_subcommand=_warnings)


def _warnings(options: argparse.Namespace) -> None:
    from training.evaluate.warnings import measure

    measure(options.data, options.maps, options.out)


def _half_maps_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument(
        "--data", type=Path, default=DATA, help="folder of structures.h5 and maps/"
    )
    subcommand.add_argument("--maps", type=int, default=150, help="simulated")
    subcommand.add_argument(
        "--reconstructions", type=Path, default=RECONSTRUCTIONS / "validation", help="tried as well"
    )
    subcommand.add_argument("--out", type=Path, default=RESULTS)
    subcommand.set_defaults(run_subcommand=_half_maps)


def _half_maps(options: argparse.Namespace) -> None:
    from training.evaluate.half_maps import measure

    folder = options.reconstructions
    measure(options.data, options.maps, folder if folder.is_dir() else None, options.out)


def _ablation_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("--data", type=Path, default=DATA)
    subcommand.add_argument("--cache", type=Path, default=CACHE / "ablation")
    subcommand.add_argument(
        "--reconstructions", type=Path, default=RECONSTRUCTIONS / "validation", help="scored on"
    )
    subcommand.add_argument("--maps", type=int, default=300, help="per variant")
    subcommand.add_argument("--variants", nargs="+", metavar="NAME", help="default: all")
    subcommand.add_argument("--out", type=Path, default=RESULTS)
    subcommand.set_defaults(run_subcommand=_ablation)


def _ablation(options: argparse.Namespace) -> None:
    from training.evaluate.ablation import VARIANTS, ablation

    names = options.variants or list(VARIANTS)
    if unknown := set(names) - set(VARIANTS):
        sys.exit(f"no variant {min(unknown)!r}; choose from: {', '.join(VARIANTS)}.")
    ablation(
        options.data,
        options.cache,
        options.reconstructions,
        options.maps,
        options.out,
        names,
    )


SUBCOMMANDS = {
    "evaluate": ("score on simulated and real maps", _evaluate_options),
    "evaluate-local": (
        "score local resolution on simulated and real maps",
        _evaluate_local_options,
    ),
    "evaluate-reconstructions": (
        "score on RELION's reconstructions",
        _evaluate_reconstructions_options,
    ),
    "reproduce": ("the paper's tables and figures", _reproduce_options),
    "robustness": ("how predictions change when maps change", _robustness_options),
    "warnings": ("how often each warning is given, rightly and wrongly", _warnings_options),
    "half-maps": ("what is said of half maps, sound and faulty", _half_maps_options),
    "ablation": ("what training needs, by leaving it out", _ablation_options),
}
