"""What `localres` found, as the panel shows it: colours to change, and regions to look at."""

from html import escape

from chimerax.core.colors import BuiltinColormaps
from chimerax.core.commands import run
from chimerax.geometry import Bounds
from Qt.QtCore import Qt, QTimer
from Qt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..coloring import DEFAULT_PALETTE, DIFFERENCES, colour_maps
from ..key import difference_title, resolution_title, show_titled_key
from ..mapres.figures import colour_range, difference_range
from ..mapres.regions import worst_regions
from ..mapres.report import method_name
from .histogram import Histogram

# As ChimeraX calls them; only the last cannot be told apart by colour-blind eyes.
PALETTES = {
    DEFAULT_PALETTE: "blue – yellow – red",
    "^puor-5": "purple – orange",
    "ylgnbu-5": "yellow – blue",
    "^greys-5": "grey",
    DIFFERENCES: "blue – white – red",
    "rainbow": "rainbow",
}
# Å about a region that is shown.
ABOUT = 15.0


class ColouredView(QWidget):
    """The histogram of a result, the colours of its surface, and its worst regions."""

    def __init__(self, session):
        super().__init__()
        self._session = session
        self._map = self._source = None
        self._title = ""
        self._summary = QLabel()
        self._summary.setWordWrap(True)
        self._summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.histogram = Histogram()
        self.low, self.high = (_limit(name) for name in ("lower", "upper"))
        self.palette_menu = QComboBox()
        for name, text in PALETTES.items():
            self.palette_menu.addItem(text, name)
        self.key = QCheckBox("Colour key")
        self.key.setChecked(True)
        self.regions = QListWidget()
        self.regions.setMaximumHeight(110)
        self._lay_out()
        # While a limit is dragged, as often as the surface can be drawn.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._recolour)
        self.histogram.moved.connect(self._move)
        self.histogram.chosen.connect(lambda *_: self.run_colouring())
        for box in (self.low, self.high):
            box.valueChanged.connect(self._type)
            box.editingFinished.connect(self.run_colouring)
        self.palette_menu.activated.connect(lambda _: self.run_colouring())
        self.key.clicked.connect(lambda _: self.run_colouring())
        self.regions.itemClicked.connect(self._look_at)
        self.regions.itemActivated.connect(self._look_at)

    def _lay_out(self):
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._summary)
        layout.addWidget(self.histogram)
        grid = QGridLayout()
        grid.addWidget(QLabel("From"), 0, 0)
        grid.addWidget(self.low, 0, 1)
        grid.addWidget(QLabel("to"), 0, 2)
        grid.addWidget(self.high, 0, 3)
        grid.addWidget(self.palette_menu, 1, 0, 1, 2)
        grid.addWidget(self.key, 1, 2, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        layout.addLayout(grid)
        self._regions_title = QLabel("Worst regions (click to look at one):")
        layout.addWidget(self._regions_title)
        layout.addWidget(self.regions)

    @property
    def colormap(self):
        """The palette on the limits."""
        name = self.palette_menu.currentData()
        palette = BuiltinColormaps[name.lstrip("^")]
        if name.startswith("^"):
            palette = palette.reversed()
        return palette.linear_range(*self.histogram.limits)

    def show_found(self, map, volume, key=True):
        """Show the result that a volume holds of a map, or how it differs from another."""
        result, difference = volume.local_resolution, getattr(volume, "difference", None)
        self._map, self._source = map, volume if difference is None else difference
        self.key.setChecked(key)
        name = method_name(result)
        if difference is None:
            values = result.values[result.mask]
            limits, palette, label = colour_range(values), DEFAULT_PALETTE, f"{name}, Å"
            self._title = resolution_title(result)
            lower, upper = result.quartiles
            said = f"<b>Median {result.median:.2f} Å</b>, quartiles {lower:.2f}–{upper:.2f} Å"
            if result.median_uncertainty is not None:
                said += f", ± {result.median_uncertainty:.2f} Å (90 %)"
        else:
            agreed = difference.agreement
            values = agreed.difference[agreed.compared]
            limits, palette = difference_range(values), DIFFERENCES
            label = f"{name} less {agreed.other}, Å"
            self._title = difference_title(result, agreed)
            said = f"<b>Median difference {agreed.median:+.2f} Å</b>, spread {agreed.spread:.2f} Å"
            if agreed.correlation is not None:
                said += f", r = {agreed.correlation:.2f}"
        warnings = "".join(f"<br><b>Warning:</b> {escape(text)}" for text in result.warnings)
        self._summary.setText(said + warnings)
        self.palette_menu.setCurrentIndex(self.palette_menu.findData(palette))
        self.histogram.limits = limits
        self.histogram.show_values(values, limits, self.colormap, label)
        self._show_limits()
        self._list_regions(result)

    def run_colouring(self):
        """Colour the surface by the limits, palette and key that are chosen, as a command."""
        self._soon.stop()
        if not self._is_open():
            return
        self.histogram.set_limits(self.histogram.limits, self.colormap)
        low, high = self.histogram.limits
        command = (
            f"color sample #{self._map.id_string} map #{self._source.id_string} "
            f"palette {self.palette_menu.currentData()} range {low:.4g},{high:.4g}"
        )
        run(self._session, command)
        if self.key.isChecked():
            show_titled_key(self._session, self.colormap, self._title)
        else:
            run(self._session, "key delete")

    def _is_open(self):
        return self._map is not None and not (self._map.deleted or self._source.deleted)

    def _move(self, low, high):
        self.histogram.limits = (low, high)
        self.histogram.set_limits((low, high), self.colormap)
        self._show_limits()
        self._soon.start(0)

    def _type(self, _value):
        low, high = self.low.value(), self.high.value()
        if low < high:
            self.histogram.limits = (low, high)
            self.histogram.set_limits((low, high), self.colormap)
            self._soon.start(0)

    def _show_limits(self):
        for box, value in zip((self.low, self.high), self.histogram.limits, strict=True):
            blocked = box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(blocked)

    def _recolour(self):
        if self._is_open():
            # Only what is let go can be undone.
            with self._session.undo.block():
                colour_maps(self._session, [self._map], [self._source], self.colormap)

    def _list_regions(self, result):
        self.regions.clear()
        for region in worst_regions(result, min(self._map.data.step)):
            x, y, z = self._map.data.ijk_to_xyz_transform * region.place[::-1]
            item = QListWidgetItem(f"{region.mean:.1f} Å at {x:.0f}, {y:.0f}, {z:.0f}")
            item.setData(Qt.ItemDataRole.UserRole, (x, y, z))
            self.regions.addItem(item)
        some = self.regions.count() > 0
        self.regions.setVisible(some)
        self._regions_title.setVisible(some)

    def _look_at(self, item):
        if self._is_open():
            place = self._map.scene_position * item.data(Qt.ItemDataRole.UserRole)
            self._session.main_view.view_all(Bounds(place - ABOUT, place + ABOUT))


def _limit(name):
    box = QDoubleSpinBox()
    box.setRange(-100, 200)
    box.setDecimals(2)
    box.setSingleStep(0.1)
    box.setSuffix(" Å")
    box.setAccessibleName(f"{name} limit of the colours")
    return box
