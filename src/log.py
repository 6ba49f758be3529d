"""The output of a command: a table in the log, and a value that scripts can use."""

import json
import re
from contextlib import contextmanager
from html import escape

from chimerax.core.commands import JSONResult
from chimerax.core.commands.cli import user_kw
from chimerax.core.errors import UserError
from chimerax.core.logger import html_table_params

from .mapres.errors import MapResError
from .mapres.local.methods import spell_options


@contextmanager
def as_user_errors():
    """Turn errors of the core into ChimeraX's, which show their sentence alone."""
    try:
        yield
    except MapResError as error:
        raise UserError(spelled(str(error))) from error


def spelled(text):
    """Return a sentence of the core with options spelled as commands have them."""
    # There, the voxel size belongs to the map. Where a file has none ChimeraX makes up 1 Å.
    text = re.sub(
        r"(?P<map>#[\d.]+) has a voxel size of (?P<size>[^Å]*) Å(?P<middle>.*)"
        r"set voxel_size to the correct one",
        _set_voxel_size,
        text,
    )
    return spell_options(text, user_kw)


def _set_voxel_size(found):
    size, number = found["size"], found["map"]
    shown = ", for which ChimeraX shows 1 Å" if size == "0 x 0 x 0" else ""
    return (
        f"{number} has a voxel size of {size} Å{shown}{found['middle']}"
        f"set the correct one with `volume {number} voxelSize`"
    )


def log_table(session, rows):
    """Write rows of a label and one or more texts into the log."""
    columns = max(len(texts) for _, *texts in rows)
    lines = []
    for label, *texts in rows:
        # A text of all columns spans them.
        span = f' colspan="{columns}"' if len(texts) < columns else ""
        cells = "".join(f"<td{span}>{escape(spelled(text))}</td>" for text in texts)
        lines.append(f"<td>{escape(label)}</td>{cells}")
    log_lines(session, lines)


def log_lines(session, lines):
    """Write a table into the log, whose lines are HTML cells."""
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    session.logger.info(f"<table {html_table_params}>\n{body}\n</table>", is_html=True)


def returned(values, summaries, return_json):
    """Return one value or a list of them, with plain types as JSON if that is wanted."""
    single = len(values) == 1
    value, summary = (values[0], summaries[0]) if single else (values, summaries)
    return JSONResult(json.dumps(summary), value) if return_json else value
