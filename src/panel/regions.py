"""The regions of lowest resolution in a map, to zoom in on."""

from chimerax.geometry import Bounds
from Qt.QtCore import Qt
from Qt.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from ..mapres.results.regions import worst_regions

# Å around a region that is zoomed in on.
ABOUT = 15.0
# Pixels: five lines.
HEIGHT = 110


class RegionList(QWidget):
    """A list; a click on a region zooms in on it."""

    def __init__(self, session):
        super().__init__()
        self._session, self._map = session, None
        self.list = QListWidget()
        self.list.setMaximumHeight(HEIGHT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(QLabel("Lowest-resolution regions (click to zoom):"))
        layout.addWidget(self.list)
        self.list.itemClicked.connect(self._zoom)
        self.list.itemActivated.connect(self._zoom)

    def show_results(self, map, result):
        """List the regions of a result; hide if there are none."""
        self._map = map
        self.list.clear()
        for region in worst_regions(result, min(map.data.step)):
            place = map.data.ijk_to_xyz_transform * region.place[::-1]
            x, y, z = (float(at) for at in place)
            item = QListWidgetItem(f"{region.mean:.1f} Å at {x:.0f}, {y:.0f}, {z:.0f}")
            item.setData(Qt.ItemDataRole.UserRole, (x, y, z))
            self.list.addItem(item)
        self.setVisible(self.list.count() > 0)

    def clear(self):
        """Let go of the map."""
        self._map = None
        self.list.clear()

    def _zoom(self, item):
        place = self._map.scene_position * item.data(Qt.ItemDataRole.UserRole)
        self._session.main_view.view_all(Bounds(place - ABOUT, place + ABOUT))
