"""Estimate and validate the resolution of cryo-EM maps, from the maps alone.

  mapres validate MAP ...     class, resolution in Å with its interval, verdict on a claim
  mapres local MAP -o OUT     local resolution in Å, written as a map on the same grid
  mapres fsc HALF1 HALF2      Fourier shell correlation of two half maps

Maps are MRC/CCP4 files, plain or compressed (.gz, .bz2). With --json the standard output is one
JSON object (for several maps, one per line). Exit status: 0 success; 2 bad input (one line on
standard error says what); 130 interrupted (no partial files are left).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from . import __version__, threads
from .cli import fsc, local, validate
from .cli.arguments import Parser, count
from .cli.terminal import complain
from .errors import MapResError

INTERRUPTED = 130
SUBCOMMANDS = {"validate": validate, "local": local, "fsc": fsc}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (without the program's name) and return the exit status."""
    try:
        options = parser().parse_args(argv)
        if options.threads:
            threads.use(options.threads)
        return options.run(options)
    except MapResError as error:
        return complain(error)
    except MemoryError:
        return complain("not enough memory for this map; close other programs or crop the map.")
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """Return the command-line parser."""
    whole = Parser(
        prog="mapres", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    whole.add_argument("--version", action="version", version=f"mapres {__version__}")
    subcommands = whole.add_subparsers(metavar="SUBCOMMAND", required=True)
    for name, module in SUBCOMMANDS.items():
        text = (module.__doc__ or name).strip()
        part = subcommands.add_parser(name, help=f"{text[0].lower()}{text[1:-1]}", description=text)
        part.add_argument("--json", action="store_true", help="print JSON")
        part.add_argument("--threads", metavar="N", type=count, help=_threads_help())
        module.add_options(part)
        part.set_defaults(run=module.run)
    return whole


def _threads_help() -> str:
    return (
        f"most threads to use; by default {threads.LIMIT}, or as many as there are cores, up to "
        f"{threads.MOST}"
    )


if __name__ == "__main__":
    sys.exit(main())
