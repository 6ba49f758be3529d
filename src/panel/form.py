"""What both forms of the panel share: rows of menus, and how they change."""

from chimerax.map import Volume
from Qt.QtCore import Signal
from Qt.QtWidgets import QFormLayout, QLabel, QWidget

from .widgets import Menu, ModelMenu


class Form(QWidget):
    """A form of options of a command; ``changed`` is signalled when one of them is.

    Attributes
    ----------
    name : of the command
    function : that it calls
    ready : whether what is chosen can be run
    typed : what is added to the command as it is
    """

    changed = Signal()
    name, function, ready, typed = "", None, True, ""

    def __init__(self, session):
        super().__init__()
        self._session = session
        self._forgotten = False
        self.form = QFormLayout(self)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.menus = []

    def options(self):
        """Return values by the names of the function's parameters."""
        raise NotImplementedError

    def forget(self):
        """Let go of the session: the window is closed."""
        self._forgotten = True
        for menu in self.menus:
            menu.forget()

    def _model_menu(self, label, nothing, kind=Volume, **more):
        """Add a menu of open models, see `ModelMenu`."""
        menu = ModelMenu(self._session, kind, nothing, **more)
        menu.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.menus.append(menu)
        self.form.addRow(label, menu)
        return menu

    def _described_menu(self, label, entries):
        """Add a menu of (text, value, summary) entries, and a line with the chosen summary."""
        menu, line = Menu(), QLabel()
        line.setWordWrap(True)
        for text, value, _ in entries:
            menu.addItem(text, value)

        def choose(index):
            line.setText(entries[index][2])
            self.changed.emit()

        menu.currentIndexChanged.connect(choose)
        self.form.addRow(label, menu)
        self.form.addRow(line)
        choose(0)
        return menu
