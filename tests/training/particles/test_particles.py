"""The laboratory: molecules move as told, and RELION finds the resolution that was asked for."""

import os
import shutil
from dataclasses import replace

import gemmi
import numpy as np
import pytest

from mapres.errors import MapResError
from training.particles import relion, sets
from training.particles.experiment import Experiment, draw_experiment
from training.particles.laboratory import MAPS, perform
from training.particles.molecule import conformations
from training.particles.sets import TREATMENTS, stored

INSTALLED = all(shutil.which(name) for name in relion.PROGRAMS)


@pytest.fixture(scope="module")
def experiment(ball):
    return Experiment(
        structure=ball,
        copies=1,
        voxel_size=1.5,
        box=56,
        particles=600,
        resolution=6.0,
        hinge=0.0,
        lost=0.0,
        belt=False,
        angle_error=0.5,
        shift_error=0.2,
        preferred=0.0,
        noise_slope=0.5,
        noise_length=8.0,
    )


def maps(experiment):
    return [*conformations(experiment, np.random.default_rng(0))]


def test_a_rigid_molecule_has_one_conformation_and_a_wide_swing_nine(experiment):
    assert len(maps(experiment)) == 1
    swinging = maps(replace(experiment, hinge=20.0))
    assert len(swinging) == 9
    # Most of it stays; what moves differs the more the farther apart two conformations are.
    steps = [np.abs(each - swinging[0]).mean() for each in swinging[1:]]
    assert steps[0] < steps[3] < steps[-1] < np.abs(swinging[0]).mean()


def test_two_copies_are_the_same_turned_by_half_a_turn_about_z(experiment):
    (both,) = maps(replace(experiment, copies=2, box=96))
    # The axis is voxel n // 2 of an even box.
    turned = np.roll(both[:, ::-1, ::-1], 1, axis=(1, 2))
    assert np.abs(turned - both).max() < 1e-3 * both.max()


def test_a_belt_adds_density_around_the_middle_only(experiment):
    (bare,), (belted,) = maps(experiment), maps(replace(experiment, belt=True))
    added = belted - bare
    height = np.abs(np.arange(56) - 28) * 1.5
    assert added[height < 10].max() > 0.01 * bare.max()
    assert np.abs(added[height > 30]).max() < 1e-3 * added.max()


def test_molecules_that_are_too_small_are_not_drawn(ball):
    small = replace(ball, xyz=ball.xyz[:200], atomic_number=ball.atomic_number[:200])
    small = replace(small, b_factor=ball.b_factor[:200])
    assert draw_experiment(small, np.random.default_rng(0)) is None


def test_a_missing_relion_is_one_sentence(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MapResError, match=r"relion_project.* not found on the PATH; install"):
        relion.require()


def test_particles_are_written_as_a_star_file(tmp_path):
    rows = np.arange(27, dtype=float).reshape(3, 9)
    relion.write_particles(tmp_path / "p.star", "x.mrcs", rows, 56, 1.5)
    optics, particles = gemmi.cif.read_file(str(tmp_path / "p.star"))
    assert optics.find_loop("_rlnImagePixelSize")[0] == "1.5000"
    assert list(particles.find_loop("_rlnImageName")) == [f"{k:06d}@x.mrcs" for k in (1, 2, 3)]
    assert list(particles.find_loop("_rlnRandomSubset")) == ["8", "17", "26"]


def test_the_corrected_fsc_is_read_and_interpolated(tmp_path):
    names = (
        "SpectralIndex",
        "Resolution",
        "AngstromResolution",
        "FourierShellCorrelationCorrected",
    )
    lines = ["data_general", "data_fsc", "loop_", *(f"_rln{n} #{k}" for k, n in enumerate(names))]
    lines += [f"{k} {0.1 * k:.3f} 999 {1 - 0.3 * k:.3f}" for k in range(4)]
    lines += ["data_guinier", "loop_", "_rlnResolutionSquared #1", "0.1"]
    (tmp_path / "post.star").write_text("\n".join(lines))
    frequency, fsc = relion.corrected_fsc(tmp_path / "post.star")
    assert np.allclose(fsc, [1, 0.7, 0.4, 0.1])
    assert relion.resolution_of(frequency, fsc) == pytest.approx(1 / (0.2 + 0.1 * 0.257 / 0.3))


def test_a_set_goes_on_where_it_was_and_after_a_failure(packed, experiment, tmp_path, monkeypatch):
    done = []

    def perform(_experiment, _rng, folder):
        if folder.name == "001":
            raise MapResError("relion_project failed")
        folder.mkdir()
        done.append(folder.name)

    monkeypatch.setattr(relion, "require", lambda: None)
    monkeypatch.setattr(sets, "perform", perform)
    monkeypatch.setattr(sets, "draw_experiment", lambda *_: experiment)
    killed, at_work = tmp_path / "part-killed", tmp_path / "part-at-work"
    for path in (tmp_path / "000", killed, at_work):
        path.mkdir()
    os.utime(killed, (0, 0))
    lines = list(sets.make(packed, "validation", tmp_path, range(3)))
    assert [line[:3] for line in lines] == ["001", "002"] and "project failed" in lines[0]
    assert done == ["002"] and not killed.exists() and at_work.exists()


@pytest.mark.skipif(not INSTALLED, reason="RELION is not installed")
def test_relion_finds_the_resolution_that_was_asked_for(experiment, tmp_path):
    perform(experiment, np.random.default_rng(0), tmp_path / "000")
    (made,) = stored(tmp_path)
    assert {path.stem for path in made.folder.glob("*.mrc")} == set(MAPS) >= set(TREATMENTS)
    # A shell is 1/84 Å wide, 7% at 6 Å.
    assert made.resolution == pytest.approx(6.0, rel=0.12)
    truth, core = made.values("truth"), made.core
    assert np.median(truth[core]) == pytest.approx(6.0, rel=0.12)
    first, second = (half.values[core] for half in made.half_maps)
    raw = made.density("raw").values[core]
    assert np.allclose(raw, 0.5 * (first + second), atol=1e-4 * np.abs(raw).max())
    assert 0.3 < np.corrcoef(first, second)[0, 1] < 0.999
    assert not list(tmp_path.glob("part-*"))
    # Map, truth and core lie where the molecule is.
    (molecule,) = maps(experiment)
    assert np.corrcoef(made.values("raw")[core], molecule[core])[0, 1] > 0.5
    assert molecule[~core].max() < 0.5 * molecule.max()
