"""Widgets that the panel needs several of: texts, menus, pages."""

from chimerax.core.models import (
    ADD_MODELS,
    MODEL_ID_CHANGED,
    MODEL_NAME_CHANGED,
    REMOVE_MODELS,
)
from Qt.QtCore import Qt
from Qt.QtWidgets import QComboBox, QDoubleSpinBox, QLabel, QScrollArea, QSizePolicy, QStackedWidget


class Text(QLabel):
    """A text of as many lines as it needs, to be selected and copied."""

    def __init__(self, text=""):
        super().__init__(text)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def show_text(self, text):
        """Show a text; hide if it is empty."""
        self.setText(text)
        self.setVisible(bool(text))


class Pages(QStackedWidget):
    """Widgets of which one is shown; the others take no room."""

    def show_page(self, shown):
        """Show one of the widgets."""
        for page in map(self.widget, range(self.count())):
            policy = QSizePolicy.Policy.Preferred if page is shown else QSizePolicy.Policy.Ignored
            page.setSizePolicy(QSizePolicy.Policy.Preferred, policy)
        self.setCurrentWidget(shown)


class Scrolled(QScrollArea):
    """A widget that is scrolled up and down where it is higher than the window."""

    def __init__(self, inside):
        super().__init__()
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


class Unwheeled:
    """Mixed into a widget before Qt's class: without the focus, the mouse wheel scrolls the panel.

    Otherwise it would change a value that happens to be under the pointer.
    """

    def __init__(self):
        super().__init__()
        # Not by the wheel itself, as some have it.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event):
        """Follow the wheel where the keyboard would be followed, too."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class LimitBox(Unwheeled, QDoubleSpinBox):
    """A number in Å, at one end of the colors."""

    def __init__(self, name):
        super().__init__()
        # While "20" is typed, 2 is not yet a limit.
        self.setKeyboardTracking(False)
        self.setRange(-100, 200)
        self.setDecimals(2)
        self.setSingleStep(0.1)
        self.setSuffix(" Å")
        self.setAccessibleName(name)


class Menu(Unwheeled, QComboBox):
    """A menu that is no wider than the panel."""

    def __init__(self):
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(5)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # For names that do not fit.
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
