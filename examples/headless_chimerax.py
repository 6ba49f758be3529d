"""Run resvalidate and localres in ChimeraX without a window, and save what they give.

    chimerax --nogui --exit --script "headless_chimerax.py MAP.mrc OUTPUT_FOLDER [CLAIMED]"

It writes ``validation.json``, ``local.mrc`` (Å, on the grid of the map), ``surface.glb`` (the
colored surface, for any viewer of 3D models) and ``local.png`` (slices and histogram). With
``--offscreen`` as well (Linux), local.png shows the surface, too.

In a session of the ChimeraX library from PyPI: ``runscript headless_chimerax.py MAP.mrc FOLDER``.
"""

import json
import sys
from pathlib import Path

from chimerax.core.commands import run


def main(session, map_path, folder, claimed=None):
    """Open the map, run both commands as a user types them, and save the results."""
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (map,) = run(session, f'open "{Path(map_path).resolve()}"')
    number = f"#{map.id_string}"

    # Both commands return what they found; the log has the same as a table.
    validation = run(session, f"resvalidate {number}" + (f" claimed {claimed}" if claimed else ""))
    (folder / "validation.json").write_text(json.dumps(validation.as_json(), indent=2))
    local = run(session, f'localres {number} figure "{folder / "local.png"}"')

    run(session, f'save "{folder / "local.mrc"}" models #{local.id_string}')
    run(session, f'save "{folder / "surface.glb"}" models {number}')
    median = local.local_resolution.median
    print(f"{map.name}: global {validation.resolution:.2f} Å, local median {median:.2f} Å")


# ChimeraX puts its session into the globals of the script.
main(session, *sys.argv[1:])  # noqa: F821
