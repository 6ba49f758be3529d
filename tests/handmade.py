"""Maps made by hand: a ball, a chain of atoms, MRC files written byte by byte from the standard."""

import struct

import numpy as np
from scipy import ndimage

from mapres.density import Density

# Bytes of a voxel; 3 and 4 are complex, 16 is RGB.
MODES = {0: "i1", 1: "i2", 2: "f4", 3: "2i2", 4: "2f4", 6: "u2", 12: "f2", 16: "3u1"}


def noisy_ball(n=32, radius=9.0, seed=0):
    """A textured ball in white noise: a map with a clear inside and outside."""
    rng = np.random.default_rng(seed)
    distance = np.linalg.norm(np.indices((n, n, n)) - (n - 1) / 2, axis=0)
    texture = np.random.default_rng(99).standard_normal((n, n, n))
    values = (1 + texture) / (1 + np.exp(distance - radius))
    values += 0.1 * rng.standard_normal((n, n, n))
    return Density(values.astype(np.float32), (1.5, 1.5, 1.5), (3.0, -4.5, 6.0), "ball.mrc")


def folded_chain(shape=(48, 48, 48), seed=0):
    """Atoms of a random walk, blurred to 5 Å, in white noise: what no warning takes for noise.

    A seed changes the noise only, so that two are half maps of one molecule.
    """
    half = 0.4 * np.array(shape)
    points = np.zeros(shape, dtype=np.float32)
    atoms = np.rint(_walk(half, int(half.prod() / 8)) + (np.array(shape) - 1) / 2)
    np.add.at(points, tuple(atoms.astype(int).T), 1)
    values = ndimage.gaussian_filter(points, 0.75)
    noise = np.random.default_rng(seed).standard_normal(shape)
    values += 0.5 * values.std() * noise.astype(np.float32)
    return Density(values, (1.5, 1.5, 1.5), (3.0, -4.5, 6.0), "chain.mrc")


def _walk(half, count):
    """Steps of 2.5 voxels, as between C-alpha atoms, inside an ellipsoid of half-axes ``half``."""
    rng = np.random.default_rng(99)
    atoms = [np.zeros(3)]
    while len(atoms) < count:
        step = rng.standard_normal(3)
        ahead = atoms[-1] + 2.5 * step / np.linalg.norm(step)
        if np.sum((ahead / half) ** 2) < 1:
            atoms.append(ahead)
    return np.array(atoms)


def mrc_bytes(
    values,
    mode=2,
    *,
    cell=None,
    sampling=None,
    angles=(90.0, 90.0, 90.0),
    axes=(1, 2, 3),
    start=(0, 0, 0),
    origin=(0.0, 0.0, 0.0),
    space_group=1,
    labels=(),
    extended=b"",
    order="<",
    word=b"MAP ",
    stamp=None,
    imod_flags=None,
):
    """An MRC2014 file; ``values`` is [section, row, column], ``cell`` along x, y, z."""
    sections, rows, columns = values.shape[:3]
    sampling = sampling or [(columns, rows, sections)[axes.index(a)] for a in (1, 2, 3)]
    cell = cell or [1.0 * n for n in sampling]
    stamp = stamp or {"<": b"DD\0\0", ">": b"\x11\x11\0\0"}[order]
    header = struct.pack(order + "10i", columns, rows, sections, mode, *start, *sampling)
    header += struct.pack(order + "6f3i", *cell, *angles, *axes)
    header += struct.pack(order + "3f2i", 0, -1, -2, space_group, len(extended))
    spare = bytearray(100)
    if imod_flags is not None:
        spare[56:64] = struct.pack(order + "2i", 1146047817, imod_flags)
    header += bytes(spare) + struct.pack(order + "3f", *origin) + word + stamp
    header += struct.pack(order + "fi", -1, len(labels))
    header += b"".join(label.encode().ljust(80) for label in labels).ljust(800, b"\0")
    assert len(header) == 1024
    kind = np.dtype(MODES[mode]).base.newbyteorder(order)
    return header + extended + np.ascontiguousarray(values, dtype=kind).tobytes()
