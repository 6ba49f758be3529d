"""RELION's programs, and the STAR files that they take and give."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import mrcfile
import numpy as np
from numpy.typing import NDArray

from mapres.errors import MapResError
from mapres.fsc import first_crossing

PROGRAMS = ("relion_project", "relion_reconstruct", "relion_postprocess")
# kV, mm, and the fraction of amplitude contrast.
VOLTAGE, ABERRATION, AMPLITUDE = 300, 2.7, 0.1
OPTICS = (
    *("OpticsGroup", "OpticsGroupName", "Voltage", "SphericalAberration", "AmplitudeContrast"),
    *("ImagePixelSize", "ImageSize", "ImageDimensionality"),
)
PARTICLE = (
    *("ImageName", "OpticsGroup", "AngleRot", "AngleTilt", "AnglePsi", "OriginXAngst"),
    *("OriginYAngst", "DefocusU", "DefocusV", "DefocusAngle", "RandomSubset"),
)


def require() -> None:
    """Raise MapResError unless RELION is installed."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise MapResError(
            f"{', '.join(missing)} not found on the PATH; install RELION 3.1 (on Debian: apt-get "
            "install --no-install-recommends relion)."
        )


def run(folder: Path, *words: object) -> None:
    """Run a program in a folder.

    Raises
    ------
    MapResError
        If it fails.
    """
    command = [str(word) for word in words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MapResError(f"{command[0]} failed: {done.stderr.strip()[-500:]}")


def load(path: Path) -> NDArray[np.float32]:
    """Read a map or a stack, shape (z, y, x)."""
    return np.array(mrcfile.read(path), dtype=np.float32)


def save(path: Path, values: NDArray, voxel_size: float) -> None:
    """Write a map or a stack."""
    with mrcfile.new(path, np.ascontiguousarray(values, np.float32), overwrite=True) as mrc:
        mrc.voxel_size = voxel_size


def write_particles(
    path: Path, images: str, particles: NDArray, box: int, voxel_size: float
) -> None:
    """Write a STAR file of particles.

    Parameters
    ----------
    path : where
    images : name of their stack
    particles : array, shape (n, 9), the columns of `PARTICLE` after the second
    box, voxel_size : of the images, voxels and Å
    """
    lines = ["# version 30001", "", "data_optics", "", *_loop(OPTICS)]
    lines += [f"1 og1 {VOLTAGE} {ABERRATION} {AMPLITUDE} {voxel_size:.4f} {box} 2", ""]
    lines += ["# version 30001", "", "data_particles", "", *_loop(PARTICLE)]
    for k, row in enumerate(particles, 1):
        numbers = " ".join(f"{number:.4f}" for number in row[:-1])
        lines.append(f"{k:06d}@{images} 1 {numbers} {int(row[-1])}")
    path.write_text("\n".join(lines) + "\n")


def _loop(names: tuple[str, ...]) -> list[str]:
    return ["loop_", *(f"_rln{name} #{k}" for k, name in enumerate(names, 1))]


def corrected_fsc(star: Path) -> tuple[NDArray, NDArray]:
    """Return frequencies (1/Å) and corrected FSC from what ``relion_postprocess`` writes."""
    text = star.read_text()
    table = text[text.index("data_fsc") :].split("data_guinier")[0].splitlines()
    names = [line.split()[0] for line in table if line.startswith("_rln")]
    wanted = [
        names.index(f"_rln{name}") for name in ("Resolution", "FourierShellCorrelationCorrected")
    ]
    rows = [line.split() for line in table]
    numbers = [row for row in rows if len(row) >= len(names) and row[0].isdigit()]
    frequency, fsc = np.array([[float(row[k]) for k in wanted] for row in numbers]).T
    return frequency, fsc


def resolution_of(frequency: NDArray, fsc: NDArray) -> float | None:
    """Return where an FSC first falls below 0.143, Å, interpolated: RELION rounds to a shell."""
    kept = frequency > 0
    level = np.full(int(kept.sum()), 0.143)
    return first_crossing(frequency[kept], fsc[kept], level, 1 / frequency.max())
