"""The analyses in a process of their own, for programs that cannot hold the networks' library.

Importing TensorFlow beside Mesa's software OpenGL hangs for ever, so ChimeraX must never do it. A
child process does; the caller's window stays alive, cancelling is ending the child, and a crash or
lack of memory is one sentence.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

from numpy.typing import NDArray

from .agreement import Agreement
from .child import BOOTSTRAP, SERVE, Child, Ended, obituary
from .density import Density, Progress, silent
from .errors import Cancelled, MapResError, WorkerError
from .halves import HalfMaps
from .local import LocalResolution
from .methods import METHODS
from .validation import Validation
from .wire import IDLE_EXIT


class Worker:
    """Runs the core's functions in a child process, started at the first call and kept.

    The methods have the signatures of the functions of the same name and raise what those raise,
    and `WorkerError` where the process itself fails; the next call then starts a fresh one.
    ``progress`` is called several times a second in the caller's thread, even when the child is
    silent; whatever it raises ends the child at once and is passed on.

    Parameters
    ----------
    python : the interpreter to run
    idle_seconds : the child ends after this long without a call, to give its memory back
    """

    def __init__(self, python: str = sys.executable, idle_seconds: float = 300.0):
        self.python = python
        self.idle_seconds = idle_seconds
        self._child: Child | None = None
        self._in_use = threading.Lock()

    def validate(
        self,
        density: Density,
        *,
        claimed: float | None = None,
        half_maps: HalfMaps | None = None,
        model: str = "default",
        progress: Progress = silent,
    ) -> Validation:
        """Do what `validation.validate` does."""
        arguments = {"density": density, "claimed": claimed, "half_maps": half_maps, "model": model}
        return self._call("validate", arguments, progress)

    def local_resolution(
        self,
        density: Density,
        *,
        method: str = METHODS[0],
        mask: Density | None = None,
        half_maps: HalfMaps | None = None,
        progress: Progress = silent,
        **options: float | None,
    ) -> LocalResolution:
        """Do what `local.local_resolution` does."""
        arguments = {"density": density, "method": method, "mask": mask, "half_maps": half_maps}
        return self._call("local_resolution", arguments | options, progress)

    def agreement(
        self,
        result: LocalResolution,
        other: Density,
        to_other: NDArray,
        *,
        warnings: tuple[str, ...] = (),
        progress: Progress = silent,
    ) -> Agreement:
        """Do what `agreement.agreement` does."""
        arguments = {"result": result, "other": other, "to_other": to_other, "warnings": warnings}
        return self._call("agreement", arguments, progress)

    def close(self) -> None:
        """End the child, if there is one, and remove its files; a call under way is `Cancelled`.

        It may be called in any thread.
        """
        # First nobody's, then ended: a call in another thread sees its child end.
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _call(self, verb: str, arguments: dict[str, Any], progress: Progress) -> Any:
        # A window that stays alive lets its user start a second analysis from inside `progress`.
        if not self._in_use.acquire(blocking=False):
            raise WorkerError("an analysis is running already; wait for it or cancel it.")
        try:
            answer = self._ask(verb, arguments, progress)
        except BaseException:
            # Whatever the child is doing now (`progress` raised, or Ctrl-C), nobody waits for it.
            self.close()
            raise
        finally:
            self._in_use.release()
        if isinstance(answer, MapResError):
            raise answer
        return answer

    def _ask(self, verb: str, arguments: dict[str, Any], progress: Progress) -> Any:
        child, fresh = self._living_child()
        try:
            return child.ask(verb, arguments, progress)
        except (Ended, OSError) as ended:
            if child is not self._child:
                raise Cancelled("the worker was closed") from None
            if not isinstance(ended, Ended):
                raise
            # It may have reached its idle time just as the call arrived.
            if fresh or ended.status != IDLE_EXIT:
                details = child.log()
                raise WorkerError(obituary(ended.status, details), details) from None
        self.close()
        return self._ask(verb, arguments, progress)

    def _living_child(self) -> tuple[Child, bool]:
        """Return the child, and whether it was started just now."""
        if self._child is not None and self._child.is_alive():
            return self._child, False
        self.close()
        self._child = Child(self.python, self._program(), self.idle_seconds)
        return self._child, True

    def _program(self) -> str:
        """Return what the child runs; tests put more verbs between the two parts."""
        return BOOTSTRAP + SERVE
