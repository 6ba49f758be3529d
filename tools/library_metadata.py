"""The metadata of the ChimeraX bundles used here, which the library on PyPI lacks.

In the application every bundle is a wheel with its own metadata, where the toolshed finds its
commands, file formats and the classes it restores from sessions. These are the few lines of them
that opening, coloring and saving maps need.
"""

from __future__ import annotations

from pathlib import Path

# Bundles whose start-up code must run before their modules can be used.
_CUSTOM_INIT = {"chimerax.surface"}

BUNDLES = {
    "ChimeraX-Core": ("chimerax.core",),
    "ChimeraX-Geometry": ("chimerax.geometry",),
    "ChimeraX-Graphics": ("chimerax.graphics",),
    "ChimeraX-Surface": (
        "chimerax.surface",
        "Command :: color sample :: General :: Color surfaces by map value",
    ),
    "ChimeraX-DataFormats": ("chimerax.data_formats", "Manager :: data formats"),
    "ChimeraX-OpenCommand": (
        "chimerax.open_command",
        "InitAfter :: manager :: ChimeraX-DataFormats",
        "Manager :: open command",
        "Command :: open :: General :: Open files",
    ),
    "ChimeraX-SaveCommand": (
        "chimerax.save_command",
        "InitAfter :: manager :: ChimeraX-DataFormats",
        "Manager :: save command",
        "Command :: save :: General :: Save files",
    ),
    "ChimeraX-CoreFormats": (
        "chimerax.core_formats",
        "Provider :: ChimeraX session :: data formats :: category:Session :: nicknames:session"
        " :: suffixes:.cxs",
        "Provider :: ChimeraX session :: open command :: want_path:true",
        "Provider :: ChimeraX session :: save command :: compression_okay:false",
    ),
    "ChimeraX-MapData": (
        "chimerax.map_data",
        'Provider :: MRC density map :: data formats :: category:"Volume data" :: nicknames:mrc'
        " :: suffixes:.mrc,.rec",
        'Provider :: CCP4 density map :: data formats :: category:"Volume data" :: nicknames:ccp4'
        " :: suffixes:.ccp4,.map",
    ),
    "ChimeraX-Map": (
        "chimerax.map",
        "Provider :: MRC density map :: open command :: want_path:true :: batch:true",
        "Provider :: MRC density map :: save command",
        "Provider :: CCP4 density map :: open command :: want_path:true :: batch:true",
        "Command :: volume :: Volume Data :: Control volume display",
    ),
    "ChimeraX-MapFilter": (
        "chimerax.map_filter",
        "Command :: volume add :: Volume Data :: Add maps",
        "Command :: volume copy :: Volume Data :: Copy maps",
    ),
    "ChimeraX-gltf": (
        "chimerax.gltf",
        'Provider :: GL Transmission :: data formats :: category:"Generic 3D objects"'
        " :: suffixes:.glb",
        "Provider :: GL Transmission :: save command",
    ),
    "ChimeraX-ColorKey": (
        "chimerax.color_key",
        "Command :: key :: General :: Show a color key",
    ),
    "ChimeraX-StdCommands": (
        "chimerax.std_commands",
        "Command :: close :: General :: Close models",
        "Command :: color :: General :: Color models",
        "Command :: move :: General :: Move models",
        "Command :: runscript :: General :: Run a script",
        "Command :: turn :: General :: Turn models",
        "Command :: undo :: General :: Undo the last action",
    ),
}


def write(site: Path, version: str) -> None:
    """Write the metadata into a folder on the path, as pip does for a wheel."""
    for name, (package, *classifiers) in BUNDLES.items():
        folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir(parents=True)
        custom = str(package in _CUSTOM_INIT).lower()
        lines = [f"Bundle :: General :: 1,1 :: {package} ::  :: {custom}", *classifiers]
        text = "".join(f"Classifier: ChimeraX :: {line}\n" for line in lines)
        header = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: {package}\n"
        (folder / "METADATA").write_text(header + text)
        (folder / "RECORD").write_text(f"{package.replace('.', '/')}/__init__.py,,\n")
