"""How the default model's prediction changes when a map is changed but its data are the same.

Every perturbation is applied to realistic maps of the test split; the prediction is compared with
that on the map as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from mapres.density import Density
from mapres.errors import MapResError
from mapres.fourier import filtered
from mapres.networks.registry import load
from mapres.validation.result import Validation
from mapres.validation.validate import validate
from training.evaluate.tables import Table
from training.simulate.draw import Example
from training.simulate.examples import examples
from training.simulate.masks import distance_outside, soft_mask

SEED = 5000
Change = Callable[[Example], Density]


def sharpened(b_factor: float) -> Change:
    """Multiply amplitudes by exp(-B s² / 4): negative B (Å²) sharpens."""
    return lambda e: e.density.with_values(
        filtered(e.density.values, e.density.voxel_size, lambda s2: np.exp(-0.25 * b_factor * s2))
    )


def masked(distance: float) -> Change:
    """Set everything beyond ``distance`` Å outside the molecule to 0, over an edge of 3 Å."""
    return lambda e: e.density.with_values(
        e.density.values * soft_mask(distance_outside(e.mask, e.density.spacing), distance, 3.0)
    )


def boxed(factor: float) -> Change:
    """Crop the box, or pad it with its own solvent mirrored, to ``factor`` times its edge."""

    def change(e: Example) -> Density:
        values = e.density.values
        for axis, n in enumerate(values.shape):
            m = 2 * round(0.5 * factor * n)
            if m < n:
                start = (n - m) // 2
                values = values.take(np.arange(start, start + m), axis=axis)
            else:
                width = [(0, 0)] * 3
                width[axis] = ((m - n) // 2, m - n - (m - n) // 2)
                values = np.pad(values, width, mode="reflect")
        return e.density.with_values(np.ascontiguousarray(values))

    return change


def rescaled(factor: float) -> Change:
    """Write a voxel size that is wrong by a factor."""
    return lambda e: replace(
        e.density, voxel_size=tuple(factor * size for size in e.density.voxel_size)
    )


def blurred(sigma: float) -> Change:
    """Filter with a Gaussian of ``sigma`` voxels, as viewers offer it."""
    return lambda e: e.density.with_values(ndimage.gaussian_filter(e.density.values, sigma))


def as_int8(e: Example) -> Density:
    """Round to 8 bits over the range of the map."""
    low, high = float(e.density.values.min()), float(e.density.values.max())
    rounded = np.rint((e.density.values - low) / max(high - low, 1e-30) * 255 - 128)
    return e.density.with_values(rounded.astype(np.float32))


def inverted(e: Example) -> Density:
    """Invert the contrast."""
    return e.density.with_values(-e.density.values)


FAMILIES: dict[str, list[tuple[str, Change]]] = {
    "sharpening B (Å²)": [(f"{b:+d}", sharpened(b)) for b in (-100, -50, -25, 25, 50, 100)],
    "mask (Å outside)": [(f"{d:g}", masked(d)) for d in (0.0, 2.0, 5.0, 10.0)],
    "box edge": [(f"× {f:g}", boxed(f)) for f in (0.75, 1.25, 1.5)],
    "voxel size": [("× 0.9", rescaled(0.9)), ("× 1.1", rescaled(1.1))],
    "Gaussian filter (voxels)": [(f"{s:g}", blurred(s)) for s in (0.5, 1.0, 1.5)],
    "storage": [("int8", as_int8)],
    "contrast": [("inverted", inverted)],
}


@dataclass(frozen=True)
class Changed:
    """One prediction beside that on the unchanged map."""

    family: str
    change: str
    true: float
    before: Validation
    after: Validation


def changed_predictions(data: Path, count: int) -> Iterator[Changed]:
    """Yield predictions for every change of ``count`` maps, but for changes that are refused."""
    for example in examples(data, "test", SEED, count, processes=2):
        before = validate(example.density)
        for family, changes in FAMILIES.items():
            for name, change in changes:
                try:
                    after = validate(change(example))
                except MapResError:
                    continue
                yield Changed(family, name, example.resolution, before, after)


def robustness(data: Path, count: int, out: Path) -> None:
    """Write table and figure of how predictions change."""
    predictions = list(changed_predictions(data, count))
    rows = []
    for family, changes in FAMILIES.items():
        for name, _ in changes:
            here = [a for a in predictions if (a.family, a.change) == (family, name)]
            rows.append([family, name, len(here), *_summary(here)])
    columns = ["change", "by", "n", "change (median)", "10%", "90%", "class as before"]
    columns += ["90% interval covers the truth", "with a new warning"]
    made_by = (
        f"`python -m training robustness --maps {count}`: {count} maps of the test split, "
        f"seed {SEED}; model {load('default').label}."
    )
    title = "How predictions change when maps are changed"
    Table("robustness", title, made_by, columns, rows).write(out)
    from training.evaluate.figures import robustness_figure

    robustness_figure(rows, out / "robustness.png")


def _summary(here: list[Changed]) -> list[str]:
    ratio = np.array([a.after.resolution / a.before.resolution for a in here])
    same = np.mean([a.after.resolution_class == a.before.resolution_class for a in here])
    covers = np.mean([_covers(a.after, a.true) for a in here])
    warned = np.mean([bool(set(a.after.warnings) - set(a.before.warnings)) for a in here])
    middle, low, high = np.percentile(ratio, [50, 10, 90]) - 1
    return [f"{x:+.1%}" for x in (middle, low, high)] + [f"{x:.0%}" for x in (same, covers, warned)]


def _covers(answer: Validation, true: float) -> bool:
    assert answer.interval is not None
    return answer.interval[0] <= true <= answer.interval[1]
