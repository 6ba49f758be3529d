"""The form of `localres`."""

from chimerax.atomic import AtomicStructure
from Qt.QtWidgets import QCheckBox, QLineEdit

from ..localres import localres
from ..mapres.local.methods import METHODS
from ..result_volumes import is_result
from .form import Form


class LocalForm(Form):
    """Options of `localres`."""

    name, function = "localres", staticmethod(localres)

    def __init__(self, session):
        super().__init__(session)
        methods = [(method.label, name, method.summary) for name, method in METHODS.items()]
        self.method = self._described_menu("Method", methods)
        self.mask = self._model_menu("Mask", "automatic", leave_out=is_result)
        others = [(label, name) for label, name, _ in methods]
        self.compare = self._model_menu("Compare with", "nothing", others=others)
        self.atoms = self._model_menu("Atomic model", "none", AtomicStructure)
        self.uncertainty = QCheckBox("Open uncertainty as a second volume")
        self.form.addRow(self.uncertainty)
        self.more = QLineEdit()
        self.more.setPlaceholderText("maxUncertainty 2")
        self.more.setToolTip("Other options, as typed in the command line; see Help")
        self.form.addRow("More options", self.more)
        self.more.textChanged.connect(lambda _: self.changed.emit())
        self.uncertainty.toggled.connect(lambda _: self.changed.emit())
        self.method.currentIndexChanged.connect(self._follow_method)

    @property
    def typed(self):
        """What is added to the command as it is."""
        return self.more.text().strip()

    def options(self):
        """Return values by the names of the function's parameters."""
        return {
            "mask": self.mask.value,
            "method": self.method.currentData(),
            "compare": self.compare.value,
            "atoms": self.atoms.value,
            "uncertainty": self.uncertainty.isEnabled() and self.uncertainty.isChecked(),
        }

    def _follow_method(self, _):
        self.uncertainty.setEnabled(METHODS[self.method.currentData()].has_interval)
        self.changed.emit()
