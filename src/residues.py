"""Local resolution of a model's residues: an attribute of theirs, tables in the log, a CSV file."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
from chimerax.atomic import Chain, Residue, Residues
from chimerax.core.attributes import RegistrationConflict
from chimerax.core.errors import UserError

from .log import as_user_errors, log_lines
from .mapres.output import require_writable
from .mapres.results.residues import (
    ResidueResolution,
    Stretch,
    residue_resolution,
    worst_stretches,
    write_residues,
)
from .volumes import indices_of

ATTRIBUTE = "local_resolution"
# Fraction of the atoms: with fewer inside the mask, the model hardly belongs to this map.
MANY = 0.5


@dataclass(frozen=True, eq=False)
class ModelResolution:
    """Local resolution of residues; ``chains`` has a specifier for the chain of each."""

    residues: Residues
    chains: list[str]
    found: ResidueResolution
    worst: list[Stretch]


def prepare_residues(session, atoms, path):
    """Refuse, before a long computation, what could not be reported after it."""
    if path is not None and atoms is None:
        raise UserError("residueTable requires atoms; give both.")
    if atoms is None:
        return
    if len(atoms) == 0:
        raise UserError("atoms specifies no atom; name those of a model, for example #2.")
    try:
        Residue.register_attr(session, ATTRIBUTE, "MapRes", attr_type=float)
    except RegistrationConflict as error:
        raise UserError(
            f"residues have an attribute {ATTRIBUTE} of another kind already ({error}); "
            "close the models that have it, or restart ChimeraX."
        ) from error
    if path is not None:
        with as_user_errors():
            require_writable(path)


def read_residues(map, result, atoms):
    """Return the `ModelResolution` of atoms, where they and a map lie now."""
    residues = atoms.unique_residues
    places = indices_of(map, atoms.scene_coords)
    with as_user_errors():
        found = residue_resolution(result, places, residues.indices(atoms.residues))
    chains = [_chain(residue) for residue in residues]
    # Solvent and ligands form no stretches.
    polymer = np.flatnonzero(residues.polymer_types)
    stretches = worst_stretches(found.mean[polymer], _runs(residues[polymer]))
    worst = [Stretch(polymer[s.start], polymer[s.stop - 1] + 1, s.mean) for s in stretches]
    return ModelResolution(residues, chains, found, worst)


def show_residues(session, model, path=None):
    """Assign the attribute, log tables, write a file if there is a path; return plain types."""
    _assign_attribute(session, model)
    _log_residues(session, model)
    if path is not None:
        _write_table(path, model)
    return _as_json(model)


def _assign_attribute(session, model):
    """Give every residue its resolution as ``local_resolution``; none to unknown ones."""
    pairs = zip(model.residues, model.found.mean, model.found.known, strict=True)
    for residue, mean, known in pairs:
        if known:
            setattr(residue, ATTRIBUTE, float(mean))
        elif hasattr(residue, ATTRIBUTE):
            delattr(residue, ATTRIBUTE)
    session.change_tracker.add_modified(model.residues, f"{ATTRIBUTE} changed")


def _log_residues(session, model):
    """Log the chains and the lowest-resolution stretches, with links that select them."""
    rows = [_chain_row(model, chain) for chain in dict.fromkeys(model.chains)]
    _log_columns(session, ("Chain", "Residues", "Mean (Å)", "Lowest-resolution residue"), rows)
    if model.worst:
        rows = [(_link(spec), f"{mean:.2f}") for spec, mean in _stretches(model)]
        _log_columns(session, ("Lowest-resolution stretches", "Mean (Å)"), rows)
    if model.found.fraction < MANY:
        session.logger.warning(
            f"Only {model.found.fraction:.0%} of the atoms lie where the local resolution is "
            "known; check that the model is fitted into the map."
        )


def _write_table(path, model):
    """Write a row for each residue, as CSV."""
    names = [(f"#{r.structure.id_string}", r.chain_id, _number(r), r.name) for r in model.residues]
    with as_user_errors():
        write_residues(path, names, model.found)


def _as_json(model):
    """Return plain types for scripts."""
    known = model.found.known
    return {
        "residues": int(known.sum()),
        "mean_A": round(float(model.found.mean[known].mean()), 3),
        "atoms_measured": round(model.found.fraction, 4),
        "worst": [{"residues": spec, "mean_A": round(mean, 3)} for spec, mean in _stretches(model)],
    }


def _chain(residue):
    return f"#{residue.structure.id_string}{Chain.chain_id_to_atom_spec(residue.chain_id)}"


def _number(residue):
    return f"{residue.number}{residue.insertion_code}"


def _runs(residues):
    """Return, for each residue, the number of its run of consecutive residues in a chain."""
    chains, numbers = [_chain(residue) for residue in residues], residues.numbers
    breaks = [
        chains[k] != chains[k - 1] or not 0 <= numbers[k] - numbers[k - 1] <= 1
        for k in range(1, len(residues))
    ]
    return np.cumsum([0, *breaks][: len(residues)])


def _chain_row(model, chain):
    mine = np.flatnonzero([each == chain for each in model.chains])
    known = mine[model.found.known[mine]]
    if known.size == 0:
        return _link(chain), str(mine.size), "outside", ""
    # Some water is always far from the molecule.
    polymer = known[model.residues.polymer_types[known] > 0]
    known = polymer if polymer.size else known
    means = model.found.mean[known]
    worst = model.residues[int(known[np.argmax(means)])]
    named = _link(f"{chain}:{_number(worst)}", f"{worst.name} {_number(worst)}")
    return _link(chain), str(mine.size), f"{means.mean():.2f}", f"{named} {means.max():.2f} Å"


def _stretches(model):
    for stretch in model.worst:
        ends = (model.residues[int(k)] for k in (stretch.start, stretch.stop - 1))
        numbers = "-".join(dict.fromkeys(map(_number, ends)))
        yield f"{model.chains[stretch.start]}:{numbers}", stretch.mean


def _link(spec, text=None):
    command = escape(f"cxcmd:select {spec}; view sel", quote=True)
    return f'<a title="Select and center" href="{command}">{escape(text or spec)}</a>'


def _log_columns(session, head, rows):
    lines = ["".join(f"<th>{escape(text)}</th>" for text in head)]
    lines += ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    log_lines(session, lines)
