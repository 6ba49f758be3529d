"""Install the core and its command line with pip; ChimeraX never runs this file.

Name, version and dependencies of the bundle are declared once, in bundle_info.xml.
"""

from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

bundle = ElementTree.parse(Path(__file__).with_name("bundle_info.xml")).getroot()
requirements = [
    "".join((dependency.get("name"), dependency.get("version", "")))
    for dependency in bundle.iter("Dependency")
    if not dependency.get("name").startswith("ChimeraX-")
]

setup(
    name="mapres",
    version=bundle.get("version"),
    description=bundle.findtext("Synopsis"),
    license=bundle.findtext("License"),
    python_requires=">=3.10",
    package_dir={"": "src"},
    packages=find_packages("src", include=["mapres", "mapres.*"]),
    package_data={"mapres.networks": ["weights/*.onnx", "weights/*.json"]},
    # ChimeraX brings numpy, scipy and matplotlib; a plain Python must be told.
    install_requires=[*requirements, "numpy", "scipy", "matplotlib"],
    # requirements-train.txt has the versions that the shipped networks were made with.
    extras_require={
        "train": [
            "keras>=3.12",
            "tensorflow>=2.16",
            "tf2onnx>=1.17",
            "onnx",
            "gemmi",
            "h5py",
            "pooch>=1.8",
            "tqdm",
        ]
    },
    entry_points={"console_scripts": ["mapres = mapres.__main__:main"]},
)
