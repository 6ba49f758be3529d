"""From atoms to the transform of their density, through B-spline spreading onto a grid.

Every atom is spread over 4 × 4 × 4 grid points with cubic B-spline weights; dividing the transform
by that of the spline makes it exact up to aliasing (Essmann et al. 1995, J. Chem. Phys. 103, 8577).
"""

from __future__ import annotations

import gemmi
import numpy as np
from numpy.typing import NDArray

from mapres.fourier import forward, inverse, squared_frequency
from training.data.structures import Structure

Shape = tuple[int, int, int]
# In voxels. At 4 the Gaussian's transform is 2% at the grid's Nyquist frequency.
NARROW = 4.0


def simulate_pdb2mrc(
    structure: Structure, resolution: float, voxel_size: float, shape: Shape
) -> NDArray[np.float32]:
    """Return the noise-free map of EMAN2's ``pdb2mrc`` (ChimeraX's ``molmap`` but for a factor).

    Every atom is a Gaussian of weight Z and transform exp(-(res · s)²), that is a standard
    deviation of res / (π √2) (methods: Ludtke et al. 1999, J. Struct. Biol. 128, 82).

    Parameters
    ----------
    structure : atoms, Å, with the box centered on the origin
    resolution : Å, the nominal one
    voxel_size : Å
    shape : (z, y, x) voxels

    Returns
    -------
    float32 array, shape (z, y, x), the density in electrons per Å³ at the voxels' centers
    """
    # Four standard deviations around the box, so that nothing wraps round into it.
    margin = int(np.ceil(0.9 * resolution / voxel_size))
    padded = (shape[0] + 2 * margin, shape[1] + 2 * margin, shape[2] + 2 * margin)
    position = structure.xyz / voxel_size + grid_center(shape) + margin
    kept = np.all((position >= 0) & (position < padded[::-1]), axis=1)
    position, weight = position[kept], structure.atomic_number[kept]
    # A narrow Gaussian aliases on its grid but spans few voxels: it is summed as it stands.
    if resolution < NARROW * voxel_size:
        sigma = resolution / (np.pi * np.sqrt(2) * voxel_size)
        density = gaussian_sum(position, weight, sigma, padded)
    else:
        gain = np.exp(-(resolution**2) * squared_frequency(padded, voxel_size))
        transform = forward(spread(position, weight, padded)) * gain / spline_transform(padded)
        density = inverse(transform, padded)
    inside = slice(margin, -margin)
    return density[inside, inside, inside] / np.float32(voxel_size**3)


def grid_center(shape: Shape) -> NDArray[np.float64]:
    """Return the grid coordinates (x, y, z) of the box center: voxel n // 2."""
    return np.array([n // 2 for n in reversed(shape)], dtype=float)


def spread(position: NDArray, weight: NDArray, shape: Shape) -> NDArray[np.float32]:
    """Spread point weights onto a periodic grid with cubic B-splines.

    Parameters
    ----------
    position : array, shape (n, 3), grid coordinates along x, y, z
    weight : array, shape (n,)
    shape : (z, y, x)

    Returns
    -------
    float32 array, shape (z, y, x), whose sum is that of the weights
    """
    base = np.floor(position).astype(np.int64)
    t = position - base
    spline = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 0 * t, t**3], axis=1) / 6
    spline[:, 2] = 1 - spline.sum(axis=1)
    return _accumulate(base[:, None, :] + np.arange(-1, 3)[:, None], spline, weight, shape)


def gaussian_sum(
    position: NDArray, weight: NDArray, sigma: float, shape: Shape
) -> NDArray[np.float32]:
    """Sum normalized Gaussians of ``sigma`` voxels, cut at 5 sigma, on a periodic grid.

    Parameters and result are those of `spread`.
    """
    reach = int(np.ceil(5 * sigma + 0.5))
    near = np.rint(position).astype(np.int64)[:, None, :] + np.arange(-reach, reach + 1)[:, None]
    profile = np.exp(-0.5 * ((near - position[:, None, :]) / sigma) ** 2)
    return _accumulate(near, profile / (np.sqrt(2 * np.pi) * sigma), weight, shape)


