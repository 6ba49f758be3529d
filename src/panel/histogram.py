"""A histogram in the colors of a palette, between two limits that can be dragged."""

import numpy as np
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from Qt.QtCore import Signal

BINS = 60
# Pixels within which the mouse grabs a limit.
GRIP = 8
# Fraction of the range that is shown: limits stay this far apart.
LEAST = 0.01


class Histogram(FigureCanvasQTAgg):
    """Signals ``moved`` while a limit is dragged, and ``chosen`` when it is let go.

    Attributes
    ----------
    limits : Å
    colormap : the palette between them
    """

    moved = Signal(float, float)
    chosen = Signal()

    def __init__(self):
        self._figure = Figure(figsize=(3.2, 1.6), dpi=100, layout="constrained")
        super().__init__(self._figure)
        self.setMinimumSize(200, 140)
        self._axes = self._figure.add_subplot()
        self._lines, self._held = [], None
        self.limits, self.colormap = (0.0, 1.0), None
        for event, handler in (
            ("button_press_event", self._press),
            ("motion_notify_event", self._drag),
            ("button_release_event", self._release),
        ):
            self.mpl_connect(event, handler)

    def show_values(self, values, limits, palette, label):
        """Draw values, array of Å, with limits; ``label`` says what they are."""
        low, high = np.percentile(values, [0.2, 99.8])
        self._ends = min(low, limits[0]), max(high, limits[1])
        self._edges = np.linspace(*self._ends, BINS + 1)
        counts, _ = np.histogram(values, self._edges)
        axes = self._axes
        axes.clear()
        self._bars = axes.bar(
            self._edges[:-1], 100 * counts / values.size, np.diff(self._edges), align="edge"
        )
        self._lines = [axes.axvline(end, color="black", linewidth=1.5) for end in limits]
        axes.set_xlabel(label, fontsize="small")
        axes.set_ylabel("Voxels (%)", fontsize="small")
        axes.tick_params(labelsize="small")
        axes.spines[["top", "right"]].set_visible(False)
        self.set_limits(limits, palette)

    def set_limits(self, limits, palette):
        """Move the limits, and color what is between and beyond them by a `Colormap`."""
        self.limits, self.colormap = limits, palette.linear_range(*limits)
        # So that a limit beyond all values can be grabbed, too.
        low, high = min(self._ends[0], limits[0]), max(self._ends[1], limits[1])
        room = 0.03 * (high - low)
        self._axes.set_xlim(low - room, high + room)
        for line, end in zip(self._lines, limits, strict=True):
            line.set_xdata([end, end])
        middles = 0.5 * (self._edges[1:] + self._edges[:-1])
        for bar, color in zip(self._bars, self.colormap.interpolated_rgba(middles), strict=True):
            bar.set_facecolor(color)
        self.draw_idle()

    def _press(self, event):
        if event.inaxes is not self._axes or not self._lines:
            return
        places = [self._axes.transData.transform((end, 0))[0] for end in self.limits]
        distances = [abs(event.x - place) for place in places]
        nearest = int(np.argmin(distances))
        # Events are in pixels of the screen, which may be finer than those of Qt.
        near = distances[nearest] <= GRIP * self.device_pixel_ratio
        self._held = nearest if near else None

    def _drag(self, event):
        if self._held is None or event.xdata is None:
            return
        low, high = self.limits
        least = LEAST * (self._ends[1] - self._ends[0])
        if self._held == 0:
            low = min(float(event.xdata), high - least)
        else:
            high = max(float(event.xdata), low + least)
        self.moved.emit(low, high)

    def _release(self, _event):
        if self._held is not None:
            self._held = None
            self.chosen.emit()
