"""Local resolution of a model's residues: an attribute of theirs, tables in the log, a CSV file."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
from chimerax.atomic import Residue, Residues
from chimerax.core.errors import UserError
from chimerax.core.logger import html_table_params

from .mapres.errors import MapResError
from .mapres.residues import (
    ResidueResolution,
    Stretch,
    residue_resolution,
    worst_stretches,
    write_residues,
)

ATTRIBUTE = "local_resolution"
# Share of the atoms: with less in the map, the model is hardly of this map.
MANY = 0.5


@dataclass(frozen=True, eq=False)
class ModelResolution:
    """Local resolution of residues: ``chains`` says which chain each is of, in order."""

    residues: Residues
    chains: list[str]
    found: ResidueResolution
    worst: list[Stretch]


def read_residues(map, result, atoms):
    """Return the `ModelResolution` of atoms where they and a map lie now."""
    residues = atoms.unique_residues
    inside = map.scene_position.inverse() * atoms.scene_coords
    places = (map.data.xyz_to_ijk_transform * inside)[:, ::-1]
    try:
        found = residue_resolution(result, places, residues.indices(atoms.residues))
    except MapResError as error:
        raise UserError(str(error)) from error
    chains = [_chain(residue) for residue in residues]
    # Solvent and ligands are no stretch of anything.
    polymer = np.flatnonzero(residues.polymer_types)
    stretches = worst_stretches(found.mean[polymer], np.array(chains)[polymer])
    worst = [Stretch(polymer[s.start], polymer[s.stop - 1] + 1, s.mean) for s in stretches]
    return ModelResolution(residues, chains, found, worst)


def assign_attribute(session, model):
    """Give every residue what was found of it as ``local_resolution``, or nothing."""
    Residue.register_attr(session, ATTRIBUTE, "MapRes", attr_type=float)
    for residue, mean, known in zip(
        model.residues, model.found.mean, model.found.known, strict=True
    ):
        if known:
            setattr(residue, ATTRIBUTE, float(mean))
        elif hasattr(residue, ATTRIBUTE):
            delattr(residue, ATTRIBUTE)


def log_residues(session, model):
    """Write the chains and the worst stretches into the log, with links that show them."""
    rows = [_chain_row(model, chain) for chain in dict.fromkeys(model.chains)]
    _log_table(session, ("Chain", "Residues", "Mean, Å", "Worst residue"), rows)
    if model.worst:
        rows = [(_link(spec), f"{mean:.2f}") for spec, mean in _stretches(model)]
        _log_table(session, ("Worst stretches", "Mean, Å"), rows)
    if model.found.share < MANY:
        session.logger.warning(
            f"Only {model.found.share:.0%} of the atoms lie in the measured part of the map; "
            "check that the model was moved into it."
        )


def write_table(path, model):
    """Write a row for each residue, as CSV."""
    names = [
        (f"#{r.structure.id_string}", r.chain_id, f"{r.number}{r.insertion_code}", r.name)
        for r in model.residues
    ]
    try:
        write_residues(path, names, model.found)
    except MapResError as error:
        raise UserError(str(error)) from error


def residues_json(model):
    """Return plain types for scripts."""
    known = model.found.known
    return {
        "residues": int(known.sum()),
        "mean_A": round(float(model.found.mean[known].mean()), 3),
        "atoms_measured": round(model.found.share, 4),
        "worst": [{"residues": spec, "mean_A": round(mean, 3)} for spec, mean in _stretches(model)],
    }


def _chain(residue):
    return f"#{residue.structure.id_string}/{residue.chain_id}"


def _chain_row(model, chain):
    mine = np.flatnonzero([each == chain for each in model.chains])
    known = mine[model.found.known[mine]]
    if known.size == 0:
        return _link(chain), str(mine.size), "outside", ""
    means = model.found.mean[known]
    worst = model.residues[int(known[np.argmax(means)])]
    named = _link(worst.atomspec, f"{worst.name} {worst.number}")
    said = f"{named} {means.max():.2f} Å"
    return _link(chain), str(mine.size), f"{means.mean():.2f}", said


def _stretches(model):
    for stretch in model.worst:
        first, last = (model.residues[int(k)] for k in (stretch.start, stretch.stop - 1))
        ends = [f"{r.number}{r.insertion_code}" for r in (first, last)]
        yield f"{model.chains[stretch.start]}:{'-'.join(dict.fromkeys(ends))}", stretch.mean


def _link(spec, text=None):
    command = escape(f"cxcmd:select {spec}; view sel", quote=True)
    return f'<a title="Select and centre" href="{command}">{escape(text or spec)}</a>'


def _log_table(session, head, rows):
    lines = ["".join(f"<th>{escape(text)}</th>" for text in head)]
    lines += ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    session.logger.info(f"<table {html_table_params}>\n{body}\n</table>", is_html=True)
