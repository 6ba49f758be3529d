"""The two forms of the panel: what can be asked of a map, as options of a command."""

from chimerax.atomic import AtomicStructure
from chimerax.core.errors import CancelOperation, UserError
from chimerax.map import Volume
from Qt.QtCore import QLocale, QTimer, Signal
from Qt.QtGui import QDoubleValidator
from Qt.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from ..emdb import entry, published, stated
from ..jobs import responsive
from ..localres import localres
from ..mapres.local.methods import METHODS, UNCERTAIN
from ..mapres.networks.registry import ALL, available
from ..mapres.results.report import METHOD_NAMES
from ..result_volumes import is_result
from ..resvalidate import resvalidate
from .widgets import Menu, ModelMenu

# One line on what each needs and is good for.
MODELS = {
    "default": "Class, resolution in Å and its interval.",
    "dnn": "The dense network of Avramov et al. 2019: class only.",
    "cnn": "The 3D CNN of Avramov et al. 2019: class only.",
    ALL: "Every model, side by side.",
}
GOOD_FOR = {
    "mapres": "One map; surer with half maps. Tells its uncertainty.",
    "monores": "One map with noise in its solvent; or half maps.",
    "blocres": "Needs half maps: how they correlate in small boxes.",
    "resmap": "One map with noise in its solvent; or half maps. Steps of 1 Å.",
    "unet-monores": "One map: classes of 1 Å, as the paper had them; not to rely on.",
    "unet-resmap": "One map: classes of 1 Å, as the paper had them; not to rely on.",
}


# Å, what may be claimed.
CLAIMS = (0.1, 200.0)


class _Form(QWidget):
    """A form of options; ``changed`` is signalled when one of them is."""

    changed = Signal()

    def __init__(self, session):
        super().__init__()
        self._session = session
        self._forgotten = False
        self.form = QFormLayout(self)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.menus = []

    def forget(self):
        """Let go of the session: the window is closed."""
        self._forgotten = True
        for menu in self.menus:
            menu.forget()

    def _model_menu(self, label, kind, nothing, **more):
        menu = ModelMenu(self._session, kind, nothing, **more)
        menu.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.menus.append(menu)
        self.form.addRow(label, menu)
        return menu

    def _described_menu(self, label, entries, described):
        """Add a menu of (text, value) pairs, and a line that describes the one that is chosen."""
        menu, line = Menu(), QLabel()
        line.setWordWrap(True)
        for text, value in entries:
            menu.addItem(text, value)

        def choose(_=None):
            line.setText(described.get(menu.currentData(), ""))
            self.changed.emit()

        menu.currentIndexChanged.connect(choose)
        self.form.addRow(label, menu)
        self.form.addRow(line)
        choose()
        return menu


class ValidateForm(_Form):
    """Options of `resvalidate`."""

    name, function, typed = "resvalidate", staticmethod(resvalidate), ""

    def __init__(self, session):
        super().__init__(session)
        self._map = None
        self.claimed = QLineEdit()
        self.claimed.setPlaceholderText("not given")
        validator = QDoubleValidator(*CLAIMS, 3, self.claimed)
        # Commands have points, whatever the system's language has.
        validator.setLocale(QLocale.c())
        self.claimed.setValidator(validator)
        self.claimed.setAccessibleName("claimed resolution in Å")
        self.look_up = QPushButton()
        self.look_up.setVisible(False)
        row = QHBoxLayout()
        row.addWidget(self.claimed)
        row.addWidget(QLabel("Å"))
        self.form.addRow("Claimed", row)
        self.form.addRow(self.look_up)
        self.source = QLabel()
        self.source.setWordWrap(True)
        self.source.setVisible(False)
        self.form.addRow(self.source)
        entries = [(name, name) for name in (*available(), ALL)]
        self.model = self._described_menu("Model", entries, MODELS)
        self.claimed.textChanged.connect(lambda _: self.changed.emit())
        self.claimed.textEdited.connect(self._check_claim)
        self.look_up.clicked.connect(lambda: QTimer.singleShot(0, self._ask_emdb))

    @property
    def ready(self):
        """Whether a claim that was typed can be one."""
        return not self.claimed.text() or self.claimed.hasAcceptableInput()

    def options(self):
        """Return values by the names of the function's parameters."""
        known = self.claimed.hasAcceptableInput()
        claimed = float(self.claimed.text()) if known else None
        return {"claimed": claimed, "model": self.model.currentData()}

    def predict_map(self, map):
        """Fill in what the file of another map states."""
        self._map = map
        known = None if map is None else stated(map)
        self.claimed.setText("" if known is None else f"{known:g}")
        self._say("" if known is None else "As the labels of its file state.")
        of = None if map is None else entry(map)
        self.look_up.setVisible(of is not None)
        self.look_up.setText(f"Ask the EMDB ({of})")

    def _check_claim(self, _text):
        low, high = CLAIMS
        self._say("" if self.ready else f"A number of Å from {low:g} to {high:g}, such as 3.2.")

    def _say(self, text):
        self.source.setText(text)
        self.source.setVisible(bool(text))

    def _ask_emdb(self):
        map, of = self._map, entry(self._map)
        self.look_up.setEnabled(False)
        known = None
        try:
            known = responsive(self._session, lambda: published(of))
            said = f"As published with {of}."
        except (UserError, CancelOperation) as error:
            said = str(error)
        finally:
            if not self._forgotten:
                self.look_up.setEnabled(True)
        if self._forgotten:
            return
        # Another map may have been chosen meanwhile.
        if self._map is map:
            if known is not None:
                self.claimed.setText(f"{known:g}")
            self._say(said)


class LocalForm(_Form):
    """Options of `localres`."""

    name, function, ready = "localres", staticmethod(localres), True

    def __init__(self, session):
        super().__init__(session)
        methods = [(METHOD_NAMES[method], method) for method in METHODS]
        self.method = self._described_menu("Method", methods, GOOD_FOR)
        self.mask = self._model_menu("Mask", Volume, "automatic", leave_out=is_result)
        self.compare = self._model_menu("Compare with", Volume, "nothing", others=methods)
        self.atoms = self._model_menu("Residues of", AtomicStructure, "no model")
        self.uncertainty = QCheckBox("Uncertainty as a second volume")
        self.form.addRow(self.uncertainty)
        self.more = QLineEdit()
        self.more.setPlaceholderText("maxUncertainty 2 figure local.png")
        self.more.setToolTip("More options of the command, as one types them: see Help")
        self.more.textChanged.connect(lambda _: self.changed.emit())
        self.form.addRow("More options", self.more)
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
        self.uncertainty.setEnabled(self.method.currentData() == UNCERTAIN)
        self.changed.emit()
