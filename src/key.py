"""The colour key, with a title that says what the colours mean."""

from chimerax.color_key import show_key
from chimerax.color_key.model import get_model
from chimerax.core.models import REMOVE_MODELS
from chimerax.core.triggerset import DEREGISTER
from chimerax.label.label2d import find_label, label_create

from .drawing import drawn_view
from .mapres.report import method_and_model, method_name

# Of the label that is the title; points; share of the window between it and the key.
NAME, SIZE, GAP = "MapRes", 14, 0.01


def show_titled_key(session, colormap, title):
    """Show the colour key; where there is a window to draw in, with a title above it."""
    # The key is wanted, not the dialog that changes it.
    show_key(session, colormap, show_tool=False)
    if drawn_view(session) is None:
        return
    _remove(session)
    key = get_model(session)
    (x, y), (_, height) = key.pos, key.size
    label_create(session, NAME, text=title, size=SIZE, xpos=x, ypos=y + height + GAP)

    def follow(_, removed):
        if key in removed:
            _remove(session)
            return DEREGISTER
        return None

    session.triggers.add_handler(REMOVE_MODELS, follow)


def resolution_title(result):
    """Return the title of a key to a `LocalResolution`."""
    return f"Local resolution (Å), {method_and_model(result)}"


def difference_title(result, agreed):
    """Return the title of a key to how one differs from another."""
    return f"{method_name(result)} less {agreed.other} (Å)"


def _remove(session):
    title = find_label(session, NAME)
    if title is not None:
        title.delete()
