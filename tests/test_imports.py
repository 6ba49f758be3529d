"""What the core can do without: an import hook in a fresh Python refuses whole libraries."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from handmade import folded_chain

import mapres

HOOK = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {refused!r}:
            raise ImportError(name + " is refused here")

sys.meta_path.insert(0, Refuse())
import numpy as np
import mapres
from mapres.density import Density

first, second = (Density(values, (1.5, 1.5, 1.5)) for values in np.load(sys.argv[1]))
"""
EVERYTHING = """
import pkgutil
from importlib import import_module
for module in pkgutil.walk_packages(mapres.__path__, "mapres."):
    if not module.name.endswith("__main__"):
        import_module(module.name)
print(mapres.validate(first, half_maps=(first, second), claimed=5).resolution_class)
print(mapres.local_resolution(first, half_maps=(first, second)).method)
print(mapres.local_resolution(first, method="unet-monores").method)
"""
CLASSICAL = """
for method in ("monores", "blocres", "resmap"):
    print(mapres.local_resolution(first, method=method, half_maps=(first, second)).method)
print(mapres.fourier_shell_correlation(first.values, second.values, 1.5) is not None)
"""


@pytest.fixture
def run(tmp_path):
    chains = np.stack([folded_chain(seed=seed).values for seed in (1, 2)])
    np.save(tmp_path / "chains.npy", chains)

    def run(refused, code):
        done = subprocess.run(
            [sys.executable, "-c", HOOK.format(refused=refused) + code, tmp_path / "chains.npy"],
            capture_output=True,
            text=True,
            cwd=Path(mapres.__file__).parents[1],
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout.split()

    return run


def test_networks_run_without_what_trains_them(run):
    training = ["keras", "tensorflow", "tf2onnx", "onnx", "h5py", "jax", "torch"]
    assert run(training, EVERYTHING)[1:] == ["mapres", "unet-monores"]


def test_classical_methods_run_without_onnx_runtime(run):
    refused = ["onnxruntime", "google", "keras", "tensorflow"]
    assert run(refused, CLASSICAL) == ["monores", "blocres", "resmap", "True"]
