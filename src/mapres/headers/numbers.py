"""The type of the numbers in an MRC file, where mode and byte order say it wrong."""

from __future__ import annotations

import numpy as np
from mrcfile.utils import data_dtype_from_header
from numpy.typing import NDArray

from .geometry import has_unsigned_bytes

OTHER_SIGN = {"i1": "u1", "u1": "i1", "i2": "u2", "u2": "i2"}
NAMES = {"i1": "signed bytes", "u1": "unsigned bytes", "i2": "signed", "u2": "unsigned"}
# Numbers of a map have similar magnitudes; those whose bytes are turned round have any, with a
# standard deviation of 22 powers of ten, or are all at the ends of what float32 can hold.
POWERS, SOUND = 8.0, 4.0
LEAST, MOST, EXTREME = 1e-36, 1e36, 0.5
# Values that are looked at. By how much neighbors must correlate better the other way round; less
# is enough if the byte that counts less says less, in bits.
SAMPLE, SMOOTHER = 40_000, 0.2
SLIGHTLY, FEWER_BITS = 0.02, 2.0


def stored_type(header: np.recarray) -> tuple[np.dtype, str | None]:
    """Return the type of a file's numbers, and a note if its mode says another.

    Whole numbers are signed or not by the mode; where the header has a least and a largest value
    that only the other can hold, that is meant.
    """
    stated = np.dtype(np.uint8) if has_unsigned_bytes(header) else data_dtype_from_header(header)
    code = stated.str[1:]
    low, high = float(header.dmin), float(header.dmax)
    # Written so that NaN is no range.
    if code not in OTHER_SIGN or not low < high:
        return stated, None
    other = np.dtype(stated.str[0] + OTHER_SIGN[code])
    if _holds(stated, low, high) or not _holds(other, low, high):
        return stated, None
    return other, (
        f"has whole numbers from {low:g} to {high:g} by its header, and was read as "
        f"{NAMES[other.str[1:]]}, not {NAMES[code]} (mode {int(header.mode)})"
    )


def _holds(kind: np.dtype, low: float, high: float) -> bool:
    limits = np.iinfo(kind)
    return limits.min <= low and high <= limits.max


def is_turned_round(values: NDArray[np.float32], kind: np.dtype) -> bool:
    """Return whether numbers make sense only if their bytes are in the other order.

    Of float32, magnitudes tell it; of numbers of two bytes, how well neighbors correlate.

    Parameters
    ----------
    values : array, shape (z, y, x), as they were read
    kind : the type that they were read as
    """
    if kind.itemsize == 1:
        return False
    some = _some_rows(values)
    with np.errstate(all="ignore"):
        stated = some.astype(kind)
        other = stated.byteswap()
    if kind.itemsize == 4:
        return _is_wild(stated, POWERS) and not _is_wild(other, SOUND)
    better = _smoothness(other) - _smoothness(stated)
    low, high = stated.view(np.uint8).reshape(-1, 2).T[:: 1 if _is_little(kind) else -1]
    less = 0 < _bits(low) < _bits(high) - FEWER_BITS
    return better > (SLIGHTLY if less else SMOOTHER)


def _is_little(kind: np.dtype) -> bool:
    return kind.newbyteorder("<") == kind


def _bits(values: NDArray[np.uint8]) -> float:
    """Return the entropy of bytes."""
    counts = np.bincount(values, minlength=256)
    shares = counts[counts > 0] / values.size
    return float(-np.sum(shares * np.log2(shares)))


def _some_rows(values: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = values.reshape(-1, values.shape[-1])
    return rows[:: max(1, values.size // SAMPLE)]


def _is_wild(numbers: NDArray, powers: float) -> bool:
    """Return whether numbers have magnitudes that no map has; 0 has none."""
    sizes = np.abs(numbers[numbers != 0].astype(np.float64))
    if not sizes.size:
        return False
    sound = sizes[(sizes > LEAST) & (sizes < MOST)]
    if sound.size < EXTREME * sizes.size:
        return True
    return bool(np.log10(sound).std() > powers)


def _smoothness(rows: NDArray) -> float:
    """Return the correlation of neighbors in rows, shape (n, x)."""
    numbers = np.nan_to_num(rows.astype(np.float64), posinf=MOST, neginf=-MOST)
    first, second = numbers[:, 1:].ravel(), numbers[:, :-1].ravel()
    if first.size < 2 or first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
