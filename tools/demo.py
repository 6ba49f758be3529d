"""Run both commands on maps in a headless session of the ChimeraX library.

Without a map of your own, these are the two experimental maps that come with the GridDataFormats
package (a channel, and a crystal, which must be refused) and a simulated pair of half maps whose
local resolution is known. The log is printed; local-resolution maps (.mrc), colored surfaces (.glb)
and figures (.png) are written.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import shutil
import sys
import tempfile
from pathlib import Path

import headless

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
OPENERS = {".gz": gzip.open, ".bz2": bz2.open}
# Why the crystal is refused; any other reason is an error.
SKEWED = "non-orthogonal cell"


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; return 0, 1 if an example goes wrong, 2 if the user's map cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--map", type=Path, help="a map of your own, instead of the examples")
    parser.add_argument("--claimed", type=float, help="its published resolution in Å")
    parser.add_argument("--output", type=Path, default=Path("demo-output"))
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mapres-demo-") as folder:
        demo = Demo(headless.start(Path(folder)), options.output, Path(folder) / "inputs")
        try:
            if options.map:
                return 2 if demo.refusal(demo.show, options.map, options.claimed) else 0
            channel = demo.refusal(demo.show, headless.real_map("ispg_0.mrc"))
            crystal = demo.refusal(demo.show, headless.real_map("EMD-3001.map.bz2"))
            simulated = demo.refusal(demo.show_halves, EXAMPLES)
        finally:
            demo.session.triggers.activate_trigger("app quit", None)
    print(f"\nResults are in {options.output}/.")
    if channel or simulated or SKEWED not in crystal:
        print("Only the crystal, EMD-3001, should be refused, and for its cell: see above.")
        return 1
    return 0


class Demo:
    """A session, its log on standard output, and the folders of the results and the inputs."""

    def __init__(self, session, output: Path, inputs: Path):
        self.session = session
        self.output = output
        self.inputs = inputs
        self.log = headless.printed_log()
        session.logger.add_log(self.log)

    def refusal(self, show, *arguments) -> str:
        """Call a method; print and return the sentence that refuses a map, ``""`` if none does."""
        from chimerax.core.errors import UserError

        try:
            show(*arguments)
        except (UserError, OSError, EOFError) as error:
            print(f"Refused: {error}")
            return str(error)
        finally:
            self.run("close")
        return ""

    def show(self, path: Path, claimed: float | None = None) -> None:
        """Open a map, run both commands on it and write their results."""
        self.run_both(self.open(path), "" if claimed is None else f"claimed {claimed}")

    def show_halves(self, folder: Path) -> None:
        """Do the same with the simulated half maps, and compare the result with the truth."""
        names = ("half1.mrc.gz", "half2.mrc.gz", "truth.mrc.gz")
        first, second, truth = (self.open(folder / name) for name in names)
        halves = f"#{first.id_string},{second.id_string}"
        average = self.run(f"volume add {halves} scaleFactors 0.5,0.5")
        average.name = "simulated"
        self.run_both(average, f"halfMaps {halves}", truth)

    def run_both(self, map, options: str = "", truth=None) -> None:
        """Run both commands on an open map and write their results."""
        number = f"#{map.id_string}"
        self.run(f"resvalidate {number} {options}")
        local = self.run(f"localres {number} {options if 'halfMaps' in options else ''}")
        if truth is not None:
            self.compare(local, truth)
        self.write(map, local)

    def compare(self, local, truth) -> None:
        """Print the median distance of a result from the truth, inside the mask."""
        import numpy as np

        inside = local.local_resolution.mask
        difference = np.abs(local.full_matrix() - truth.full_matrix())[inside]
        print(f"Median distance from the simulated truth: {np.median(difference):.2f} Å")

    def write(self, map, local) -> None:
        """Write the local-resolution map, the colored surface and the figure."""
        from chimerax.map_resolution.mapres.results.figures import local_figure
        from chimerax.map_resolution.volumes import density_of

        stem = self.output / Path(map.name).name.partition(".")[0]
        self.run(f'save "{stem}-localres.mrc" models #{local.id_string}')
        self.run(f'save "{stem}-localres.glb" models #{map.id_string}')
        local_figure(density_of(map), local.local_resolution, f"{stem}-localres.png")

    def run(self, command: str):
        """Run a command as a user types it."""
        from chimerax.core.commands import run

        return run(self.session, command.strip())

    def open(self, path: Path):
        """Open a map from a plain file: ChimeraX reads no compressed ones."""
        return self.run(f'open "{self.uncompressed(path)}"')[0]

    def uncompressed(self, path: Path) -> Path:
        """Return the file itself, or an uncompressed copy among the inputs."""
        if path.suffix not in OPENERS:
            return path
        self.inputs.mkdir(exist_ok=True)
        target = self.inputs / path.stem
        with OPENERS[path.suffix](path) as source, open(target, "wb") as copy:
            shutil.copyfileobj(source, copy)
        return target


if __name__ == "__main__":
    sys.exit(main())
