"""The table of checks: every row that any analysis runs."""

from __future__ import annotations

from .check import Check
from .density import DENSITY, MOLECULE
from .half_maps import AGREEMENT, PAIR
from .limits import CLAIM, LIMITS
from .local import LOCAL

CHECKS: dict[str, Check] = {
    check.name: check for check in (*MOLECULE, *DENSITY, *CLAIM, *LIMITS, *PAIR, *AGREEMENT, *LOCAL)
}
