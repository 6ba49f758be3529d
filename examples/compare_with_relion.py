"""Compare the local resolution of MapRes with that of RELION, or of any other program.

    python compare_with_relion.py HALF1.mrc HALF2.mrc relion_locres.mrc DIFFERENCE.mrc

MapRes measures the half maps that the other program measured. The other map is in Å, on the same
grid or another; 0 and values from 100 Å on count as unresolved. DIFFERENCE.mrc is MapRes - RELION
(Å) on the grid of the half maps: positive where MapRes reports the lower resolution.
"""

import sys

import numpy as np

import mapres
from mapres.results.compare import agreement
from mapres.results.resample import grid_to_grid


def main(half1_path, half2_path, other_path, difference_path):
    """Measure, compare, print the numbers and write the difference."""
    halves = mapres.read(half1_path), mapres.read(half2_path)
    density = halves[0].with_values((halves[0].values + halves[1].values) / 2, "mean of half maps")
    other = mapres.read(other_path)

    local = mapres.local_resolution(density, half_maps=halves)
    found = agreement(local, other, grid_to_grid(density, other))
    ours = local.values[found.compared]
    theirs = ours - found.difference[found.compared]

    print(f"voxels compared    {ours.size}")
    print(f"median of MapRes   {np.median(ours):.2f} Å")
    print(f"median of other    {np.median(theirs):.2f} Å")
    print(f"median difference  {found.median:+.2f} Å")
    print(f"spread             {found.spread:.2f} Å")
    if found.correlation is not None:
        print(f"correlation        {found.correlation:.2f}")
    # By quarters of the other map, from its highest resolution to its lowest.
    for low, high in ((0, 25), (25, 50), (50, 75), (75, 100)):
        start, stop = np.percentile(theirs, [low, high])
        part = (theirs >= start) & (theirs <= stop)
        print(f"other {start:.2f}-{stop:.2f} Å: median of MapRes {np.median(ours[part]):.2f} Å")
    for warning in (*local.warnings, *found.warnings):
        print(f"Warning: {warning}")
    mapres.write(difference_path, density.with_values(found.difference))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
