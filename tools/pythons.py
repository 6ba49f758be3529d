"""Run the core's tests under every other Python that is found: 3.10 and newer.

Run ``python tools/pythons.py [--quick]`` in the project's root. Each Python gets an environment of
its own in ``.venv/pythons``, with the newest versions of all that is needed; ``--quick`` runs the
tests of what depends on versions most: files, networks and recorded answers.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
# What tests need beside the package itself.
TOOLS = ("pytest", "hypothesis", "onnx")
QUICK = ("recorded", "registry", "graph", "session", "imports", "io", "fsc")
# mrcfile 1.5.4 does to records what NumPy 2.5 would rather it did not.
IGNORED = (
    *("-W", "ignore:Setting the dtype on a NumPy array:DeprecationWarning"),
    *("-W", "ignore:Setting the shape on a NumPy array:DeprecationWarning"),
)
# Of the ChimeraX library, of pip alone, or of what trains networks.
ELSEWHERE = ("bundle", "demo", "dependencies", "examples")
OTHERS = {"chimerax", "training"}


def main() -> int:
    """Test under every Python but this one; return 1 if a test fails, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer tests")
    quick = parser.parse_args().quick
    this = f"{sys.version_info[0]}.{sys.version_info[1]}"
    there = {version: found(version) for version in VERSIONS if version != this}
    failed = [v for v, python in there.items() if python and not passes(v, python, quick)]
    missing = [version for version, python in there.items() if python is None]
    if missing:
        print(f"not found, not tested: Python {', '.join(missing)}")
    return 1 if failed else 0


def found(version: str) -> Path | None:
    """Return an interpreter of a version: on the path, or among those of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    named = shutil.which(f"python{version}")
    places = [Path(named)] if named else []
    places += sorted(pyenv.glob(f"{version}.*/bin/python"))
    # pyenv puts stand-ins on the path for versions that are not chosen.
    return next((place for place in places if runs(place)), None)


def runs(python: Path) -> bool:
    """Return whether an interpreter starts."""
    return subprocess.run([python, "-c", ""], capture_output=True).returncode == 0


def passes(version: str, python: Path, quick: bool) -> bool:
    """Return whether the tests pass, in an environment made from nothing."""
    folder = ROOT / ".venv" / "pythons" / version
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", folder], check=True)
    inside = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    # From a copy: pip leaves what it builds beside the sources.
    source = folder / "source"
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    for name in ("setup.py", "bundle_info.xml", "pyproject.toml"):
        shutil.copy(ROOT / name, source)
    pip = [inside, "-m", "pip", "install", "--quiet", "--no-compile"]
    if subprocess.run([*pip, *TOOLS, source]).returncode:
        # Without a network there is nothing to test; else what is declared does not resolve.
        offline = subprocess.run([*pip, "--dry-run", "--no-deps", "mrcfile"]).returncode
        print(f"Python {version}: pip could not install what is needed")
        return bool(offline)
    print(f"Python {version}", flush=True)
    done = subprocess.run([inside, "-m", "pytest", "-q", *IGNORED, *chosen(quick)], cwd=ROOT)
    return done.returncode == 0


def chosen(quick: bool) -> list[str]:
    """Return the files of the tests that are run."""
    files = [p for p in sorted((ROOT / "tests").rglob("test_*.py")) if not OTHERS & {*p.parts}]
    names = {path: path.stem.removeprefix("test_") for path in files}
    if quick:
        return [str(path) for path in files if names[path] in QUICK]
    return [str(path) for path in files if names[path] not in ELSEWHERE]


if __name__ == "__main__":
    sys.exit(main())
