"""Exception types. Each message names the value and the remedy in one sentence."""


class MapResError(ValueError):
    """Base of every error that the core raises on bad input."""


class MapFileError(MapResError):
    """The file is missing, truncated, or not a map that can be read."""


class MapContentError(MapResError):
    """The map was read, but its values or its geometry cannot be analyzed."""


class GridMismatchError(MapResError):
    """A mask, half map or other local resolution does not fit the grid of the map."""


class ModelError(MapResError):
    """A network is missing, altered or invalid, or cannot be run."""


class OutputError(MapResError):
    """The result cannot be written to the requested file."""


class Cancelled(Exception):
    """Raised by a ``progress`` callable to stop the work; nothing has been written."""
