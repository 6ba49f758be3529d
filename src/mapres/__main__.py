"""How good cryo-EM maps really are, from the maps alone.

  mapres validate MAP ...     class, resolution in Å with its interval, verdict on a claimed value
  mapres local MAP -o OUT     local resolution in Å, written as a map on the same grid
  mapres fsc HALF1 HALF2      Fourier shell correlation of two half maps

Maps are MRC/CCP4 files, plain or compressed (.gz, .bz2). With --json the standard output is one
JSON object (for several maps, one a line). Exit status: 0 done; 2 bad input, which one line on the
standard error names; 130 interrupted, with nothing half-written left behind.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

from .cli.arguments import BAD_INPUT, parser
from .density import Density, Progress, checked, labeled, require_same_grid, safely_scaled, silent
from .errors import MapResError, OutputError
from .local.methods import METHODS, UNCERTAIN

if TYPE_CHECKING:
    from .validation.validate import Validation

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (without the program's name) and return the exit status."""
    try:
        options = parser(__doc__).parse_args(argv)
        return SUBCOMMANDS[options.subcommand](options)
    except MapResError as error:
        return _complain(error)
    except MemoryError:
        return _complain("not enough memory for this map; close other programs or crop the map.")
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED


def _validate(options: argparse.Namespace) -> int:
    from .results.report import comparison_json, comparison_rows

    if options.half_maps and len(options.maps) > 1:
        raise MapResError("--half-maps belongs to one map; give one map at a time.")
    status = 0
    for path in options.maps:
        try:
            with _working() as progress:
                results = _validations(path, options, progress)
        except MapResError as error:
            # One bad map among many must not hide what the others are.
            status = _complain(error)
        else:
            _print(options, comparison_json(results), comparison_rows(results))
    return status


def _validations(path: str, options: argparse.Namespace, progress: Progress) -> list[Validation]:
    """Validate one map with each of the models asked for."""
    from . import io as mrc
    from .networks.registry import chosen
    from .validation.validate import validate

    density, half_maps = mrc.read(path), _half_maps(options.half_maps)
    shared = {"claimed": options.claimed, "half_maps": half_maps, "device": options.device}
    shared["progress"] = progress
    return [validate(density, model=name, **shared) for name in chosen(options.model)]


def _local(options: argparse.Namespace) -> int:
    from . import io as mrc
    from .local.methods import OPTION_NAMES
    from .local.resolution import local_resolution
    from .results.compare import agreement
    from .results.report import local_json, local_rows
    from .results.resample import grid_to_grid

    _check_outputs(options)
    with _working() as progress:
        density = mrc.read(options.map)
        shared: dict[str, Any] = {
            "mask": options.mask and mrc.read(options.mask),
            "half_maps": _half_maps(options.half_maps),
            "device": options.device,
            "progress": progress,
        }
        chosen = {name: getattr(options, name) for name in OPTION_NAMES}
        other, doubts = _other(options, density, shared) if options.compare else (None, ())
        result = local_resolution(density, method=options.method, **shared, **chosen)
        agreed = None
        if other:
            place = grid_to_grid(density, other)
            agreed = agreement(result, other, place, warnings=doubts)
        mrc.write(options.output, density.with_values(result.values))
        if options.uncertainty:
            mrc.write(options.uncertainty, density.with_values(result.uncertainty))
        if agreed and options.difference:
            mrc.write(options.difference, density.with_values(agreed.difference))
        if options.png:
            from .results.figures import local_figure

            local_figure(density, result, options.png)
    summary = local_json(density, result, agreed) | {"output": options.output}
    _print(options, summary, [*local_rows(density, result, agreed), ("Output", options.output)])
    return 0


def _other(
    options: argparse.Namespace, density: Density, shared: dict[str, Any]
) -> tuple[Density, tuple[str, ...]]:
    """Return the local resolution to compare with, of a method or any program, and its warnings."""
    from . import io as mrc
    from .local.resolution import local_resolution
    from .results.compare import checked_resolution
    from .results.report import METHOD_NAMES

    if options.compare not in METHODS:
        return checked_resolution(mrc.read(options.compare)), ()
    name = METHOD_NAMES[options.compare]
    progress = labeled(shared["progress"], name)
    found = local_resolution(density, method=options.compare, **shared | {"progress": progress})
    return density.with_values(found.resolved, name), found.warnings


def _fsc(options: argparse.Namespace) -> int:
    from . import io as mrc
    from .fsc import fourier_shell_correlation
    from .half_maps import pair_doubts
    from .results.report import fsc_json, fsc_rows

    _check_outputs(options)
    with _working():
        halves = checked(mrc.read(options.half1)), checked(mrc.read(options.half2))
        first, second = safely_scaled(halves)
        require_same_grid(first, second, "half map")
        mask = mrc.read(options.mask) if options.mask else None
        if mask:
            require_same_grid(first, mask, "mask")
        warnings = list(pair_doubts(first, second, mask.values > 0.5 if mask else None))
        curve = fourier_shell_correlation(
            first.values, second.values, first.voxel_size, mask.values if mask else None
        )
        if options.png:
            from .results.figures import fsc_figure

            fsc_figure(curve, options.png)
    shown = (first, second, curve, mask, warnings)
    _print(options, fsc_json(*shown), fsc_rows(*shown))
    return 0


def _check_outputs(options: argparse.Namespace) -> None:
    """Refuse, before a long computation, outputs that could not be written after it."""
    from .output import require_writable
    from .results.figures import require_matplotlib

    named = vars(options)
    inputs = [named.get(role) for role in ("map", "mask", "half1", "half2", "compare")]
    inputs += named.get("half_maps") or ()
    if named.get("difference") and not named.get("compare"):
        raise OutputError("--difference is from what --compare names; give both.")
    if named.get("uncertainty") and options.method != UNCERTAIN:
        raise OutputError(
            f"--uncertainty is of the method {UNCERTAIN}; choose that, or leave it out."
        )
    roles = ("output", "difference", "uncertainty", "png")
    outputs = [path for path in map(named.get, roles) if path]
    for path in outputs:
        require_writable(path, filter(None, inputs))
    places = [os.path.realpath(path) for path in outputs]
    if twice := [p for p, place in zip(outputs, places, strict=True) if places.count(place) > 1]:
        raise OutputError(f"{twice[0]} is named for two outputs; choose two names.")
    if options.png:
        require_matplotlib()


def _half_maps(paths: Sequence[str] | None) -> tuple[Density, Density] | None:
    from . import io as mrc

    return (mrc.read(paths[0]), mrc.read(paths[1])) if paths else None


@contextmanager
def _working() -> Iterator[Progress]:
    """Keep the standard output for the result, and show progress where somebody may watch it."""
    with redirect_stdout(sys.stderr):
        if not sys.stderr.isatty():
            yield silent
            return
        try:
            yield lambda fraction, message: _show(f"{fraction:4.0%} {message}")
        finally:
            _show("")


def _show(text: str) -> None:
    # Back to the line's start, and clear what is longer than the new text.
    print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)


def _print(options: argparse.Namespace, summary: dict[str, Any], rows: list) -> None:
    from .results.report import as_text

    text = json.dumps(summary) if options.json else as_text(rows) + "\n"
    # A pipe may have an encoding without Å.
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


def _complain(error: MapResError | str) -> int:
    print("mapres:", " ".join(str(error).split()), file=sys.stderr)
    return BAD_INPUT


SUBCOMMANDS = {"validate": _validate, "local": _local, "fsc": _fsc}

if __name__ == "__main__":
    sys.exit(main())
