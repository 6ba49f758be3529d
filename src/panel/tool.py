"""The tool that ChimeraX starts from its menu Tools > Volume Data."""

from chimerax.core.tools import ToolInstance, get_singleton
from chimerax.ui import MainToolWindow
from Qt.QtWidgets import QVBoxLayout

from .panel import Panel


class MapResTool(ToolInstance):
    """The MapRes panel in a window of ChimeraX; there is one."""

    SESSION_ENDURING = True
    help = "help:user/tools/mapres.html"

    def __init__(self, session, tool_name):
        super().__init__(session, tool_name)
        self.tool_window = MainToolWindow(self)
        self.panel = Panel(session)
        layout = QVBoxLayout(self.tool_window.ui_area)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.panel)
        self.tool_window.manage("side")

    def delete(self):
        """Close the window; a job goes on."""
        self.panel.forget()
        super().delete()

    @classmethod
    def get_singleton(cls, session):
        """Show the one panel, made where there is none; None without windows."""
        return get_singleton(session, cls, "MapRes", display=True)
