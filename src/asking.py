"""Questions to the core, which runs in a process of its own.

The library of its networks and the graphics driver do not always share one.
"""

import sys
from pathlib import Path

from chimerax.core.errors import CancelOperation, UserError
from chimerax.core.python_utils import chimerax_python_executable

from .mapres.errors import Cancelled, MapResError
from .mapres.worker import Worker


def ask(session, name, question, *arguments, **options):
    """Put a question about a map called ``name`` to the core; its errors become ChimeraX's."""
    said = []

    def progress(fraction, message):
        # Called several times a second: a window is repainted by it, a terminal would be flooded.
        if session.ui.is_gui or message not in said:
            said.append(message)
            session.logger.status(f"{name}: {message} ({fraction:.0%})")

    try:
        return getattr(_worker(session), question)(*arguments, **options, progress=progress)
    except MapResError as error:
        if getattr(error, "details", ""):
            # The worker's last words, for a report; the sentence is for the user.
            session.logger.info(error.details)
        raise UserError(str(error)) from error
    except (Cancelled, KeyboardInterrupt) as error:
        # Ctrl-C, where there is no window. The worker's process has ended already.
        raise CancelOperation(f"{name}: cancelled") from error


def _worker(session) -> Worker:
    """Return the session's worker; its process starts with the first question."""
    worker = getattr(session, "_mapres_worker", None)
    if worker is None:
        worker = session._mapres_worker = Worker(python=_python())
        session.triggers.add_handler("app quit", lambda *_: worker.close())
    return worker


def _python() -> str:
    # In the application sys.executable may be ChimeraX itself; in a virtual environment
    # chimerax_python_executable() is the interpreter outside of it.
    if Path(sys.executable).stem.lower().startswith("python"):
        return sys.executable
    return chimerax_python_executable()
