"""Arguments shared by several subcommands."""

from __future__ import annotations

import argparse
import math

from ..local.method import Option
from ..networks.session import AUTO, DEVICES

BAD_INPUT = 2


class Parser(argparse.ArgumentParser):
    """Prints errors in one line, without the usage."""

    def error(self, message: str):
        """Print the error and exit with the status of bad input."""
        self.exit(BAD_INPUT, f"mapres: {message} (see {self.prog} --help)\n")


def add_half_maps(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--half-maps``."""
    parser.add_argument(
        "--half-maps", metavar=("A", "B"), nargs=2, help="the two unfiltered half maps"
    )


def add_voxel_size(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--voxel-size``."""
    parser.add_argument(
        "--voxel-size",
        metavar="Å",
        type=positive,
        help="voxel size of the map, its mask and half maps, in place of that in their headers",
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--device``."""
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default=AUTO,
        help="where networks run; auto uses a GPU if there is one (default: %(default)s)",
    )


def add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    """Add an option of a local-resolution method."""
    parse = count if option.kind is int else positive if option.unit == "Å" else float
    metavar = option.unit.upper() if option.kind is int else option.unit
    parser.add_argument(flag(option.name), metavar=metavar, type=parse, help=option.help)


def flag(name: str) -> str:
    """Return an option's name on the command line, such as ``--max-res``."""
    return "--" + name.replace("_", "-")


def positive(text: str) -> float:
    """Parse a number of Å above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a positive number of Å, not {text!r}")
    return value


def count(text: str) -> int:
    """Parse a whole number above 0."""
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)
