"""Validate every map of a folder against its claimed resolution, and write a table.

    python validate_folder.py MAPS CLAIMS.csv RESULTS.csv

CLAIMS.csv has the columns ``map`` (a file name in the folder MAPS) and ``claimed`` (Å), and may
have ``half1`` and ``half2``, the half maps of that map. Other maps of the folder are validated
without a claim. A file that cannot be used gets a row that says why, and does not stop the rest.
"""

import argparse
import csv
from pathlib import Path

import mapres

SUFFIXES = (".mrc", ".map", ".ccp4", ".mrc.gz", ".map.gz", ".map.bz2")
COLUMNS = ("map", "claimed", "verdict", "resolution", "from", "to", "half_map_fsc", "remarks")


def row(folder, claim):
    """Return what MapRes says of one map, under COLUMNS."""
    claimed = float(claim["claimed"]) if claim.get("claimed") else None
    halves = None
    if claim.get("half1"):
        halves = mapres.read(folder / claim["half1"]), mapres.read(folder / (claim["half2"] or ""))
    density = mapres.read(folder / claim["map"])
    found = mapres.validate(density, claimed=claimed, half_maps=halves)
    fsc = found.half_map_fsc and f"{found.half_map_fsc:.2f}"
    numbers = [f"{value:.2f}" for value in (found.resolution, *found.interval)]
    remarks = " ".join(found.warnings)
    return [claim["map"], claimed, found.verdict, *numbers, fsc, remarks]


def main():
    """Read the claims, validate map by map, and write a row for each as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name in ("maps", "claims", "results"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    with open(options.claims, newline="", encoding="utf-8-sig") as stream:
        claims = list(csv.DictReader(stream))
    named = {claim.get(key) for claim in claims for key in ("map", "half1", "half2")}
    files = sorted(path.name for path in options.maps.iterdir() if path.name.endswith(SUFFIXES))
    claims += [{"map": name} for name in files if name not in named]
    with open(options.results, "w", buffering=1, newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for claim in claims:
            try:
                result = row(options.maps, claim)
            except ValueError as error:  # Every error of MapRes is one, and says what to do.
                result = [claim["map"], claim.get("claimed"), *[None] * 5, f"Error: {error}"]
            writer.writerow(result)
            print("  ".join("-" if value is None else str(value) for value in result), flush=True)


if __name__ == "__main__":
    main()
