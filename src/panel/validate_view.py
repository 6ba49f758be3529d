"""The results of `resvalidate` in the panel."""

from html import escape

from Qt.QtWidgets import QGridLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from ..mapres.results.validation_report import validation_rows
from .widgets import Text

# Rows that the panel has in words; the class is in bars.
LABELS = ("Resolution", "Claimed", "Half maps", "Warning")
CLASS_LIMITS = {"high": "< 5 Å", "medium": "5–10 Å", "low": "> 10 Å"}


class ValidateView(QWidget):
    """Bars for the classes, and the rest in words; one model below another."""

    def __init__(self):
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._shown = QWidget()
        layout.addWidget(self._shown)

    def show_results(self, found):
        """Show a list of `Validation`, one for each model."""
        shown = QWidget()
        grid = QGridLayout(shown)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        for validation in found:
            named = f"{validation.map}, {validation.model_name}"
            _across(grid, f"<b>{escape(named)}</b>")
            for name, probability in validation.probabilities.items():
                _add_bar(grid, name, probability, name == validation.resolution_class)
            for label, text in validation_rows(validation):
                if label in LABELS:
                    _across(grid, f"<b>{label}:</b> {escape(text)}")
        grid.setRowStretch(grid.rowCount(), 1)
        self.layout().replaceWidget(self._shown, shown)
        self._shown.deleteLater()
        self._shown = shown


def _add_bar(grid, name, probability, chosen):
    row = grid.rowCount()
    text = escape(f"{name} ({CLASS_LIMITS[name]})")
    grid.addWidget(QLabel(f"<b>{text}</b>" if chosen else f"<span>{text}</span>"), row, 0)
    bar = QProgressBar()
    bar.setRange(0, 1000)
    bar.setValue(round(1000 * probability))
    bar.setFormat(f"{probability:.0%}")
    bar.setAccessibleName(f"probability of {name}")
    grid.addWidget(bar, row, 1)


def _across(grid, text):
    grid.addWidget(Text(text), grid.rowCount(), 0, 1, 2)
