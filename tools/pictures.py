"""Make the pictures of the help pages from the simulated half maps of the examples.

The panel is drawn offscreen, in the window that its tests use.
"""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

import headless
from demo import EXAMPLES, Demo

ROOT = EXAMPLES.parent
PAGES = ROOT / "src" / "docs" / "user"
WIDTH, HEIGHT = 320, 720


def main() -> None:
    """Write the pictures into the folders of their pages."""
    folder = Path(tempfile.mkdtemp(prefix="mapres-pictures-"))
    # First in, last out: ChimeraX saves its history when Python ends.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    session = headless.start(folder)
    try:
        draw(Demo(session, folder, folder))
    finally:
        session.triggers.activate_trigger("app quit", None)


def draw(demo: Demo) -> None:
    """Run both commands in the panel, and grab it; let `localres` draw its figure."""
    first, second = (demo.open(EXAMPLES / f"half{n}.mrc.gz") for n in (1, 2))
    map = demo.run(f"volume add #{first.id_string},{second.id_string} scaleFactors 0.5,0.5")
    map.name = "simulated"
    panel = open_panel(demo.session)
    panel.map.value = map
    for menu, half in zip(panel.halves, (first, second), strict=True):
        menu.value = half
    panel.validate_form.claimed.setText("4.5")
    grab(panel, panel.validate_form, PAGES / "tools" / "mapres-validate.png")
    grab(panel, panel.local_form, PAGES / "tools" / "mapres-local.png")
    path = PAGES / "commands" / "localres.png"
    demo.run(f'localres #{map.id_string} key false figure "{path}"')


def open_panel(session):
    """Give the session a window and open the panel in it."""
    sys.path.insert(0, str(ROOT / "tests" / "chimerax"))
    import window

    window.install()
    session.ui = window.WindowedUI(session)
    from chimerax.color_key import cmd
    from chimerax.map_resolution.panel.panel import Panel

    cmd.register_command(session.logger)
    return Panel(session)


def grab(panel, form, path: Path) -> None:
    """Run the command of a form, and draw the panel with its results."""
    panel.resize(WIDTH, HEIGHT)
    panel.show()
    panel.tabs.setCurrentWidget(form)
    panel.run()
    application = panel._session.ui.application
    application.processEvents()
    panel.local_view.histogram.draw()
    application.processEvents()
    panel.grab().save(str(path))


if __name__ == "__main__":
    main()
