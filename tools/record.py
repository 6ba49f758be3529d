"""Record what the default and the local networks answer, for tests/test_recorded.py.

Run ``python tools/record.py`` in the project's root after a change that is meant to move answers;
it prints how far each has moved.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import numpy as np

from mapres import local_resolution, validate

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
recorded = import_module("test_recorded")


def main() -> None:
    """Replace the answers of the default and the local networks, and say how far they moved."""
    said = json.loads((recorded.RECORDED / "answers.json").read_text())
    arrays = dict(recorded.ARRAYS)
    for name in recorded.PLACES:
        density, _, halves = recorded.maps(name)
        found = validate(density)
        now = [found.interval[0], found.resolution, found.interval[1]]
        _show(f"{name}/default", said[f"{name}/default"]["resolution_A"], now)
        probabilities = [round(p, 6) for p in found.probabilities.values()]
        said[f"{name}/default"] |= {"probabilities": probabilities, "resolution_A": now}
        for model, pair in (("local", None), ("local-halves", halves)):
            key = f"{name}/{model}"
            places, values = recorded.some_voxels(local_resolution(density, half_maps=pair))
            _show(key, arrays[key], values)
            said[key]["voxels"], arrays[key] = places, np.asarray(values, dtype=np.float32)
    (recorded.RECORDED / "answers.json").write_text(json.dumps(said, indent=1) + "\n")
    np.savez_compressed(recorded.RECORDED / "answers.npz", **arrays)


def _show(key: str, before, now) -> None:
    moved = np.abs(np.divide(now, before) - 1)
    print(f"{key}: moved by {np.median(moved):.2%} in the median, {moved.max():.2%} at most")


if __name__ == "__main__":
    main()
