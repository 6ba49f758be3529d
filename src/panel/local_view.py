"""The results of `localres` in the panel: colors to change, and regions to zoom in on."""

from html import escape

from chimerax.core.commands import run
from chimerax.core.errors import UserError
from chimerax.core.models import REMOVE_MODELS
from Qt.QtCore import QTimer
from Qt.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from ..color_key import show_titled_key
from ..colormap import DIFFERENCES, RESOLUTIONS, palette_called, scale_of
from ..log import spelled
from ..mapres.results.local_report import method_name, summary
from ..surface_colors import tint
from ..volumes import name_of
from .histogram import Histogram
from .regions import RegionList
from .widgets import LimitBox, Menu, Text

# By ChimeraX's names. All but the last are safe for color-blind users.
PALETTES = {
    RESOLUTIONS: "blue – yellow – red",
    "^puor-5": "purple – orange",
    "ylgnbu-5": "yellow – blue",
    "^greys-5": "gray",
    DIFFERENCES: "blue – white – red",
    "rainbow": "rainbow",
}


class LocalView(QWidget):
    """The histogram of a result, the colors of its surface, and its lowest-resolution regions."""

    def __init__(self, session):
        super().__init__()
        self._session = session
        self._map = self._scale = self._ran = None
        self._summary = Text()
        self.histogram = Histogram()
        self.low, self.high = (LimitBox(f"{end} limit of the colors") for end in ("lower", "upper"))
        self.palette_menu = Menu()
        for name, text in PALETTES.items():
            self.palette_menu.addItem(text, name)
        self.key = QCheckBox("Color key")
        self.regions = RegionList(session)
        self._lay_out()
        # While a limit is dragged, as often as the surface can be drawn.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._tint)
        self.histogram.moved.connect(self._move)
        self.histogram.chosen.connect(self.run_coloring)
        for box in (self.low, self.high):
            box.valueChanged.connect(self._type)
            box.editingFinished.connect(self.run_coloring)
        self.palette_menu.activated.connect(lambda _: self.run_coloring())
        self.key.clicked.connect(lambda _: self.run_coloring())
        self._handler = session.triggers.add_handler(REMOVE_MODELS, self._close)

    @property
    def _palette(self):
        return palette_called(self.palette_menu.currentData())

    def show_results(self, map, volume):
        """Show the result in a `ResultVolume`, or how it differs from another."""
        self._map, self._scale = map, scale_of([volume])
        self.setEnabled(True)
        self._summary.setText(f"<b>{escape(name_of(map))}</b><br>{_summary(volume)}")
        self.key.setChecked(True)
        self.palette_menu.setCurrentIndex(self.palette_menu.findData(self._scale.palette))
        difference = volume.difference is not None
        label = f"{'Difference' if difference else 'Local resolution'} (Å)"
        self.histogram.show_values(self._scale.values, self._scale.limits, self._palette, label)
        self._show_limits()
        self._ran = self._chosen()
        if difference:
            # Where the difference is large, the resolution need not be low.
            self.regions.hide()
        else:
            self.regions.show_results(map, volume.local_resolution)

    def run_coloring(self):
        """Color the surface by the limits, palette and key that are chosen, as a command."""
        self._soon.stop()
        if self._map is None:
            return
        self._show_limits()
        low, high = self.histogram.limits
        self.histogram.set_limits((low, high), self._palette)
        chosen = self._chosen()
        if chosen[:3] == self._ran[:3]:
            return
        # Undo should go back to colors of a command, not to those of a drag.
        tint(self._map, self._scale.sources[0], self._ran[3])
        self._ran = chosen
        command = (
            f"color sample #{self._map.id_string} map #{self._scale.sources[0].id_string} "
            f"palette {self.palette_menu.currentData()} range {low:.4g},{high:.4g}"
        )
        try:
            run(self._session, command)
        except UserError as error:
            # The surface may have been replaced by an image.
            self._session.logger.warning(str(error))
        if self.key.isChecked():
            show_titled_key(self._session, self.histogram.colormap, self._scale.title)
        else:
            run(self._session, "key delete")

    def forget(self):
        """Let go of the session: the window is closed."""
        self._handler.remove()

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
        layout.addWidget(self.regions)
        layout.addStretch(1)

    def _chosen(self):
        palette = self.palette_menu.currentData()
        return self.histogram.limits, palette, self.key.isChecked(), self.histogram.colormap

    def _close(self, _, removed):
        """Let go of what is closed: a result may take gigabytes."""
        if self._map in removed or (self._scale and self._scale.sources[0] in removed):
            self._map = self._scale = None
            self.regions.clear()
            self.setEnabled(False)

    def _move(self, low, high):
        self._try((low, high))
        self._show_limits()

    def _type(self, _value):
        low, high = self.low.value(), self.high.value()
        if low < high:
            self._try((low, high))

    def _try(self, limits):
        self.histogram.set_limits(limits, self._palette)
        self._soon.start(0)

    def _show_limits(self):
        for box, value in zip((self.low, self.high), self.histogram.limits, strict=True):
            blocked = box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(blocked)

    def _tint(self):
        if self._map is not None:
            tint(self._map, self._scale.sources[0], self.histogram.colormap)


def _summary(volume):
    """Return the result in words, as HTML."""
    result, difference = volume.local_resolution, volume.difference
    if difference is None:
        text, warnings = f"{method_name(result)}: {summary(result)}", result.warnings
    else:
        agreed = difference.agreement
        text = f"{method_name(result)} − {escape(agreed.other)}: "
        text += f"<b>median {agreed.median:+.2f} Å</b>, spread {agreed.spread:.2f} Å"
        text += "" if agreed.correlation is None else f", r = {agreed.correlation:.2f}"
        warnings = (*result.warnings, *agreed.warnings)
    return text + "".join(f"<br><b>Warning:</b> {escape(spelled(warning))}" for warning in warnings)
