"""Jobs: functions of the core, run in a thread to keep a window responsive, or waited for.

A function stops where it reports its progress. A window does not wait for that: a canceled job is
let go of at once, and its thread ends by itself within a fraction of a second.
"""

import atexit
import ctypes
import sys
from contextlib import suppress
from functools import partial
from threading import Thread, main_thread
from threading import enumerate as threads

from chimerax.core.errors import CancelOperation, UserError

from .log import as_user_errors
from .mapres.errors import Cancelled
from .volumes import check_open, name_of

# The session's trigger for the job under way: its data is a `Job`, or None when it ends.
PROGRESS = "mapres progress"
# In a window, between two looks at a job; progress is shown as often.
TICK_MS = 100
THREAD = "MapRes"
# How long the end of Python waits for a job to see that it is unwanted.
LAST_SECONDS = 2.0


class Job:
    """A function of the core at work on a map.

    Attributes
    ----------
    name : of the map
    fraction : of the work that is done
    message : what is being done
    cancelled : whether to stop; set it from anywhere
    """

    def __init__(self, session, map):
        self.name = name_of(map)
        self.fraction, self.message = 0.0, "starting"
        self.cancelled = False
        self._session, self._map = session, map
        self._shown = set()

    def cancel(self):
        """Stop as soon as possible."""
        self.cancelled = True

    @property
    def unwanted(self):
        """Whether nobody waits for it anymore; at the end of Python nobody does."""
        return self.cancelled or self._map.deleted or not main_thread().is_alive()

    def progress(self, fraction, message):
        """Take note of progress, in any thread; raise `Cancelled` where the job is unwanted."""
        if self.unwanted:
            raise Cancelled
        self.fraction, self.message = fraction, message
        if not self._session.ui.is_gui:
            self.show()

    def show(self):
        """Show the progress, in the main thread."""
        # This repaints a window; a terminal would be flooded.
        if self._session.ui.is_gui or self.message not in self._shown:
            self._shown.add(self.message)
            status = f"{self.name}: {self.message} ({self.fraction:.0%})"
            self._session.logger.status(status)
        _triggers(self._session).activate_trigger(PROGRESS, self)


def run_job(session, map, function, *arguments, **options):
    """Run a function of the core on a map; its errors become ChimeraX's.

    Closing the map cancels it.
    """
    if current(session) is not None:
        raise UserError("an analysis is already running; wait for it or cancel it.")
    job = session._mapres_job = Job(session, map)
    quitting = session.triggers.add_handler("app quit", lambda *_: job.cancel())
    call = partial(function, *arguments, **options, progress=job.progress)
    try:
        with as_user_errors():
            return responsive(session, call, job)
    except MemoryError as error:
        raise UserError(
            "there is not enough memory for this map; close other programs or crop the map."
        ) from error
    except (Cancelled, KeyboardInterrupt) as error:
        # The second is Ctrl-C, where there is no window.
        check_open([map])
        raise CancelOperation(f"{job.name}: canceled") from error
    finally:
        quitting.remove()
        session._mapres_job = None
        _triggers(session).activate_trigger(PROGRESS, None)
        _give_memory_back()


def current(session):
    """Return the `Job` under way, or None."""
    return getattr(session, "_mapres_job", None)


def responsive(session, call, job=None):
    """Call a function that takes long; if there is a window, it stays responsive meanwhile.

    Raises
    ------
    Cancelled
        If the job is unwanted before the function returns.
    CancelOperation
        If ChimeraX is quit meanwhile.
    """
    if not session.ui.is_gui:
        return call()
    from Qt.QtCore import QEventLoop, QTimer

    loop, timer, found = QEventLoop(), QTimer(), {}

    def work():
        try:
            found["value"] = call()
        except BaseException as error:
            # The error of an unwanted job would keep alive all that was in use.
            if job is None or not job.unwanted:
                found["error"] = error
        # Posted, so that it also ends a loop that has not begun. After an unwanted job the whole
        # application may be gone.
        if job is None or not job.unwanted:
            session.ui.thread_safe(loop.quit)
        else:
            _give_memory_back()

    def look():
        if job.unwanted:
            loop.quit()
        else:
            job.show()

    Thread(target=work, name=THREAD if job else None, daemon=True).start()
    if job is not None:
        look()
        timer.timeout.connect(look)
        timer.start(TICK_MS)
    loop.exec()
    timer.stop()
    if job is not None and job.unwanted:
        raise Cancelled
    if "error" in found:
        raise found.pop("error")
    if "value" in found:
        return found["value"]
    # Quitting ends all loops.
    if job is not None:
        job.cancel()
    raise CancelOperation("ChimeraX was quit")


def watch(session, function):
    """Call a function with every `Job` that makes progress, and None; return the handler."""
    return _triggers(session).add_handler(PROGRESS, lambda _, job: function(job))


def _give_memory_back():
    """Return freed memory to Linux: glibc keeps 0.1 to 0.2 GB of it after a map of 256³."""
    if sys.platform == "linux":
        # Other C libraries have no such function, and keep nothing.
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)


@atexit.register
def _wait_for_jobs():
    for thread in threads():
        if thread.name == THREAD:
            thread.join(LAST_SECONDS)


def _triggers(session):
    if not session.triggers.has_trigger(PROGRESS):
        session.triggers.add_trigger(PROGRESS)
    return session.triggers
