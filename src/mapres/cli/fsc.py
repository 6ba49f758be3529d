"""Correlate two half maps."""

from __future__ import annotations

import argparse

from ..density import notes_of, require_same_grid, safely_scaled
from .arguments import add_voxel_size
from .files import check_outputs, read_each
from .terminal import print_result, working


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("half1", metavar="HALF1")
    parser.add_argument("half2", metavar="HALF2")
    parser.add_argument(
        "--mask", metavar="MASK", help="mask of both half maps; the FSC is corrected for it"
    )
    add_voxel_size(parser)
    parser.add_argument("--png", metavar="FIG.png", help="also plot the curves")


def run(options: argparse.Namespace) -> int:
    """Correlate the half maps and print the resolution; return the exit status."""
    from ..checks.check import Evidence, run_checks
    from ..checks.half_map_measurements import measure_half_maps
    from ..checks.half_maps import PAIR
    from ..fsc import fourier_shell_correlation
    from ..half_maps import checked_half_map
    from ..masks.given import given_mask
    from ..masks.rim import leveled
    from ..results.fsc_report import fsc_json, fsc_rows
    from ..validation.molecule import molecule_of

    check_outputs(options)
    with working():
        paths = options.half1, options.half2, options.mask
        *read, mask = read_each(*paths, voxel_size=options.voxel_size)
        for half in read:
            require_same_grid(read[0], checked_half_map(half), "half map")
        first, second = halves = safely_scaled((leveled(read[0]), leveled(read[1])))
        masked = mask and given_mask(mask, first)
        weights = masked.weights if masked else None
        molecule = masked.place if masked else molecule_of(halves)
        pair = measure_half_maps(halves, molecule, mask=weights, given_mask=True)
        findings = run_checks(PAIR, Evidence(first, half_maps=pair))
        curve = pair.curve or fourier_shell_correlation(
            first.values, second.values, first.voxel_size, weights
        )
        if options.png:
            from ..results.fsc_figure import fsc_figure

            fsc_figure(curve, options.png)
    warnings = [*(masked.warnings if masked else ()), *(finding.text for finding in findings)]
    notes = notes_of(first, second, masked)
    shown = (first, second, curve, masked, warnings, notes, pair)
    print_result(options.json, lambda: fsc_json(*shown), lambda: fsc_rows(*shown))
    return 0
