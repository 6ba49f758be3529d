"""Verbs that train networks and write what ships."""

from __future__ import annotations

import argparse
from pathlib import Path

from mapres.methods import NETWORKS, UNCERTAIN, WITH_HALF_MAPS
from training.verbs import CACHE, DATA, MODELS


def _fit_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("network", choices=["default", "local", "dnn", "cnn", "unet"])
    verb.add_argument("--patches", type=Path, default=CACHE / "patches", help="for default")
    verb.add_argument("--cells", type=Path, default=CACHE / "cells", help="for local")
    verb.add_argument("--paper", type=Path, default=CACHE / "paper", help="maps for dnn and cnn")
    verb.add_argument(
        "--as-published", action="store_true", help="for cnn: on whole boxes from the start (GPU)"
    )
    verb.add_argument("--start", type=Path, help="for default: weights to start from")
    verb.add_argument("--cubes", type=Path, default=CACHE / "cubes" / "monores", help="for unet")
    verb.add_argument("--width", type=int, default=16, help="for unet: filters; the paper's is 64")
    verb.add_argument(
        "--honest", action="store_true", help="for unet: divide by map, background has no class"
    )
    verb.add_argument("--half-maps", action="store_true", help="for local: the one that has them")
    verb.add_argument("--out", type=Path, help="default: cache/NETWORK")
    verb.add_argument(
        "--minutes",
        type=float,
        default=60.0,
        help="default and local: of training altogether; others: of this piece (60)",
    )
    verb.set_defaults(run_verb=_fit)


def _fit(options: argparse.Namespace) -> None:
    out = options.out or CACHE / options.network
    if options.network == "default":
        from training.fit import fit
        from training.schedule import Schedule

        # A trained start is only adjusted: a third of the usual rate.
        rate = 5e-4 if options.start else Schedule.peak_rate
        schedule = Schedule(minutes=options.minutes, peak_rate=rate)
        fit(options.patches, out, schedule, options.start)
        return
    if options.network == "local":
        from training.fit_local import fit_local

        out = options.out or CACHE / _local_name(options.half_maps)
        fit_local(options.cells, out, options.minutes, options.half_maps)
        return
    from training.fit_cnn import fit_cnn
    from training.fit_dnn import fit_dnn
    from training.fit_unet import fit_unet, run_folder

    if options.network == "unet":
        protocol = "honest" if options.honest else "paper"
        run = options.out or run_folder(CACHE, options.cubes.name, options.width, protocol)
        fit_unet(options.cubes, run, options.width, options.honest, options.minutes)
    elif options.network == "dnn":
        fit_dnn(options.paper, out, options.minutes)
    else:
        fit_cnn(options.paper, out, options.minutes, options.as_published)


def _export_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--data", type=Path, default=DATA)
    verb.add_argument("--run", type=Path, default=CACHE / "default", help="folder of `fit`")
    verb.add_argument("--patches", type=Path, default=CACHE / "patches")
    verb.add_argument("--out", type=Path, default=MODELS)
    verb.add_argument("--name", default="default")
    verb.set_defaults(run_verb=_export)


def _export(options: argparse.Namespace) -> None:
    from training.export import export

    export(options.data, options.run, options.patches, options.out, options.name)


def _export_local_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--run", type=Path, help="folder of `fit`; default: cache/local[-halves]")
    verb.add_argument("--cells", type=Path, default=CACHE / "cells")
    verb.add_argument("--half-maps", action="store_true", help="the one that has them")
    verb.add_argument("--out", type=Path, default=MODELS)
    verb.set_defaults(run_verb=_export_local)


def _export_local(options: argparse.Namespace) -> None:
    from training.export_local import export_local

    name = _local_name(options.half_maps)
    run = options.run or CACHE / name
    export_local(run, options.cells, options.half_maps, options.out, name)


def _local_name(half_maps: bool) -> str:
    return WITH_HALF_MAPS if half_maps else NETWORKS[UNCERTAIN]


def _export_paper_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("network", choices=["dnn", "cnn"])
    verb.add_argument("--paper", type=Path, default=CACHE / "paper")
    verb.add_argument("--run", type=Path, help="folder of `fit`; default: cache/NETWORK")
    verb.add_argument("--out", type=Path, default=MODELS)
    verb.add_argument("--test-maps", type=int, help="compare on so many only (default: all)")
    verb.set_defaults(run_verb=_export_paper)


def _export_paper(options: argparse.Namespace) -> None:
    from training.export_paper import export_paper

    run = options.run or CACHE / options.network
    export_paper(options.paper, run, options.out, options.network, options.test_maps)


def _export_unet_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("labels", choices=["monores", "resmap"])
    verb.add_argument("--cubes", type=Path, default=CACHE / "cubes", help="a folder a method")
    verb.add_argument("--width", type=int, default=16)
    verb.add_argument("--out", type=Path, default=MODELS)
    verb.set_defaults(run_verb=_export_unet)


def _export_unet(options: argparse.Namespace) -> None:
    from training.export_unet import export_unet

    export_unet(options.cubes / options.labels, CACHE, options.width, options.out)


VERBS = {
    "fit": ("train default, local, dnn, cnn or unet", _fit_options),
    "export": ("calibrate the default, write weights and card", _export_options),
    "export-local": ("calibrate the local model, write weights and card", _export_local_options),
    "export-unet": ("write weights and card of a U-Net", _export_unet_options),
    "export-paper": ("shrink dnn or cnn, write weights and card", _export_paper_options),
}
