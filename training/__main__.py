"""Make what MapRes ships.

python -m training simulate   labelled patches from simulated maps, into cache/patches
python -m training fit        train the default model; resumes from its last checkpoint
python -m training export     calibrate on the validation split, shrink, write weights and card
python -m training evaluate   score on simulated maps of a split, and on a folder of real maps

Every verb explains its options with --help. Structures (structures.h5, structures.tsv) and real
maps are looked for in --data.
"""

from __future__ import annotations

import argparse
from pathlib import Path

DATA = Path("../shared/data")
CACHE = Path("cache")


def main() -> None:
    """Run one verb."""
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True)
    _simulate_options(verbs.add_parser("simulate", help="make labelled patches"))
    options = parser.parse_args()
    options.run(options)


def _simulate_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--data", type=Path, default=DATA, help="folder of structures.h5")
    verb.add_argument("--out", type=Path, default=CACHE / "patches")
    verb.add_argument("--split", choices=["train", "validation"], default="train")
    verb.add_argument("--maps", type=int, default=400, help="maps per shard")
    verb.add_argument("--shards", type=int, nargs=2, default=(0, 20), metavar=("FROM", "TO"))
    verb.set_defaults(run=_simulate)


def _simulate(options: argparse.Namespace) -> None:
    from training.dataset import examples, write_shard

    options.out.mkdir(parents=True, exist_ok=True)
    for shard in range(*options.shards):
        path = options.out / f"{options.split}-{shard:03d}"
        if path.with_suffix(".npz").exists():
            continue
        source = examples(options.data, options.split, shard, options.maps)
        print(f"{path.name}: {write_shard(source, path)} patches", flush=True)


if __name__ == "__main__":
    main()
