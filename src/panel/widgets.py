"""Menus of open models, of which the panel needs several."""

from chimerax.core.models import (
    ADD_MODELS,
    MODEL_ID_CHANGED,
    MODEL_NAME_CHANGED,
    REMOVE_MODELS,
)
from Qt.QtWidgets import QComboBox, QSizePolicy

from .unwheeled import Unwheeled


class Menu(Unwheeled, QComboBox):
    """A menu that is no wider than the panel."""

    def __init__(self):
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(5)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # What does not fit is read in full.
        self.currentTextChanged.connect(self.setToolTip)


class ModelMenu(Menu):
    """A menu of the open models of a kind; it follows what is opened, closed and renamed.

    ChimeraX's own menu button is as wide as the longest name, this one as the panel.

    Parameters
    ----------
    session : the session
    kind : class of the models
    nothing : text of the entry for no model
    others : more entries, (text, value) pairs
    leave_out : function of a model that says whether not to list it
    take_first : whether the first model that is opened is chosen
    """

    def __init__(self, session, kind, nothing, others=(), leave_out=None, take_first=False):
        super().__init__()
        self._session, self._kind = session, kind
        self._leave_out = leave_out or (lambda model: False)
        self._take_first = take_first
        self._fixed = [(nothing, None), *others]
        self._listed = 0
        triggers = (ADD_MODELS, REMOVE_MODELS, MODEL_ID_CHANGED, MODEL_NAME_CHANGED)
        self._handlers = [session.triggers.add_handler(t, self._follow) for t in triggers]
        self._follow()

    @property
    def value(self):
        """What is chosen: a model, the value of another entry, or None."""
        return self.currentData()

    @value.setter
    def value(self, value):
        place = self._place(value)
        if place is not None:
            self.setCurrentIndex(place)

    def forget(self):
        """Stop following."""
        while self._handlers:
            self._handlers.pop().remove()

    def _follow(self, trigger=None, changed=None):
        chosen = self.value
        models = {m for m in self._session.models if isinstance(m, self._kind)}
        if trigger == MODEL_ID_CHANGED and isinstance(changed, self._kind):
            # Between its old number and its new one a model is in no list.
            models.add(changed)
        entries = [
            (f"#{m.id_string} {m.name}", m)
            for m in sorted(models, key=lambda m: m.id)
            if not self._leave_out(m)
        ]
        # One signal, and only if the choice itself changes.
        blocked = self.blockSignals(True)
        self.clear()
        for text, value in (*self._fixed, *entries):
            self.addItem(text, value)
        first = len(self._fixed) if self._take_first and not self._listed and entries else 0
        self._listed = len(entries)
        self.setCurrentIndex(first if chosen is None else self._place(chosen) or 0)
        self.blockSignals(blocked)
        if not _same(self.value, chosen):
            self.currentIndexChanged.emit(self.currentIndex())

    def _place(self, value):
        places = [k for k in range(self.count()) if _same(self.itemData(k), value)]
        return places[0] if places else None


def _same(value, other):
    """Compare what entries stand for: Qt gives back another string than it got."""
    return value is other or (isinstance(value, str) and value == other)
