"""What `resvalidate` found, as the panel shows it."""

from html import escape

from Qt.QtCore import Qt
from Qt.QtWidgets import QGridLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from ..mapres.results.report import validation_rows

# What the panel tells in words; bars tell the class.
TOLD = ("Resolution", "Claimed", "Half-map FSC", "Warning")
CLASS_LIMITS = {"high": "< 5 Å", "medium": "5–10 Å", "low": "> 10 Å"}


class VerdictView(QWidget):
    """Bars for the classes, and the rest in words; one model below the other."""

    def __init__(self):
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._shown = QWidget()
        layout.addWidget(self._shown)

    def show_found(self, found):
        """Show a list of `Validation`, one for each model."""
        shown = QWidget()
        grid = QGridLayout(shown)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        for validation in found:
            named = f"{validation.map}, {validation.model_name}"
            _across(grid, f"<b>{escape(named)}</b>")
            for name, chance in validation.probabilities.items():
                _add_bar(grid, name, chance, name == validation.resolution_class)
            for label, text in validation_rows(validation):
                if label in TOLD:
                    _across(grid, f"<b>{label}:</b> {escape(text)}")
        grid.setRowStretch(grid.rowCount(), 1)
        self.layout().replaceWidget(self._shown, shown)
        self._shown.deleteLater()
        self._shown = shown


def _add_bar(grid, name, chance, chosen):
    row = grid.rowCount()
    text = escape(f"{name} ({CLASS_LIMITS[name]})")
    grid.addWidget(QLabel(f"<b>{text}</b>" if chosen else f"<span>{text}</span>"), row, 0)
    bar = QProgressBar()
    bar.setRange(0, 1000)
    bar.setValue(round(1000 * chance))
    bar.setFormat(f"{chance:.0%}")
    bar.setAccessibleName(f"chance of {name}")
    grid.addWidget(bar, row, 1)


def _across(grid, text):
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    grid.addWidget(label, grid.rowCount(), 0, 1, 2)
