"""Estimate a map's global resolution."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import MapResError
from ..networks.registry import summaries
from ..progress import Progress
from .arguments import add_device, add_half_maps, add_voxel_size, flag, positive
from .files import read_each
from .terminal import complain, print_result, working

if TYPE_CHECKING:
    from ..validation.result import Validation


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("maps", metavar="MAP", nargs="+")
    parser.add_argument("--claimed", metavar="Å", type=positive, help="claimed resolution to judge")
    add_half_maps(parser)
    parser.add_argument(
        "--mask",
        metavar="MASK",
        help="of the half-map FSC; automatic by default",
    )
    add_voxel_size(parser)
    parser.add_argument("--model", metavar="NAME", default="default", help=_model_help())
    add_device(parser)


def _model_help() -> str:
    named = "; ".join(
        f"{name}: {text[:-1].replace('%', '%%')}" for name, text in summaries().items()
    )
    return f"{named}; or the path of a model card (default: %(default)s)"


def run(options: argparse.Namespace) -> int:
    """Validate maps one by one; return the exit status."""
    from ..results.validation_report import comparison_json, comparison_rows

    for name in ("half_maps", "mask"):
        if getattr(options, name) and len(options.maps) > 1:
            raise MapResError(f"{flag(name)} requires a single map; give one map at a time.")
    status = 0
    for path in options.maps:
        try:
            with working() as progress:
                results = _validations(path, options, progress)
        except MapResError as error:
            # One bad map must not stop the others.
            status = complain(error)
        else:
            print_result(
                options.json, partial(comparison_json, results), partial(comparison_rows, results)
            )
    return status


def _validations(path: str, options: argparse.Namespace, progress: Progress) -> list[Validation]:
    """Validate one map with each of the requested models."""
    from ..networks.registry import chosen
    from ..validation.validate import validate

    paths = path, options.mask, *(options.half_maps or ())
    density, mask, *half_maps = read_each(*paths, voxel_size=options.voxel_size)
    shared: dict[str, Any] = {
        "claimed": options.claimed,
        "half_maps": tuple(half_maps) or None,
        "mask": mask,
        "device": options.device,
        "progress": progress,
    }
    return [validate(density, model=name, **shared) for name in chosen(options.model)]
