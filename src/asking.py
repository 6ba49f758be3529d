"""Questions to the core, which runs in a process of its own.

The library of its networks and the graphics driver do not always share one. In a window the rest of
ChimeraX stays in use until the answer comes.
"""

import sys
from functools import partial
from pathlib import Path
from threading import Thread

from chimerax.core.errors import CancelOperation, UserError
from chimerax.core.python_utils import chimerax_python_executable

from .mapres.errors import Cancelled, MapResError
from .mapres.worker import Worker
from .volumes import check_open, name_of

# The session's trigger for what is being asked: its data is a `Question`, or None when it ends.
PROGRESS = "mapres progress"


class Question:
    """A question under way.

    Attributes
    ----------
    name : of the map
    fraction : of the work that is done
    message : what is being done
    cancelled : whether to give up; set it from anywhere
    """

    def __init__(self, session, name, map):
        self.name = name
        self._map = map
        self.fraction, self.message = 0.0, "starting"
        self.cancelled = False
        self._session = session
        self._said = set()

    def progress(self, fraction, message):
        """Take note of progress, several times a second, in any thread; raise `Cancelled`."""
        if self.cancelled or self._map.deleted:
            raise Cancelled
        self.fraction, self.message = fraction, message
        if self._session.ui.is_gui:
            self._session.ui.thread_safe(self._tell)
        else:
            self._tell()

    def _tell(self):
        # A window is repainted by it; a terminal would be flooded.
        if self._session.ui.is_gui or self.message not in self._said:
            self._said.add(self.message)
            status = f"{self.name}: {self.message} ({self.fraction:.0%})"
            self._session.logger.status(status)
        self._session.triggers.activate_trigger(PROGRESS, current(self._session))


def ask(session, map, question, *arguments, **options):
    """Put a question about a map to the core; its errors become ChimeraX's.

    It is given up when the map is closed.
    """
    name = name_of(map)
    asked, before = Question(session, name, map), current(session)
    call = partial(
        getattr(_worker(session), question), *arguments, **options, progress=asked.progress
    )
    session._mapres_question = asked
    try:
        return responsive(session, call)
    except MapResError as error:
        if getattr(error, "details", ""):
            # The worker's last words, for a report; the sentence is for the user.
            session.logger.info(error.details)
        raise UserError(str(error)) from error
    except (Cancelled, KeyboardInterrupt) as error:
        # Ctrl-C, where there is no window. The worker's process has ended already.
        check_open([map])
        raise CancelOperation(f"{name}: cancelled") from error
    finally:
        session._mapres_question = before
        session.triggers.activate_trigger(PROGRESS, before)


def current(session):
    """Return the `Question` that is under way, or None."""
    return getattr(session, "_mapres_question", None)


def responsive(session, call):
    """Call a function that takes long; where there is a window, it stays alive meanwhile.

    Raises
    ------
    CancelOperation
        If ChimeraX is quit meanwhile.
    """
    if not session.ui.is_gui:
        return call()
    from Qt.QtCore import QEventLoop

    loop, found = QEventLoop(), {}

    def work():
        try:
            found["value"] = call()
        except BaseException as error:
            found["error"] = error
        # Posted, so that it also ends a loop that has not begun.
        session.ui.thread_safe(loop.quit)

    Thread(target=work, daemon=True).start()
    loop.exec()
    if not found:
        # Quitting ends all loops, and the worker before them.
        raise CancelOperation("ChimeraX was quit")
    if "error" in found:
        raise found["error"]
    return found["value"]


def watch(session, function):
    """Call a function with every `Question` that goes on, and None; return the handler."""
    _add_trigger(session)
    return session.triggers.add_handler(PROGRESS, lambda _, question: function(question))


def _add_trigger(session):
    if not session.triggers.has_trigger(PROGRESS):
        session.triggers.add_trigger(PROGRESS)


def _worker(session) -> Worker:
    """Return the session's worker; its process starts with the first question."""
    worker = getattr(session, "_mapres_worker", None)
    if worker is None:
        worker = session._mapres_worker = Worker(python=_python())
        _add_trigger(session)
        session.triggers.add_handler("app quit", lambda *_: worker.close())
    return worker


def _python() -> str:
    # In the application sys.executable may be ChimeraX itself; in a virtual environment
    # chimerax_python_executable() is the interpreter outside of it.
    if Path(sys.executable).stem.lower().startswith("python"):
        return sys.executable
    return chimerax_python_executable()
