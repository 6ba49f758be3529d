"""Measure the local resolution of a map with its half maps; write it as a map, and a figure.

    python local_with_half_maps.py HALF1 HALF2 OUT.mrc FIGURE.png [--map MAP] [--mask MASK]

Without --map the mean of the half maps is measured. OUT.mrc is in Å on the grid of the map;
OUT-uncertainty.mrc beside it is half the width of the 90% interval at each voxel. In ChimeraX
``color sample #1 map #2 palette ^puor-5`` colors the surface of map #1 by either.
"""

import argparse
from pathlib import Path

import mapres
from mapres.half_maps import half_map_resolution
from mapres.results.figures import local_figure


def main():
    """Read, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name in ("half1", "half2", "output", "figure"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--map", help="the map itself, sharpened for example")
    parser.add_argument("--mask", help="where to measure; found automatically without it")
    options = parser.parse_args()

    halves = mapres.read(options.half1), mapres.read(options.half2)
    mean = halves[0].with_values((halves[0].values + halves[1].values) / 2, "mean of half maps")
    density = mapres.read(options.map) if options.map else mean
    mask = mapres.read(options.mask) if options.mask else None

    local = mapres.local_resolution(density, mask=mask, half_maps=halves)
    lower, upper = local.quartiles
    print(f"Local resolution: median {local.median:.2f} Å, quartiles {lower:.2f}-{upper:.2f} Å")
    print(f"Median voxel uncertainty: ±{local.median_uncertainty:.2f} Å (90% interval)")
    for warning in local.warnings:
        print(f"Warning: {warning}")

    # The global resolution, to put beside the median, in a soft mask that ends beyond the molecule.
    fsc = half_map_resolution(density, halves, local.mask)
    if fsc is not None:
        print(f"Half-map FSC = 0.143 at {fsc:.2f} Å")

    uncertainty = options.output.with_name(f"{options.output.stem}-uncertainty.mrc")
    mapres.write(options.output, density.with_values(local.values))
    mapres.write(uncertainty, density.with_values(local.uncertainty))
    local_figure(density, local, options.figure)
    print(f"Written: {options.output}, {uncertainty}, {options.figure}")


if __name__ == "__main__":
    main()
