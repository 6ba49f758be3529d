"""Local resolution of real maps: ours beside MonoRes, ResMap and another program's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from mapres.density import Density
from mapres.errors import MapContentError
from mapres.io import read
from mapres.local.methods import DEFAULT
from mapres.local.methods import METHODS as TABLE
from mapres.local.resolution import LocalResolution, local_resolution
from mapres.results.compare import agreement
from mapres.results.resample import grid_to_grid
from training.data.published import Published, published_maps
from training.evaluate.tables import Table

# The one real map that comes with another program's local resolution.
LABELED = ("ngl_betaGal.mrc.gz", "ngl_betaGal_localResolution.mrc.gz")
LABEL = "a ResMap-like program"
METHODS = (DEFAULT, "monores", "resmap")


def evaluate_real_local(maps: Path, out: Path) -> None:
    """Write ``local-real`` and ``local-betagal``, ``.csv`` and ``.md``; ``maps`` is the folder."""
    rows = [row for listed in published_maps(maps) for row in _map_rows(listed)]
    made_by = "`python -m training evaluate-local`: the map alone, mask found by itself."
    columns = ("map", "published Å", "method", "median Å", "quartiles Å", "90% interval ±, Å")
    title = "Local resolution of real maps"
    table = Table("local-real", title, made_by, (*columns, "seconds"), rows)
    table.write(out)
    print(table.markdown())
    if (maps / LABELED[1]).exists():
        table = betagal_table(read(maps / LABELED[0]), read(maps / LABELED[1]))
        table.write(out)
        print(table.markdown())


def _map_rows(listed: Published) -> Iterator[list]:
    density, published = read(listed.path), f"{listed.resolution:g}"
    for method in METHODS:
        found = or_reason(lambda m=method: local_resolution(density, method=m))
        name = TABLE[method].label
        if isinstance(found, str):
            yield [listed.path.name, published, name, "refused", "-", "-", "-"]
            continue
        lower, upper = found.quartiles
        uncertainty = found.median_uncertainty
        half = "-" if uncertainty is None else f"{uncertainty:.2f}"
        cells = [f"{found.median:.2f}", f"{lower:.2f}-{upper:.2f}", half, f"{found.seconds:.1f}"]
        yield [listed.path.name, published, name, *cells]


def betagal_table(density: Density, label: Density) -> Table:
    """Compare our methods with each other and with the local resolution that the map came with."""
    theirs = without_background(label)
    rows: list[list] = []
    found = {m: local_resolution(density, method=m, **_options(m)) for m in METHODS}
    for method, result in found.items():
        others = {TABLE[m].label: density.with_values(r.resolved) for m, r in found.items()}
        for name, other in [(LABEL, theirs), *others.items()]:
            if name != TABLE[method].label:
                rows.append([TABLE[method].label, f"{result.median:.2f}", name,
                             *_agreement(result, density, other)])  # fmt: skip
    made_by = (
        f"`python -m training evaluate-local`: beta-galactosidase, {density.spacing:.2f} Å/voxel; "
        f"{LABEL} made the local resolution that the map came with (median "
        f"{np.median(theirs.values[theirs.values > 0]):.2f} Å without its background). MonoRes "
        "begins at 40 Å. Differences are first − second, where both are known."
    )
    columns = ("method", "median Å", "beside", "median difference Å", "spread Å", "correlation")
    title = "Beta-galactosidase: local resolution by several methods"
    return Table("local-betagal", title, made_by, (*columns, "voxels"), rows)


def without_background(label: Density) -> Density:
    """Set to 0 the one value that fills what a local resolution did not measure."""
    values, counts = np.unique(label.values, return_counts=True)
    filled = label.values == values[np.argmax(counts)]
    return label.with_values(np.where(filled, np.float32(0), label.values))


def _options(method: str) -> dict[str, float]:
    return {"max_res": 40.0} if method == "monores" else {}


def _agreement(result: LocalResolution, density: Density, other: Density) -> list[str]:
    found = or_reason(lambda: agreement(result, other, grid_to_grid(density, other)))
    if isinstance(found, str):
        return ["-", "-", "-", "0"]
    r = "-" if found.correlation is None else f"{found.correlation:.2f}"
    voxels = f"{np.count_nonzero(found.compared):,}"
    return [f"{found.median:+.2f}", f"{found.spread:.2f}", r, voxels]


def or_reason(make: Callable):
    """Return what is made, or the sentence that says why a map yields nothing."""
    try:
        return make()
    except MapContentError as error:
        return str(error)
