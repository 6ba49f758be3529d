"""What tests share: the data that lies beside the clone, where it does."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from mapres.density import Density

SHARED = Path(__file__).parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there: real maps and native outputs are not in the project")
    return SHARED


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20190324)


@pytest.fixture(scope="session")
def globule() -> tuple[Density, np.ndarray]:
    """Return a 48³ map at 2 Å of two lobes without noise, and where they are."""
    grid = (np.indices((48, 48, 48)) - 24) * 2.0
    lobes = [((0, 0, -12), 18.0), ((4, 6, 14), 14.0)]
    inside = np.zeros((48, 48, 48), dtype=bool)
    for centre, radius in lobes:
        distance = sum((axis - c) ** 2 for axis, c in zip(grid, centre, strict=True))
        inside |= distance < radius**2
    texture = np.random.default_rng(2).uniform(0.5, 1.5, inside.shape)
    values = ndimage.gaussian_filter(inside * texture, 1.0).astype(np.float32)
    return Density(values, (2.0, 2.0, 2.0), name="globule"), inside
