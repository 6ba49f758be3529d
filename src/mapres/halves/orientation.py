"""Whether one half map is mirrored or turned relative to the other.

Both are compared at low resolution, in all orientations that map the box onto itself: 48 of a cube.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations, product

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ..arrays.interpolate import block_means
from ..fourier import along, radial_frequency, resize

# Voxels of the longest edge of the coarse copies. Odd lengths have no Nyquist plane, which would
# have no mirror image.
COARSE = 31
# A perfect shell must not outweigh all others.
BEST = 0.99
# Gains in log-likelihood: the orientation as given is kept unless another is better by a sixth and
# by so much. Of 231 sound sets one is better in another, by 12.
TIMES, MORE = 1.15, 20.0
# Orientations that are as good as the best, of symmetric molecules: the simplest is named.
ALIKE = 0.98
Operation = tuple[tuple[int, ...], tuple[int, ...]]
AS_GIVEN: Operation = ((0, 1, 2), (1, 1, 1))
NAMES = "zyx"


def other_orientation(first: NDArray, second: NDArray) -> str | None:
    """Return in words how the second map is mirrored or turned relative to the first.

    Parameters
    ----------
    first, second : arrays, shape (z, y, x)

    Returns
    -------
    str or None
        None if they agree best as they are, or nowhere.
    """
    # Averages first: transforms of large maps would take much longer.
    factor = max(1, min(max(first.shape) // (COARSE + 1), min(first.shape) // 3))
    coarse = [block_means(half, factor) for half in (first, second)]
    shape = _coarse(coarse[0].shape)
    comparison = _Comparison(*(resize(half, shape) for half in coarse))
    given = comparison.gain(AS_GIVEN, anywhere=True)
    gains = {op: comparison.gain(op) for op in _operations(shape) if op != AS_GIVEN}
    if not gains:
        return None
    best = max(gains.values())
    if best < TIMES * given or best < given + MORE:
        return None
    return _in_words(next(op for op, gain in gains.items() if gain >= ALIKE * best))


def _coarse(shape: tuple[int, ...]) -> tuple[int, ...]:
    factor = max(1.0, max(shape) / COARSE)
    return tuple(max(3, 2 * int((n / factor - 1) / 2 + 1e-6) + 1) for n in shape)


def _operations(shape: tuple[int, ...]) -> Iterator[Operation]:
    """Yield the orders of the axes and their signs that keep a shape, the simplest first."""
    signs = sorted(product((1, -1), repeat=3), key=lambda s: s.count(-1))
    orders = sorted(permutations(range(3)), key=lambda o: sum(a != k for k, a in enumerate(o)))
    for order in orders:
        if all(shape[axis] == n for axis, n in zip(order, shape, strict=True)):
            yield from ((order, sign) for sign in signs)


class _Comparison:
    """Two coarse maps of one shape, of which the second is turned."""

    def __init__(self, first: NDArray, second: NDArray):
        self._shape = first.shape
        radius = radial_frequency(first.shape, 1.0) * max(first.shape)
        # On the full grid, as mirror images mix its halves.
        mirrored = radius[..., 1:][..., ::-1]
        self._shell = np.rint(np.concatenate([radius, mirrored], axis=-1)).astype(np.intp)
        self._last = (max(first.shape) - 1) // 2
        self._count = np.bincount(self._shell.ravel())
        self._first, self._second = (self._whitened(half) for half in (first, second))

    def _whitened(self, half: NDArray) -> NDArray[np.complex64]:
        """Return the transform with the power of every shell made 1, and 0 beyond the last."""
        found = scipy.fft.fftn(half)
        power = np.bincount(self._shell.ravel(), np.abs(found.ravel()) ** 2) / self._count
        gain = 1 / np.sqrt(np.maximum(power, 1e-12 * power.max() + 1e-300))
        gain[0], gain[self._last + 1 :] = 0, 0
        return found * gain[self._shell].astype(np.float32)

    def gain(self, operation: Operation, anywhere: bool = False) -> float:
        """Return the gain in log-likelihood over no relation, at the best sign and shift.

        About the other of the two middle voxels, a mirror image is one voxel off: shifts are so
        small, unless ``anywhere``.
        """
        order, signs = operation
        turned = self._second.transpose(order)
        for axis, sign in enumerate(signs):
            if sign < 0:
                turned = np.roll(np.flip(turned, axis), 1, axis)
        cross = np.conj(self._first) * turned
        found = scipy.fft.ifftn(cross).real
        shifts = list(product((0, 1, -1), repeat=3))
        best = max(shifts, key=lambda shift: abs(float(found[shift])))
        tried = {(0, 0, 0), best}
        if anywhere:
            tried.add(tuple(map(int, np.unravel_index(np.argmax(np.abs(found)), found.shape))))
        return max(self._gain(cross, found, shift) for shift in tried)

    def _gain(self, cross: NDArray, found: NDArray, shift: tuple[int, ...]) -> float:
        for axis, (by, n) in enumerate(zip(shift, self._shape, strict=True)):
            turns = np.exp(2j * np.pi * scipy.fft.fftfreq(n) * by).astype(np.complex64)
            cross = cross * along(turns, axis)
        sums = np.bincount(self._shell.ravel(), cross.real.ravel()) / self._count
        agreement = np.clip(np.sign(found[shift]) * sums, 0, BEST)
        # Half of the coefficients are Friedel mates.
        return float(-np.sum(0.5 * self._count * np.log1p(-(agreement**2))))


def _in_words(operation: Operation) -> str:
    order, signs = operation
    moved = [axis for axis in range(3) if order[axis] != axis]
    turned = [axis for axis in range(3) if signs[axis] < 0]
    if not moved:
        return _reversed(turned)
    if len(moved) == 2 and len(turned) == 1 and turned[0] in moved:
        (axis,) = {0, 1, 2} - set(moved)
        return f"rotated by 90° about {NAMES[axis]}"
    if len(moved) == 2 and not turned:
        return f"mirrored, with its axes {NAMES[moved[1]]} and {NAMES[moved[0]]} exchanged"
    text = ", ".join(NAMES[axis] for axis in reversed(order))
    if turned:
        text += f" and {_listed(turned)} reversed"
    odd = (np.prod(signs) < 0) != (len(moved) == 2)
    return f"{'mirrored' if odd else 'rotated'}, with its axes in the order {text}"


def _reversed(axes: Sequence[int]) -> str:
    if len(axes) == 1:
        return f"mirrored along {NAMES[axes[0]]}"
    if len(axes) == 2:
        (axis,) = {0, 1, 2} - set(axes)
        return f"rotated by 180° about {NAMES[axis]}"
    return "mirrored through its center"


def _listed(axes: Sequence[int]) -> str:
    return " and ".join(NAMES[axis] for axis in reversed(axes))
