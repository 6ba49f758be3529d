"""What can go wrong, as types. Every message names the value and the remedy in one sentence."""


class MapResError(ValueError):
    """Base of every error that the core raises on bad input."""


class MapFileError(MapResError):
    """The file is missing, truncated, or not a map that can be read."""


class MapContentError(MapResError):
    """The map was read, but its numbers or its geometry cannot be analyzed."""


class GridMismatchError(MapResError):
    """A mask or a half map does not lie on the grid of the map."""


class ModelError(MapResError):
    """A model is missing, altered or not what it must be, or nothing can run it."""


class OutputError(MapResError):
    """The result cannot be written where it was asked for."""


class Cancelled(Exception):
    """Raised by a ``progress`` callable to stop the work; nothing has been written."""
