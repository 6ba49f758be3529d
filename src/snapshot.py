"""The figure of a local resolution, with a view of the surface if there is a window."""

from pathlib import Path

import numpy as np
from chimerax.core.errors import UserError

from .log import as_user_errors
from .mapres.output import require_writable
from .mapres.results.drawing import require_matplotlib
from .mapres.results.figures import local_figure
from .volumes import density_of

# Pixels of the view; the figure shows it at a third of that, 150 per inch.
WIDTH, HEIGHT = 900, 900


def drawn_view(session):
    """Return the view of the session's scene; None if nothing is drawn."""
    view = session.main_view
    return None if view.render is None else view


def prepare_figure(path):
    """Refuse, before a long computation, a figure that could not be drawn after it."""
    if path is None:
        return
    if Path(path).suffix.lower() != ".png":
        raise UserError(f"figure must be a PNG file, got {Path(path).name}; end it in .png.")
    with as_user_errors():
        require_matplotlib()
        require_writable(path)


def draw_figure(session, map, result, path, with_view):
    """Draw slices, histogram and key of a map, and the view of the window if there is one.

    ``with_view`` : whether the surface there has the colors of the key.
    """
    view = drawn_view(session) if with_view else None
    picture = None if view is None else np.asarray(view.image(WIDTH, HEIGHT))[..., :3]
    with as_user_errors():
        local_figure(density_of(map), result, path, picture)
    session.logger.info(f"Figure written to {path}")
