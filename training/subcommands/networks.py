"""Subcommands that train networks and write what ships."""

from __future__ import annotations

import argparse
from pathlib import Path

from mapres.features.patches import PATCH
from training.subcommands import CACHE, DATA, MODELS, RECONSTRUCTIONS

# Networks of local resolution, and whether each is given half maps.
LOCAL = {"local": False, "local-halves": True}
SHIPPED = ("default", *LOCAL, "dnn", "cnn", "unet-monores", "unet-resmap")


def _fit_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("network", choices=["default", "local", "dnn", "cnn", "unet"])
    subcommand.add_argument("--patches", type=Path, default=CACHE / "patches", help="for default")
    subcommand.add_argument("--cells", type=Path, default=CACHE / "cells", help="for local")
    subcommand.add_argument(
        "--paper", type=Path, default=CACHE / "paper", help="maps for dnn and cnn"
    )
    subcommand.add_argument(
        "--as-published", action="store_true", help="for cnn: on whole boxes from the start (GPU)"
    )
    subcommand.add_argument("--start", type=Path, help="default and local: weights to start from")
    subcommand.add_argument(
        "--edge", type=int, default=PATCH, help="for default: voxels of the patches trained on"
    )
    subcommand.add_argument(
        "--tune",
        action="store_true",
        help="for default: adjust the head of a trained network to other patches, and no more",
    )
    subcommand.add_argument(
        "--cubes", type=Path, default=CACHE / "cubes" / "monores", help="for unet"
    )
    subcommand.add_argument(
        "--width", type=int, default=16, help="for unet: filters; the paper's is 64"
    )
    subcommand.add_argument(
        "--split-by-map",
        action="store_true",
        help="for unet: evaluate on held-out maps; background has no class",
    )
    subcommand.add_argument(
        "--half-maps", action="store_true", help="for local: the one that has them"
    )
    subcommand.add_argument("--out", type=Path, help="default: cache/NETWORK")
    subcommand.add_argument(
        "--minutes",
        type=float,
        default=60.0,
        help="default and local: of training altogether; others: of this piece (60)",
    )
    subcommand.set_defaults(run_subcommand=_fit)


def _fit(options: argparse.Namespace) -> None:
    out = options.out or CACHE / options.network
    if options.network == "default":
        from training.global_model.fit import fit, tune
        from training.models.schedule import ByTime

        if options.tune:
            tune(options.patches, out)
            return
        # A trained start is only adjusted: a third of the usual rate.
        rate = 5e-4 if options.start else ByTime.peak_rate
        schedule = ByTime(minutes=options.minutes, peak_rate=rate)
        fit(options.patches, out, schedule, options.start, options.edge)
        return
    if options.network == "local":
        from training.local_model.fit_local import fit_local

        name = next(name for name, given in LOCAL.items() if given == options.half_maps)
        out = options.out or CACHE / name
        fit_local(options.cells, out, options.minutes, options.half_maps, options.start)
        return
    from training.avramov2019.classifiers.fit_cnn import fit_cnn
    from training.avramov2019.classifiers.fit_dnn import fit_dnn
    from training.avramov2019.unets.fit_unet import fit_unet, run_folder

    if options.network == "unet":
        protocol = "split-by-map" if options.split_by_map else "paper"
        run = options.out or run_folder(CACHE, options.cubes.name, options.width, protocol)
        fit_unet(options.cubes, run, options.width, options.split_by_map, options.minutes)
    elif options.network == "dnn":
        fit_dnn(options.paper, out, options.minutes)
    else:
        fit_cnn(options.paper, out, options.minutes, options.as_published)


def _export_options(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("network", choices=SHIPPED)
    subcommand.add_argument(
        "--keras", type=Path, metavar="FILE", help="write the graph only, of this Keras file"
    )
    subcommand.add_argument(
        "--recalibrate", action="store_true", help="default: fit the calibration of the card anew"
    )
    subcommand.add_argument("--data", type=Path, default=DATA)
    subcommand.add_argument("--run", type=Path, help="folder of `fit`; default: cache/NETWORK")
    subcommand.add_argument("--patches", type=Path, default=CACHE / "patches", help="of default")
    subcommand.add_argument("--cells", type=Path, default=CACHE / "cells", help="of local")
    subcommand.add_argument(
        "--reconstructions",
        type=Path,
        default=RECONSTRUCTIONS / "validation",
        help="that calibrate default",
    )
    subcommand.add_argument(
        "--paper", type=Path, default=CACHE / "paper", help="maps of dnn and cnn"
    )
    subcommand.add_argument("--test-maps", type=int, help="dnn, cnn: compare on so many maps only")
    subcommand.add_argument(
        "--cubes", type=Path, default=CACHE / "cubes", help="one folder per method"
    )
    subcommand.add_argument("--width", type=int, default=16, help="of the U-Nets")
    subcommand.add_argument("--out", type=Path, default=MODELS)
    subcommand.set_defaults(run_subcommand=_export)


def _export(options: argparse.Namespace) -> None:
    name, data, out = options.network, options.data, options.out
    run = options.run or CACHE / name
    if options.keras:
        from training.models.ship import convert

        convert(options.keras, out, name, data)
    elif name == "default":
        from training.global_model.export import export, recalibrate

        if options.recalibrate:
            recalibrate(data, options.reconstructions, out, name)
        else:
            export(data, run, options.patches, options.reconstructions, out, name)
    elif name in LOCAL:
        from training.local_model.export_local import export_local

        export_local(data, run, options.cells, LOCAL[name], out, name)
    elif name in ("dnn", "cnn"):
        from training.avramov2019.classifiers.export_classifiers import export_paper

        export_paper(data, options.paper, run, out, name, options.test_maps)
    else:
        from training.avramov2019.unets.export_unet import export_unet

        labels = name.removeprefix("unet-")
        export_unet(data, options.cubes / labels, CACHE, options.width, out)


SUBCOMMANDS = {
    "fit": ("train default, local, dnn, cnn or unet", _fit_options),
    "export": ("calibrate or shrink a network, write weights and card", _export_options),
}
