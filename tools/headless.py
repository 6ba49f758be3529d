"""A ChimeraX session without the application, from the ChimeraX library on PyPI.

`start` opens a session in which the bundle of this repository is installed as it stands, so that
``run(session, "resvalidate #1")`` goes through ChimeraX's own toolshed and parser.
"""

from __future__ import annotations

import builtins
import collections.abc
import contextlib
import importlib.util
import io
import logging
import shutil
import subprocess
import sys
import types
import warnings
from pathlib import Path

import library_metadata

ROOT = Path(__file__).resolve().parent.parent
_prepared: list[Path] = []


def start(folder: Path, wheel: Path | None = None):
    """Build and install the bundle, and open a session that has it.

    Parameters
    ----------
    folder : where the bundle is installed and ChimeraX keeps its settings; made if missing
    wheel : the bundle, if it has been built already

    Returns
    -------
    chimerax.core.session.Session
    """
    if "chimerax" in sys.modules and not _prepared:
        # Inside the application: the bundle is one of its own.
        return sys.modules["chimerax.core"].get_minimal_test_session()
    with warnings.catch_warnings():
        # The library is older than the Python packages around it, and they say so.
        warnings.simplefilter("ignore")
        prepare_library(folder)
        install(wheel or build_wheel(folder / "build"), folder / "site")
        session = _open_session()
    return session


def prepare_library(folder: Path) -> None:
    """Make the PyPI library importable: once, and before anything of it is imported."""
    if _prepared:
        return
    _prepared.append(folder)
    for name in ("Mapping", "MutableMapping", "Sequence", "Callable", "Iterable"):
        # grako, which reads ChimeraX's model specifiers, is older than Python 3.10.
        if not hasattr(collections, name):
            setattr(collections, name, getattr(collections.abc, name))
    builtins.line_profile = lambda function: function
    # The package's own __init__ imports every subpackage, many of which need the application.
    spec = importlib.util.find_spec("chimerax")
    chimerax = types.ModuleType("chimerax")
    chimerax.__spec__ = spec
    chimerax.__path__ = list(spec.submodule_search_locations)
    _set_folders(chimerax, folder)
    sys.modules["chimerax"] = chimerax
    sys.modules["chimerax.core.nogui"] = _nogui_module()


def build_wheel(folder: Path) -> Path:
    """Build the bundle's wheel as ``devel build`` does, from a copy of the sources."""
    from chimerax.bundle_builder import BundleBuilder

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", folder / "src", ignore=ignored)
    shutil.copy(ROOT / "bundle_info.xml", folder)
    with contextlib.redirect_stdout(io.StringIO()):
        builder = BundleBuilder(logging.getLogger(__name__), str(folder))
        builder.make_wheel()
    return Path(builder.wheel_path)


def install(wheel: Path, site: Path) -> None:
    """Install the wheel into the folder ``site``, where this process and its children find it."""
    shutil.rmtree(site, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(site), str(wheel)], check=True)
    from chimerax.core import version

    library_metadata.write(site, version)
    sys.path.insert(0, str(site))
    sys.modules["chimerax"].__path__.append(str(site / "chimerax"))


def real_map(name: str) -> Path:
    """Return the path of a real map that comes with the GridDataFormats package."""
    package = Path(importlib.util.find_spec("gridData").origin).parent
    return package / "tests" / "datafiles" / name


def printed_log():
    """Return a log for ``session.logger.add_log`` that prints, as ``chimerax --nogui`` does."""
    from chimerax.core.logger import PlainTextLog

    class PrintedLog(PlainTextLog):
        def log(self, level, message):
            print(message.rstrip(), flush=True)
            return True

    return PrintedLog()


def _set_folders(chimerax: types.ModuleType, folder: Path) -> None:
    names = ("user_data_dir", "user_config_dir", "user_cache_dir", "user_log_dir")
    folders = {name: str(folder / name) for name in names}
    for path in folders.values():
        Path(path).mkdir(parents=True, exist_ok=True)
    chimerax.app_dirs = chimerax.app_dirs_unversioned = types.SimpleNamespace(
        appname="ChimeraX", appauthor="UCSF", version="1.7", **folders
    )
    for name in ("app_bin_dir", "app_data_dir", "app_lib_dir"):
        setattr(chimerax, name, str(folder / name))


def _nogui_module() -> types.ModuleType:
    """Stand in for `chimerax.core.nogui`, which the library lacks."""

    class UI:
        is_gui = False
        has_graphics = False

        def __init__(self, session):
            self.session = session

        def thread_safe(self, function, *args, **keywords):
            function(*args, **keywords)

    module = types.ModuleType("chimerax.core.nogui")
    module.UI = UI
    return module


def _open_session():
    from chimerax.atomic import initialize_atomic
    from chimerax.core import attributes, core_settings, tools, toolshed, undo
    from chimerax.core.session import Session, register_misc_commands

    session = Session("ChimeraX")
    core_settings.init(session)
    register_misc_commands(session)
    attributes.RegAttrManager(session)
    toolshed.init(session.logger, check_available=False, session=session)
    session.toolshed = toolshed.get_toolshed()
    session.toolshed.bootstrap_bundles(session, safe_mode=False)
    session.tools = tools.Tools(session, first=True)
    session.undo = undo.Undo(session, first=True)
    initialize_atomic(session)
    return session
