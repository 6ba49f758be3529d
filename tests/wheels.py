"""The bundle's wheel, built once for all that a test run installs or looks into."""

import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

TOOLS = Path(__file__).resolve().parents[1] / "tools"
BUILD = """
import sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
import headless
headless.prepare_library(Path(sys.argv[1]))
headless.build_wheel(Path(sys.argv[1]) / "build")
"""


def bundle_wheel(tmp_path_factory) -> Path:
    """Return the path of the wheel, which the first that asks builds."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "bundle"
    with FileLock(f"{folder}.lock"):
        if not list(folder.glob("build/dist/*.whl")):
            command = [sys.executable, "-c", BUILD, str(folder)]
            done = subprocess.run(command, cwd=TOOLS, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("build/dist/*.whl")
    return wheel
