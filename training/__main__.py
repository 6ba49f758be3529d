"""Make what MapRes ships.

python -m training simulate        labeled patches from simulated maps, into cache/patches
python -m training cells           labeled cells of such maps for the local model, into cache/cells
python -m training reconstructions RELION's maps of particles, into cache/reconstructions
python -m training paper-maps      the paper's simulated maps, into cache/paper
python -m training unet-cubes      cubes of maps labeled by MonoRes or ResMap, into cache/cubes
python -m training fit             train a network; resumes from its last checkpoint
python -m training export          calibrate or shrink a network, write it as ONNX, with its card
python -m training evaluate        score on simulated maps of a split, and on a folder of real maps
python -m training evaluate-reconstructions  the same of RELION's reconstructions
python -m training evaluate-local  the same of local resolution, by several methods
python -m training reproduce       the paper's tables and figures 2 to 6
python -m training robustness      how predictions change when maps are changed
python -m training warnings        how often each warning is given, rightly and wrongly
python -m training half-maps       the same of half maps, sound and faulty, and verdicts by them
python -m training ablation        the default head trained anew, each time without one ingredient
python -m training label           local-resolution labels of maps, by any method
python -m training fetch           the paper's maps from EMDB, or the structures from the PDB
python -m training example         write a small pair of half maps with its truth into examples/

Every subcommand explains its options with --help. Structures (structures.h5, structures.tsv) and
real maps are looked for in --data.
"""

from __future__ import annotations

import argparse
import os
import sys

from mapres.errors import MapResError
from training.subcommands import maps, networks, results


def main() -> None:
    """Run one subcommand."""
    # TensorFlow leaves its faster convolutions off on many processors: 2.6 s against 0.8 s for one
    # training map of the 3D CNN on two AVX2 cores.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subcommands = parser.add_subparsers(required=True)
    for name, (text, describe) in (
        maps.SUBCOMMANDS | networks.SUBCOMMANDS | results.SUBCOMMANDS
    ).items():
        describe(subcommands.add_parser(name, help=text, description=text))
    options = parser.parse_args()
    try:
        options.run_subcommand(options)
    except (FileNotFoundError, MapResError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
