"""The whole panel, in any window: maps, two forms, the command that they compose, its results."""

from typing import ClassVar

from chimerax.core.commands import run
from chimerax.core.errors import CancelOperation, UserError
from chimerax.core.settings import Settings
from chimerax.map import Volume
from chimerax.map.volume_viewer import active_volume
from Qt.QtCore import QTimer
from Qt.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ..jobs import current, watch
from ..mapres.local.methods import DEFAULT
from ..result_volumes import is_result
from .command_text import command_text
from .local_form import LocalForm
from .local_view import LocalView
from .validate_form import ValidateForm
from .validate_view import ValidateView
from .widgets import ModelMenu, Pages, Scrolled, Text


class _Remembered(Settings):
    AUTO_SAVE: ClassVar = {"tab": 0, "model": "default", "method": DEFAULT, "uncertainty": False}


class Panel(QWidget):
    """Composes a command, runs it, and shows its results."""

    def __init__(self, session):
        super().__init__()
        self._session = session
        self._running = self._forgotten = False
        self.map = ModelMenu(session, Volume, "no map", leave_out=is_result, take_first=True)
        self.halves = [ModelMenu(session, Volume, "none", leave_out=is_result) for _ in range(2)]
        self.validate_form, self.local_form = ValidateForm(session), LocalForm(session)
        self.tabs, self.command, self.message = QTabWidget(), Text(), Text()
        self.tabs.addTab(self.validate_form, "Validate")
        self.tabs.addTab(self.local_form, "Local resolution")
        self.run_button, self.cancel_button = QPushButton("Run"), QPushButton("Cancel")
        self.bar, self.results, self.no_results = QProgressBar(), Pages(), QWidget()
        self.validate_view, self.local_view = ValidateView(), LocalView(session)
        self._lay_out()
        self._remember()
        self._connect()
        self.map.value = active_volume(session) or self.map.value
        self._take_map()
        self._follow(current(session))

    @property
    def form(self):
        """The form that is in front."""
        return self.tabs.currentWidget()

    def command_text(self):
        """Return the command that the Run button runs, "" without a map."""
        map, halves = self.map.value, [menu.value for menu in self.halves if menu.value]
        if map is None:
            return ""
        options = self.form.options() | ({"half_maps": halves} if halves else {})
        text = command_text(self.form.name, self.form.function, [map], options)
        return f"{text} {self.form.typed}".strip()

    def run(self):
        """Run the command; show its results, or why there are none."""
        map, form, text = self.map.value, self.form, self.command_text()
        if self._running or self._forgotten or not text:
            return
        self._running, found, message = True, None, ""
        self.message.show_text("")
        self.results.show_page(self.no_results)
        self._show_state()
        try:
            found = run(self._session, text)
        except (UserError, CancelOperation) as error:
            message = str(error)
        finally:
            self._running = False
        if self._forgotten:
            # The window was closed meanwhile: nothing of it may be touched.
            return
        self.message.show_text(message)
        self._show_state()
        if found is not None:
            self._show_results(map, form, found)

    def cancel(self):
        """Cancel the job under way, whoever started it."""
        job = current(self._session)
        if job is not None:
            job.cancel()
            self.message.show_text("canceling")

    def forget(self):
        """Let go of the session: the window is closed."""
        self._forgotten = True
        self._handler.remove()
        for each in (self.map, *self.halves, self.validate_form, self.local_form, self.local_view):
            each.forget()

    def _lay_out(self):
        maps = QFormLayout()
        maps.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        maps.addRow("Map", self.map)
        halves, buttons = QHBoxLayout(), QHBoxLayout()
        for menu in self.halves:
            halves.addWidget(menu)
        maps.addRow("Half maps", halves)
        buttons.addWidget(self.run_button)
        buttons.addWidget(self.cancel_button)
        self.command.setToolTip("The command that Run runs")
        self.command.setStyleSheet("font-family: monospace")
        for page in (self.no_results, self.validate_view, self.local_view):
            self.results.addWidget(page)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.addLayout(maps)
        layout.addWidget(self.tabs)
        layout.addWidget(self.command)
        layout.addLayout(buttons)
        layout.addWidget(self.bar)
        layout.addWidget(self.message)
        layout.addWidget(self.results, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Scrolled(inside))

    def _connect(self):
        self.map.currentIndexChanged.connect(self._take_map)
        for menu in self.halves:
            menu.currentIndexChanged.connect(self._show_state)
        for form in (self.validate_form, self.local_form):
            form.changed.connect(self._change)
        self.tabs.currentChanged.connect(self._change)
        # Not inside the button's own event: the window may be closed while the command runs.
        self.run_button.clicked.connect(lambda: QTimer.singleShot(0, self.run))
        self.cancel_button.clicked.connect(self.cancel)
        self._handler = watch(self._session, self._follow)

    def _remember(self):
        """Choose what was chosen last."""
        self._remembered = kept = _Remembered(self._session, "MapRes")
        model, method = self.validate_form.model, self.local_form.method
        for menu, value in ((model, kept.model), (method, kept.method)):
            menu.setCurrentIndex(max(0, menu.findData(value)))
        self.local_form.uncertainty.setChecked(kept.uncertainty)
        self.tabs.setCurrentIndex(kept.tab)

    def _change(self, *_):
        kept = self._remembered
        kept.tab = self.tabs.currentIndex()
        kept.model = self.validate_form.model.currentData()
        kept.method = self.local_form.method.currentData()
        kept.uncertainty = self.local_form.uncertainty.isChecked()
        self._show_state()

    def _show_results(self, map, form, found):
        if form is self.validate_form:
            self.validate_view.show_results(found if isinstance(found, list) else [found])
            self.results.show_page(self.validate_view)
        elif not (map.deleted or found.deleted):
            self.local_view.show_results(map, found)
            self.results.show_page(self.local_view)

    def _take_map(self, *_):
        # Results under another map's name would be taken for its own.
        self.results.show_page(self.no_results)
        self.validate_form.show_map(self.map.value)
        self._show_state()

    def _follow(self, job):
        """Show how far a job is, whoever started it."""
        if job is not None and not job.cancelled:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * job.fraction))
            self.message.show_text(f"{job.name}: {job.message}")
        elif job is None:
            self.bar.reset()
            self.message.show_text("")
        self._show_state()

    def _show_state(self, *_):
        text, busy = self.command_text(), current(self._session) is not None
        self.command.setText(text or ("Choose a map." if self.map.count() > 1 else "Open a map."))
        self.bar.setVisible(busy)
        before = self.focusWidget()
        self.run_button.setEnabled(bool(text) and self.form.ready and not (busy or self._running))
        self.cancel_button.setEnabled(busy)
        # From a button that is disabled the focus would go to the next field.
        if before in (self.run_button, self.cancel_button):
            (self.run_button if self.run_button.isEnabled() else self.cancel_button).setFocus()
