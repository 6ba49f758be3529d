"""The whole panel, in any window: maps above, two forms, a command that runs, what came of it."""

from typing import ClassVar

from chimerax.core.commands import run
from chimerax.core.errors import CancelOperation, UserError
from chimerax.core.settings import Settings
from chimerax.map import Volume
from chimerax.map.volume_viewer import active_volume
from Qt.QtCore import Qt, QTimer
from Qt.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ..jobs import current, watch
from ..result_volumes import is_result
from .command_text import command_text
from .forms import LocalForm, ValidateForm
from .local_view import ColoredView
from .validate_view import VerdictView
from .widgets import ModelMenu


class _Remembered(Settings):
    AUTO_SAVE: ClassVar = {"tab": 0, "model": "default", "method": "mapres", "uncertainty": False}


class Panel(QWidget):
    """Composes a command, runs it, and shows what it found.

    Parameters
    ----------
    session : the session
    """

    def __init__(self, session):
        super().__init__()
        self._session = session
        self._running = self._forgotten = False
        self.map = ModelMenu(session, Volume, "no map", leave_out=is_result, take_first=True)
        self.halves = [ModelMenu(session, Volume, "none", leave_out=is_result) for _ in range(2)]
        self.validate, self.local = ValidateForm(session), LocalForm(session)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.validate, "Validate")
        self.tabs.addTab(self.local, "Local resolution")
        self.command = QLabel()
        self.run_button, self.cancel_button = QPushButton("Run"), QPushButton("Cancel")
        self.bar, self.message = QProgressBar(), QLabel()
        self.verdict, self.colored = VerdictView(), ColoredView(session)
        self.found, self._nothing = QStackedWidget(), QWidget()
        self._lay_out()
        self._remember()
        self._connect()
        active = active_volume(session)
        if active is not None:
            self.map.value = active
        self._take_map()
        self._follow(current(session))

    @property
    def form(self):
        """The form that is in front."""
        return self.tabs.currentWidget()

    def command_text(self):
        """Return the command that the Run button runs, "" without a map."""
        map, halves = self.map.value, [menu.value for menu in self.halves]
        if map is None:
            return ""
        options = dict(self.form.options())
        if any(halves):
            options["half_maps"] = [half for half in halves if half is not None]
        text = command_text(self.form.name, self.form.function, [map], options)
        return f"{text} {self.form.typed}".strip()

    def run(self):
        """Run the command and show what it found, or why it found nothing."""
        if self._running or self._forgotten:
            return
        map, local, text = self.map.value, self.form is self.local, self.command_text()
        if not text:
            return
        self._running = True
        self._say("")
        self._show(self._nothing)
        self._show_state()
        found, said = None, ""
        try:
            found = run(self._session, text)
        except (UserError, CancelOperation) as error:
            said = str(error)
        finally:
            self._running = False
        if self._forgotten:
            # The window was closed meanwhile: nothing of it may be touched.
            return
        self._say(said)
        self._show_state()
        if found is not None and local:
            self._show_local(map, found)
        elif found is not None:
            self.verdict.show_found(found if isinstance(found, list) else [found])
            self._show(self.verdict)

    def cancel(self):
        """Give up the job under way, whoever started it."""
        job = current(self._session)
        if job is not None:
            job.cancel()
            self._say("cancelling")

    def forget(self):
        """Let go of the session: the window is closed."""
        self._forgotten = True
        self._handler.remove()
        for menu in (self.map, *self.halves):
            menu.forget()
        for view in (self.validate, self.local, self.colored):
            view.forget()

    def _lay_out(self):
        maps = QFormLayout()
        maps.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        maps.addRow("Map", self.map)
        row = QHBoxLayout()
        for menu in self.halves:
            row.addWidget(menu)
        maps.addRow("Half maps", row)
        buttons = QHBoxLayout()
        buttons.addWidget(self.run_button)
        buttons.addWidget(self.cancel_button)
        for label in (self.command, self.message):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.command.setToolTip("The command that Run runs")
        self.command.setStyleSheet("font-family: monospace")
        for view in (self._nothing, self.verdict, self.colored):
            self.found.addWidget(view)
        self._show(self._nothing)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.addLayout(maps)
        layout.addWidget(self.tabs)
        layout.addWidget(self.command)
        layout.addLayout(buttons)
        layout.addWidget(self.bar)
        layout.addWidget(self.message)
        layout.addWidget(self.found, 1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def _connect(self):
        self.map.currentIndexChanged.connect(self._take_map)
        for menu in self.halves:
            menu.currentIndexChanged.connect(self._show_state)
        for form in (self.validate, self.local):
            form.changed.connect(self._change)
        self.tabs.currentChanged.connect(self._change)
        # Not inside the button's own event: the window may be closed while the command runs.
        self.run_button.clicked.connect(lambda: QTimer.singleShot(0, self.run))
        self.cancel_button.clicked.connect(self.cancel)
        self._handler = watch(self._session, self._follow)

    def _remember(self):
        """Choose what was chosen last."""
        self._remembered = kept = _Remembered(self._session, "MapRes")
        for menu, value in ((self.validate.model, kept.model), (self.local.method, kept.method)):
            menu.setCurrentIndex(max(0, menu.findData(value)))
        self.local.uncertainty.setChecked(kept.uncertainty)
        self.tabs.setCurrentIndex(kept.tab)

    def _change(self, *_):
        kept = self._remembered
        kept.tab = self.tabs.currentIndex()
        kept.model = self.validate.model.currentData()
        kept.method = self.local.method.currentData()
        kept.uncertainty = self.local.uncertainty.isChecked()
        self._show_state()

    def _show(self, view):
        """Show an answer, or none; the hidden ones take no room."""
        for page in (self._nothing, self.verdict, self.colored):
            policy = QSizePolicy.Policy.Preferred if page is view else QSizePolicy.Policy.Ignored
            page.setSizePolicy(QSizePolicy.Policy.Preferred, policy)
        self.found.setCurrentWidget(view)

    def _show_local(self, map, volume):
        if not (map.deleted or volume.deleted):
            self.colored.show_found(map, volume)
            self._show(self.colored)

    def _take_map(self, *_):
        # An answer under another map's name would be taken for its own.
        self._show(self._nothing)
        self.validate.predict_map(self.map.value)
        self._show_state()

    def _follow(self, job):
        """Show how far a job is, whoever started it."""
        if job is not None and not job.cancelled:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * job.fraction))
            self._say(f"{job.name}: {job.message}")
        elif job is None:
            self.bar.reset()
            self._say("")
        self._show_state()

    def _show_state(self, *_):
        text, busy = self.command_text(), current(self._session) is not None
        self.command.setText(text or ("Choose a map." if self.map.count() > 1 else "Open a map."))
        self.bar.setVisible(busy)
        before = self.focusWidget()
        self.run_button.setEnabled(bool(text) and self.form.ready and not (busy or self._running))
        self.cancel_button.setEnabled(busy)
        # From the one that cannot be pressed any more the focus would go to the next field.
        if before in (self.run_button, self.cancel_button):
            (self.run_button if self.run_button.isEnabled() else self.cancel_button).setFocus()

    def _say(self, text):
        self.message.setText(text)
        self.message.setVisible(bool(text))
