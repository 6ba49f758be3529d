"""The form of `resvalidate`."""

from chimerax.core.errors import CancelOperation, UserError
from Qt.QtCore import QTimer
from Qt.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton

from ..emdb import entry, published, stated
from ..jobs import responsive
from ..mapres.networks.registry import summaries
from ..resvalidate import resvalidate
from .form import Form
from .widgets import Text

# Å, what may be claimed.
LOWEST, HIGHEST = 0.1, 200.0


class ValidateForm(Form):
    """Options of `resvalidate`."""

    name, function = "resvalidate", staticmethod(resvalidate)

    def __init__(self, session):
        super().__init__(session)
        self._map = None
        self.claimed = QLineEdit()
        self.claimed.setPlaceholderText("optional")
        self.claimed.setAccessibleName("claimed resolution in Å")
        self.fetch = QPushButton()
        self.fetch.setVisible(False)
        self.source = Text()
        self.source.setVisible(False)
        row = QHBoxLayout()
        row.addWidget(self.claimed)
        row.addWidget(QLabel("Å"))
        self.form.addRow("Claimed", row)
        self.form.addRow(self.fetch)
        self.form.addRow(self.source)
        entries = [(name, name, summary) for name, summary in summaries().items()]
        self.model = self._described_menu("Model", entries)
        self.claimed.textChanged.connect(lambda _: self.changed.emit())
        self.claimed.textEdited.connect(self._check_claim)
        # Not inside the button's own event: the window may be closed meanwhile.
        self.fetch.clicked.connect(lambda: QTimer.singleShot(0, self._fetch))

    @property
    def ready(self):
        """Whether the claimed value, if there is one, can be a resolution."""
        return not self.claimed.text().strip() or self._claimed_value() is not None

    def options(self):
        """Return values by the names of the function's parameters."""
        return {"claimed": self._claimed_value(), "model": self.model.currentData()}

    def show_map(self, map):
        """Fill in what the file of another map states."""
        self._map = map
        known = None if map is None else stated(map)
        self.claimed.setText("" if known is None else f"{known:g}")
        self.source.show_text("" if known is None else "From the labels of the map file.")
        number = None if map is None else entry(map)
        self.fetch.setVisible(number is not None)
        self.fetch.setText(f"Fetch from EMDB ({number})")

    def _claimed_value(self):
        """Return the number that was typed, with a decimal point or comma; None without one."""
        try:
            value = float(self.claimed.text().replace(",", "."))
        except ValueError:
            return None
        return value if LOWEST <= value <= HIGHEST else None

    def _check_claim(self, _text):
        remedy = f"Enter a number in Å from {LOWEST:g} to {HIGHEST:g}, such as 3.2."
        self.source.show_text("" if self.ready else remedy)

    def _fetch(self):
        map, number = self._map, entry(self._map)
        self.fetch.setEnabled(False)
        known = None
        try:
            known = responsive(self._session, lambda: published(number))
            message = f"Published for {number}."
        except (UserError, CancelOperation) as error:
            message = str(error)
        if self._forgotten:
            return
        self.fetch.setEnabled(True)
        # Another map may have been chosen meanwhile.
        if self._map is map:
            if known is not None:
                self.claimed.setText(f"{known:g}")
            self.source.show_text(message)
