"""The color key, with a title that says what the colors mean."""

from chimerax.color_key import show_key
from chimerax.color_key.model import get_model
from chimerax.core.models import REMOVE_MODELS
from chimerax.label.label2d import find_label, label_create

from .snapshot import drawn_view

# Name and size in points of the label that is the title; fractions of the window: between it and
# the key, and the width of a letter in a window of 700 pixels.
NAME, SIZE, GAP, LETTER = "MapRes", 14, 0.01, 0.0125


def show_titled_key(session, colormap, title):
    """Show the color key, with a title above it if there is a window to draw in."""
    key = get_model(session)
    if not hasattr(key, "mapres_title"):
        key.mapres_title = _Title(session, key)
    key.mapres_title.belongs = True
    # The key is wanted, not the dialog that changes it.
    show_key(session, colormap, show_tool=False)
    key.mapres_title.belongs = False
    if drawn_view(session) is not None:
        key.mapres_title.show(title)


def hide_titled_key(session):
    """Close a key that `show_titled_key` made: the surface has other colors now."""
    key = get_model(session, create=False)
    if key is not None and hasattr(key, "mapres_title"):
        session.models.close([key])


class _Title:
    """The label above a key; it goes when the key does, or when that comes to mean something else.

    ``belongs`` is true while the key is changed together with it.
    """

    def __init__(self, session, key):
        self.belongs = False
        self._session, self._key = session, key
        self._handlers = [
            session.triggers.add_handler(REMOVE_MODELS, self._close),
            key.triggers.add_handler("key changed", self._change),
        ]

    def show(self, text):
        """Show a text; the label is made once, because each new one takes up a model number."""
        label = find_label(self._session, NAME)
        if label is None:
            label_create(self._session, NAME, text=text, size=SIZE)
        self._place(text)

    def _place(self, text=None):
        """Put the label above the key, and within the window."""
        label = find_label(self._session, NAME)
        if label is None:
            return
        label.text = text or label.text
        (x, y), (_, height) = self._key.pos, self._key.size
        label.xpos = max(0.0, min(x, 1 - LETTER * len(label.text)))
        label.ypos = y + height + GAP
        label.update_drawing()

    def _change(self, _, what):
        if what in ("pos", "size"):
            self._place()
        elif what == "rgbas_and_labels" and not self.belongs:
            self._remove()

    def _close(self, _, removed):
        if self._key in removed:
            for handler in self._handlers:
                handler.remove()
            self._remove()

    def _remove(self):
        label = find_label(self._session, NAME)
        if label is not None:
            label.delete()
