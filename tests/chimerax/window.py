"""A window without the application: what the panel needs of `chimerax.ui`, on PySide6 offscreen."""

import os
import sys
import types

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget


class WindowedUI(QObject):
    """Stands in for `chimerax.ui.gui.UI`: functions of other threads run in the window's."""

    is_gui = True
    has_graphics = False
    _posted = Signal(object)

    def __init__(self, session):
        super().__init__()
        self.session = session
        self.application = QApplication.instance() or QApplication([])
        # Of a signal from another thread this is queued, as ChimeraX's posted event is.
        self._posted.connect(self._call)

    def thread_safe(self, function, *args, **keywords):
        self._posted.emit(lambda: function(*args, **keywords))

    def remove_tool(self, tool):
        tool.tool_window.ui_area.deleteLater()

    def set_tool_shown(self, tool, shown):
        tool.tool_window.ui_area.setVisible(shown)

    def _call(self, function):
        function()


class MainToolWindow:
    """Stands in for `chimerax.ui.MainToolWindow`."""

    def __init__(self, tool):
        self.tool_instance = tool
        self.ui_area = QWidget()

    def manage(self, placement):
        self.ui_area.show()


def install():
    """Make ``from chimerax.ui import MainToolWindow`` find that above."""
    module, gui = types.ModuleType("chimerax.ui"), types.ModuleType("chimerax.ui.gui")
    module.MainToolWindow = MainToolWindow
    # The logger checks whether a log is one.
    gui.MainWindow = type("MainWindow", (), {})
    sys.modules |= {"chimerax.ui": module, "chimerax.ui.gui": gui}


def start(session):
    """Start the tool as the menu does."""
    for bundle in session.toolshed.bundle_info(session.logger):
        for info in bundle.tools:
            if info.name == "MapRes":
                bundle.start_tool(session, "MapRes")
                (tool,) = [t for t in session.tools.list() if t.tool_name == "MapRes"]
                return tool
    raise AssertionError("the bundle has no tool MapRes")


def click(button):
    """Click, and let happen what a click does: Run returns when the command has."""
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.qWait(10)


def choose(menu, value):
    menu.setCurrentIndex(menu.findData(value))


def meanwhile(panel, act):
    """Do something once, when a job has begun."""
    from chimerax.map_resolution.jobs import watch

    done = []

    def begin(job):
        if job is not None and not done:
            done.append(job.message)
            # Not inside the trigger: as a user does it, between two events.
            QTimer.singleShot(0, act)

    return watch(panel._session, begin), done
