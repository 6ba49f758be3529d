"""The options of the command line, and what they must look like."""

from __future__ import annotations

import argparse
import math

from .. import __version__
from ..local.methods import METHODS
from ..networks.session import AUTO, DEVICES

BAD_INPUT = 2
MODEL_HELP = (
    "default: resolution with a calibrated error bar; dnn, cnn: the paper's classifiers, class "
    "only, where they were trained; all: those that are there, side by side; or the path of a "
    "model card (%(default)s)"
)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage before it."""

    def error(self, message: str):
        self.exit(BAD_INPUT, f"mapres: {message} (see {self.prog} --help)\n")


def parser(description: str) -> argparse.ArgumentParser:
    """Return the parser of the command line; paths are strings."""
    parser = _Parser(
        prog="mapres", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"mapres {__version__}")
    subcommands = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
    _describe_validate(_subcommand(subcommands, "validate", "estimate a map's global resolution"))
    _describe_local(_subcommand(subcommands, "local", "measure a map's local resolution"))
    _describe_fsc(_subcommand(subcommands, "fsc", "correlate two half maps"))
    return parser


def _subcommand(subcommands, name: str, help: str) -> argparse.ArgumentParser:
    subcommand = subcommands.add_parser(
        name, help=help, description=f"{help[0].upper()}{help[1:]}."
    )
    subcommand.add_argument("--json", action="store_true", help="print JSON")
    return subcommand


def _describe_validate(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("maps", metavar="MAP", nargs="+")
    subcommand.add_argument("--claimed", metavar="Å", type=_positive, help="resolution to judge")
    _add_half_maps(subcommand)
    subcommand.add_argument("--model", metavar="NAME", default="default", help=MODEL_HELP)
    _add_device(subcommand)


def _describe_local(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("map", metavar="MAP")
    subcommand.add_argument(
        "-o", "--output", metavar="OUT.mrc", required=True, help="map to write, in Å"
    )
    subcommand.add_argument(
        "--mask", metavar="MASK", help="where to measure; found by itself if missing"
    )
    _add_half_maps(subcommand)
    subcommand.add_argument("--method", choices=METHODS, default=METHODS[0],
                      help="%(choices)s; blocres needs half maps (%(default)s)")  # fmt: skip
    _add_device(subcommand)
    subcommand.add_argument("--max-res", metavar="Å", type=_positive,
                      help="coarsest to try (monores: 20; resmap: 4 voxels)")  # fmt: skip
    subcommand.add_argument("--step", metavar="Å", type=_positive,
                      help="distance between two tried (monores: 0.5; resmap: 1)")  # fmt: skip
    subcommand.add_argument("--box-size", metavar="Å", type=_positive,
                      help="blocres: edge of the boxes (6 times the resolution)")  # fmt: skip
    subcommand.add_argument("--stride", metavar="VOXELS", type=_count,
                      help="blocres: from box to box (1; more in large maps)")  # fmt: skip
    subcommand.add_argument("--cutoff", metavar="FSC", type=float,
                      help="blocres: correlation that counts as resolved (0.5)")  # fmt: skip
    subcommand.add_argument("--false-discovery-rate", metavar="Q", type=float,
                      help="resmap: fraction that noise may make (0.05)")  # fmt: skip
    subcommand.add_argument("--compare", metavar="OTHER",
                      help="another local resolution of the map: a file, or a method")  # fmt: skip
    subcommand.add_argument("--difference", metavar="DIFF.mrc",
                      help="also write this one less the one compared with, in Å")  # fmt: skip
    subcommand.add_argument("--uncertainty", metavar="HALF.mrc",
                      help="mapres: also write half its 90%% interval, in Å")  # fmt: skip
    subcommand.add_argument("--png", metavar="FIG.png", help="also draw slices and a histogram")


def _describe_fsc(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("half1", metavar="HALF1")
    subcommand.add_argument("half2", metavar="HALF2")
    subcommand.add_argument(
        "--mask", metavar="MASK", help="correlate within this mask, corrected for it"
    )
    subcommand.add_argument("--png", metavar="FIG.png", help="also draw the curves")


def _add_half_maps(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("--half-maps", metavar=("A", "B"), nargs=2, help="its two half maps")


def _add_device(subcommand: argparse.ArgumentParser) -> None:
    subcommand.add_argument("--device", choices=DEVICES, default=AUTO,
                      help="where networks run: a GPU if there is one (%(default)s)")  # fmt: skip


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a positive number of Å, not {text!r}")
    return value


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)
