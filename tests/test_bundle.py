"""What the two wheels hold: ChimeraX's, built by its own bundle builder, and pip's."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import pytest
import wheels

import mapres

ROOT = Path(__file__).resolve().parents[1]
CORE = sorted((ROOT / "src" / "mapres").rglob("*.py"))
WEIGHTS = ROOT / "src/mapres/networks/weights"
MODELS = sorted(f for f in WEIGHTS.iterdir() if f.name[0] != ".")
BUNDLE = ElementTree.parse(ROOT / "bundle_info.xml").getroot()
# Folders of Python files, below the package of each wheel.
CORE_FOLDERS = {
    "mapres", "mapres/arrays", "mapres/checks", "mapres/cli", "mapres/features",
    "mapres/headers", "mapres/local",
    "mapres/local/classical", "mapres/masks", "mapres/networks", "mapres/results",
    "mapres/validation",
}  # fmt: skip
DOCS = {"docs/user/commands", "docs/user/tools"}
PACKAGE = "chimerax/map_resolution"


@pytest.fixture(scope="module")
def bundle_wheel(tmp_path_factory):
    if importlib.util.find_spec("chimerax") is None:
        pytest.skip("ChimeraX is not installed")
    return zipfile.ZipFile(wheels.bundle_wheel(tmp_path_factory))


@pytest.fixture(scope="module")
def pip_wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pip")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", folder / "src", ignore=ignored)
    for name in ("setup.py", "bundle_info.xml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(folder)], check=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def packed(wheel):
    return {name for name in wheel.namelist() if ".dist-info/" not in name}


def folders(names):
    """Return the folders of names, as posix paths."""
    return {str(PurePosixPath(name).parent) for name in names}


def test_bundle_holds_everything_it_needs_and_nothing_else(bundle_wheel):
    pages = (page for page in (ROOT / "src" / "docs").rglob("*") if page.is_file())
    glue = (*(ROOT / "src").glob("*.py"), *(ROOT / "src" / "panel").glob("*.py"))
    sources = [f.relative_to(ROOT / "src").as_posix() for f in (*glue, *CORE, *MODELS, *pages)]
    assert packed(bundle_wheel) == {f"{PACKAGE}/{source}" for source in sources}
    parts = {"panel", *CORE_FOLDERS, "mapres/networks/weights", *DOCS}
    assert folders(packed(bundle_wheel)) == {PACKAGE} | {f"{PACKAGE}/{part}" for part in parts}


def test_pip_installs_the_core_its_models_and_its_command(pip_wheel):
    sources = {f.relative_to(ROOT / "src").as_posix() for f in (*CORE, *MODELS)}
    assert packed(pip_wheel) == sources
    assert folders(packed(pip_wheel)) == CORE_FOLDERS | {"mapres/networks/weights"}
    (points,) = (n for n in pip_wheel.namelist() if n.endswith("entry_points.txt"))
    assert "mapres = mapres.__main__:main" in pip_wheel.read(points).decode()


def test_there_is_a_model_to_ship():
    suffixes = {file.suffix for file in MODELS}
    assert suffixes == {".onnx", ".json"}
    assert sum(file.stat().st_size for file in MODELS) <= 45e6


def test_version_is_the_same_everywhere(bundle_wheel, pip_wheel):
    version = BUNDLE.get("version")
    assert mapres.__version__ == version
    for wheel in (bundle_wheel, pip_wheel):
        (metadata,) = (n for n in wheel.namelist() if n.endswith("METADATA"))
        assert f"\nVersion: {version}\n" in wheel.read(metadata).decode()
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\d\S*)", changes, re.MULTILINE)[1] == version


def test_numpy_is_left_as_chimerax_has_it(bundle_wheel):
    (metadata,) = (n for n in bundle_wheel.namelist() if n.endswith("METADATA"))
    required = re.findall(r"Requires-Dist: (\S+)", bundle_wheel.read(metadata).decode())
    assert not any(name.lower().startswith(("numpy", "scipy")) for name in required)


@pytest.mark.parametrize(
    ("kind", "names"), [("Command", {"resvalidate", "localres"}), ("Tool", {"mapres"})]
)
def test_every_command_and_tool_has_a_help_page(kind, names):
    declared = [e.text.split(" :: ") for e in BUNDLE.iter("ChimeraXClassifier")]
    found = {parts[2].lower() for parts in declared if parts[1] == kind}
    pages = {page.stem for page in (ROOT / f"src/docs/user/{kind.lower()}s").glob("*.html")}
    assert found == pages == names


def test_pages_show_pictures_that_are_there():
    for page in (ROOT / "src/docs/user").rglob("*.html"):
        for name in re.findall(r'<img src="([^"/]+)"', page.read_text(encoding="utf-8")):
            assert (page.parent / name).is_file()


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_core_imports_no_host_and_itself_only_relatively(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported.add(node.module.partition(".")[0])
    assert not imported & {"chimerax", "Qt", "PySide6", "tensorflow", "keras", "mapres"}
