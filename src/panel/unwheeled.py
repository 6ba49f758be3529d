"""Fields that the mouse wheel leaves alone: it scrolls the panel that they are in."""

from Qt.QtCore import Qt


class Unwheeled:
    """Mixed into a widget before Qt's class: only with the focus it follows the wheel."""

    def __init__(self):
        super().__init__()
        # Not by the wheel itself, as some have it.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event):
        """Follow the wheel where the keyboard would be followed, too."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