def _accumulate(
    near: NDArray, profile: NDArray, weight: NDArray, shape: Shape
) -> NDArray[np.float32]:
    """Add the outer product of three profiles, each (n, k, 3), at the grid points ``near``."""
    total = np.zeros(int(np.prod(shape)))
    # 2,000 atoms at a time: with 7³ points each they take 5 MB, which stays in the cache.
    for start in range(0, len(near), 2000):
        part = slice(start, start + 2000)
        x, y, z = np.moveaxis(near[part] % np.array(shape[::-1]), 2, 0)
        px, py, pz = np.moveaxis(profile[part], 2, 0)
        index = (z[:, :, None, None] * shape[1] + y[:, None, :, None]) * shape[2]
        index = index + x[:, None, None, :]
        planes = np.asarray(weight[part])[:, None, None] * pz[:, :, None] * py[:, None, :]
        added = planes[..., None] * px[:, None, None, :]
        total += np.bincount(index.ravel(), added.ravel(), minlength=len(total))
    return total.reshape(shape).astype(np.float32)


def spline_transform(shape: Shape) -> NDArray[np.float32]:
    """Return the transform of the cubic B-spline, sinc⁴ along every axis, on the half grid."""
    z, y = (np.sinc(np.fft.fftfreq(n)) ** 4 for n in shape[:2])
    x = np.sinc(np.fft.rfftfreq(shape[2])) ** 4
    return (z[:, None, None] * y[:, None] * x).astype(np.float32)


def scattering_transform(
    structure: Structure, b_factor: NDArray, voxel_size: float, shape: Shape, levels: int = 3
) -> NDArray[np.complex64]:
    """Return the transform of a molecule's electrostatic potential, each atom with its B factor.

    Electron scattering factors are the five-Gaussian fits of International Tables C, 4.3.2.2.
    Elements beyond C, N, O, P, S take the nearest of these times their own strength; B factors
    are grouped into ``levels`` quantiles, each represented by its mean.

    Parameters
    ----------
    structure : atoms, Å, with the box centered on the origin
    b_factor : array, shape (n,), Å²
    voxel_size : Å
    shape : (z, y, x) voxels
    """
    s2 = squared_frequency(shape, voxel_size)
    position = structure.xyz / voxel_size + grid_center(shape)
    element = _representative(structure.atomic_number)
    strength = _strength(structure.atomic_number) / _strength(element)
    edges = np.quantile(b_factor, np.linspace(0, 1, levels + 1)[1:-1])
    level = np.searchsorted(edges, b_factor)
    total = np.zeros(s2.shape, dtype=np.complex64)
    for number in np.unique(element):
        factor = _scattering_factor(int(number), s2)
        for group in np.unique(level[element == number]):
            chosen = (element == number) & (level == group)
            grid = spread(position[chosen], strength[chosen], shape)
            damping = np.exp(-0.25 * np.float32(b_factor[chosen].mean()) * s2)
            total += forward(grid) * (factor * damping)
    return total / (spline_transform(shape) * np.float32(voxel_size**3))


def _representative(atomic_number: NDArray) -> NDArray:
    known = np.array([6, 7, 8, 15, 16])
    return known[np.abs(atomic_number[:, None].astype(int) - known).argmin(axis=1)]


def _strength(atomic_number: NDArray) -> NDArray[np.float64]:
    table = np.zeros(256)
    for number in np.unique(atomic_number):
        table[number] = gemmi.Element(int(number)).c4322.calculate_sf(0.0)
    return table[atomic_number]


def _scattering_factor(atomic_number: int, s2: NDArray) -> NDArray[np.float32]:
    fit = gemmi.Element(atomic_number).c4322
    stol2 = 0.25 * s2
    return sum(a * np.exp(-b * stol2) for a, b in zip(fit.a, fit.b, strict=True)).astype(np.float32)
