"""A window without the application: what the panel needs of `chimerax.ui`, on PySide6 offscreen."""

import os
import sys
import types

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject, Signal
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
    # The logger asks whether a log is one.
    gui.MainWindow = type("MainWindow", (), {})
    sys.modules |= {"chimerax.ui": module, "chimerax.ui.gui": gui}
