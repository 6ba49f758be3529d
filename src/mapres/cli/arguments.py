"""What the arguments of several subcommands must look like."""

from __future__ import annotations

import argparse
import math

from ..local.method import Option
from ..networks.session import AUTO, DEVICES

BAD_INPUT = 2


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage before it."""

    def error(self, message: str):
        """Print the line and exit with the status of bad input."""
        self.exit(BAD_INPUT, f"mapres: {message} (see {self.prog} --help)\n")


def add_half_maps(parser: argparse.ArgumentParser) -> None:
    """Add the option of two half maps."""
    parser.add_argument("--half-maps", metavar=("A", "B"), nargs=2, help="its two half maps")


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add the choice of where networks run."""
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default=AUTO,
        help="where networks run: a GPU if there is one (%(default)s)",
    )


def add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    """Add an option of a method of local resolution."""
    kinds = {"Å": positive, "voxels": count}
    parser.add_argument(
        "--" + option.name.replace("_", "-"),
        metavar=option.unit.upper() if option.unit == "voxels" else option.unit,
        type=kinds.get(option.unit, float),
        help=option.help,
    )


def positive(text: str) -> float:
    """Return a number of Å above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a positive number of Å, not {text!r}")
    return value


def count(text: str) -> int:
    """Return a whole number above 0."""
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)
