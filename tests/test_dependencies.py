"""Installing the bundle must not replace a package that ChimeraX ships.

ChimeraX installs a bundle with pip into the user's folder, which comes first on ``sys.path``: a
numpy that arrives there shadows ChimeraX's own, and its compiled code crashes. So this tests
what pip would install beside the packages of each release.
"""

import json
import os
import ssl
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen
from xml.etree import ElementTree

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BUNDLE_INFO = Path(__file__).parents[1] / "bundle_info.xml"

# Read in the ChimeraX sources, at the tags of the releases: prereqs/pips/app_requirements.txt (to
# 1.9), pyproject.toml (from 1.10) and prereqs/Python/Makefile (setuptools); for 1.12 in the
# development source of January 2026. 1.7 and 1.8 leave packaging open: the newest of that day.
# Listed are those that others often need. No release pins h5py, protobuf, flatbuffers or sympy.
NAMES = ("numpy", "scipy", "matplotlib", "packaging", "requests", "six", "Pillow", "setuptools")
PINS = {
    "1.7": "1.25.1 1.11.1 3.7.2 23.2 2.31.0 1.16.0 10.0.1 67.4.0",
    "1.8": "1.26.4 1.13.0 3.8.4 24.0 2.31.0 1.16.0 10.3.0 69.5.1",
    "1.9": "1.26.4 1.14.0 3.9.2 23.2 2.32.3 1.16.0 10.4.0 72.1.0",
    "1.10": "1.26.4 1.14.0 3.10.1 24.2 2.32.3 1.16.0 10.4.0 78.1.0",
    "1.11-1.12": "1.26.4 1.14.0 3.10.7 25.0 2.32.5 1.17.0 11.3.0 80.9.0",
}

# pip takes the names as they are: wheels for an older glibc bear another.
LINUX = "manylinux_2_28_x86_64 manylinux2014_x86_64"


def pip(*arguments: str | Path) -> str:
    """Run the pip of this Python and return what it prints."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def _index() -> None:
    """Skip if the index that pip uses cannot be reached at all."""
    settings = dict(line.partition("=")[::2] for line in pip("config", "list").splitlines())
    url = "https://pypi.org/simple"
    # The later ones win, as in pip.
    for key in ("global.index-url", "install.index-url", ":env:.index-url"):
        url = settings.get(key, url).strip("'\"")
    try:
        with urlopen(f"{url.rstrip('/')}/mrcfile/", timeout=20):
            pass
    except HTTPError as error:
        error.close()  # It responds, if only to refuse this request.
    except (URLError, TimeoutError) as error:
        # A certificate that only pip knows is no missing network.
        if not isinstance(getattr(error, "reason", None), ssl.SSLError):
            pytest.skip(f"no network: {error}")


def pins_of(release: str) -> dict[str, str]:
    """Give the versions of the packages in a ChimeraX release."""
    return dict(zip(NAMES, PINS[release].split(), strict=True))


def declared(python_version: str) -> list[str]:
    """Give the bundle's requirements on a Python version, without ChimeraX itself."""
    bundle = ElementTree.parse(BUNDLE_INFO).getroot()
    texts = [f"{d.get('name')} {d.get('version', '')}" for d in bundle.iter("Dependency")]
    found = []
    for requirement in map(Requirement, texts):
        # Decided here, since pip takes markers from the Python that it runs on.
        marker, requirement.marker = requirement.marker, None
        wanted = marker is None or marker.evaluate({"python_version": python_version})
        if wanted and not requirement.name.startswith("ChimeraX-"):
            found.append(str(requirement))
    return found


def make_venv(folder: Path, pins: dict[str, str]) -> Path:
    """Make an environment in which pip sees the pinned packages; there is only their metadata."""
    venv = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(venv, check=True)
    site = folder / (
        "Lib/site-packages"
        if os.name == "nt"
        else f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    )
    for name, version in pins.items():
        info = site / f"{name}-{version}.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        (info / "INSTALLER").write_text("pip\n", encoding="utf-8")
        (info / "RECORD").write_text("", encoding="utf-8")
    return folder


def resolve(*arguments: str | Path, venv: Path | None = None) -> dict[str, str]:
    """Return name and version of all that pip would install with the options of ChimeraX."""
    place = [] if venv is None else ["--python", venv]
    install = ["install", "--quiet", "--dry-run", "--upgrade-strategy", "only-if-needed"]
    # Wheels only: ChimeraX's users have no compiler, and a dry run should build nothing.
    options = ["--report", "-", "--only-binary", ":all:"]
    report = json.loads(pip(*place, *install, *options, *arguments))
    items = [item["metadata"] for item in report["install"]]
    return {canonicalize_name(item["name"]): item["version"] for item in items}


def replaced(pins: dict[str, str], installed: dict[str, str]) -> dict[str, str]:
    """Give the pinned packages among those to install."""
    names = {canonicalize_name(name) for name in pins}
    return {name: version for name, version in installed.items() if name in names}


@pytest.mark.parametrize("release", PINS)
def test_nothing_of_chimerax_is_replaced(release: str, tmp_path: Path) -> None:
    pins = pins_of(release)
    installed = resolve(*declared("3.11"), venv=make_venv(tmp_path / "venv", pins))
    assert {"mrcfile", "onnxruntime"} <= set(installed)
    assert replaced(pins, installed) == {}


def test_a_replaced_numpy_would_be_seen(tmp_path: Path) -> None:
    pins = pins_of("1.7")
    venv = make_venv(tmp_path / "venv", pins)
    listed = json.loads(pip("--python", venv, "list", "--format", "json"))
    assert {item["name"]: item["version"] for item in listed} == pins
    # TensorFlow needs this package, and this package needs numpy 2.
    assert list(replaced(pins, resolve("ml_dtypes>=0.6", venv=venv))) == ["numpy"]


@pytest.mark.parametrize(
    ("python_version", "platforms", "pins"),
    [
        ("3.14", LINUX, {"numpy": "2.4.6"}),
        # The last release for the Intel Mac needs more packages than today's.
        ("3.11", "macosx_13_0_x86_64", pins_of("1.7")),
        # Only older releases have wheels for macOS 12.
        ("3.11", "macosx_12_0_arm64", pins_of("1.11-1.12")),
        ("3.11", "win_amd64", pins_of("1.11-1.12")),
        # A plain Python, for the command line
        ("3.10", LINUX, {}),
    ],
    ids=["Python 3.14", "Intel Mac", "macOS 12", "Windows", "Python 3.10"],
)
def test_there_are_wheels_elsewhere(
    python_version: str, platforms: str, pins: dict[str, str], tmp_path: Path
) -> None:
    # For another Python or system pip ignores what is installed: hence the constraints.
    constraints = tmp_path / "constraints.txt"
    lines = [f"{name}=={version}\n" for name, version in pins.items()]
    constraints.write_text("".join(lines), encoding="utf-8")
    target = ["--target", tmp_path / "target", "--constraint", constraints]
    system = ["--python-version", python_version]
    for platform in platforms.split():
        system += ["--platform", platform]
    installed = resolve(*target, *system, *declared(python_version))
    assert {"mrcfile", "onnxruntime"} <= set(installed)
