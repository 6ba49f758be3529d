"""One experiment, from particles to post-processed maps and what is true of them."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from mapres.fourier import Shells, filtered
from training.particles.experiment import Experiment
from training.particles.molecule import conformations
from training.particles.relion import (
    corrected_fsc,
    load,
    resolution_of,
    run,
    save,
    write_particles,
)
from training.simulate.bank import CROSSING_SNR
from training.simulate.local_truth import local_truth
from training.simulate.masks import distance_outside, molecule_envelope, soft_mask
from training.simulate.reconstruct import NEAR
from training.simulate.treatments.treatment import WIENER
from training.simulate.treatments.weights import fsc_weights

# Å: the mask for the FSC and post-processing begins to fall so far outside, over such an edge.
MASK = (4.0, 5.0)
DEFOCUS = (7000.0, 22000.0)
MAPS = (
    *("half1", "half2", "raw", "refined", "post", "post_masked", "relion_local"),
    *("molecule", "core", "truth"),
)
POST = ("--mask", "mask.mrc", "--angpix")


def perform(experiment: Experiment, rng: np.random.Generator, folder: Path) -> None:
    """Do an experiment; write `MAPS` and ``facts.json`` into a folder, which appears when whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="part-") as name:
        work = Path(name)
        facts = _perform(experiment, rng, work)
        kept = work / "kept"
        kept.mkdir()
        for each in MAPS:
            os.replace(work / f"{each}.mrc", kept / f"{each}.mrc")
        (kept / "facts.json").write_text(json.dumps(facts, indent=1))
        os.replace(kept, folder)


def _perform(e: Experiment, rng: np.random.Generator, work: Path) -> dict:
    true, found = _orientations(e, rng)
    images, mean = _images(e, true, rng, work)
    signal = _half_maps(e, images, found, work)
    noise = _half_maps(e, _noise(e, images.shape, rng), found, work)
    envelope = molecule_envelope(np.maximum(mean, 0), e.voxel_size)
    distance = distance_outside(envelope > 0.5, e.voxel_size)
    soft = soft_mask(distance, *MASK)
    whole, shells = 0.5 * (signal[0] + signal[1]), Shells(soft.shape, e.voxel_size)
    noise_power = 0.5 * sum(shells.power(each * soft) for each in noise)
    ratio = shells.power(whole * soft) / noise_power
    at = int(np.rint(1 / (e.resolution * shells.width)))
    # So much noise that its power in the mask is six times the signal's at the wanted resolution.
    scale2 = float(np.median(ratio[max(at - 1, 1) : at + 2])) / CROSSING_SNR
    halves = [s + np.float32(np.sqrt(scale2)) * n for s, n in zip(signal, noise, strict=True)]
    per_voxel = scale2 * noise_power * soft.size / np.sum(np.square(soft, dtype=float))
    truth = local_truth(whole, per_voxel, distance < NEAR, e.voxel_size, e.resolution)
    known = {"molecule": distance < 0, "core": distance < NEAR, "truth": truth}
    for name, values in ({"mask": soft} | known).items():
        save(work / f"{name}.mrc", values, e.voxel_size)
    return e.facts() | {"fsc_resolution": _post_process(e, halves, work)}


def _orientations(e: Experiment, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Return the columns of particles as they are, and as alignment finds them."""
    n = e.particles
    cosine = rng.uniform(-1, 1, n)
    if e.preferred:
        pole = 1 - np.clip(rng.exponential(0.08, n), 0, 1)
        pole *= np.where(rng.random(n) < 0.5, 1, -1)
        cosine = np.where(rng.random(n) < e.preferred, pole, cosine)
    angles = [rng.uniform(0, 360, n), np.degrees(np.arccos(cosine)), rng.uniform(0, 360, n)]
    defocus = rng.uniform(*DEFOCUS, n)
    optics = [defocus, defocus + rng.normal(0, 200, n), rng.uniform(0, 180, n)]
    subset = 1 + rng.permutation(n) % 2
    shifts = [np.zeros(n)] * 2
    true = np.stack([*angles, *shifts, *optics, subset], axis=1)
    errors = [e.angle_error] * 3 + [e.shift_error] * 2
    found = true.copy()
    found[:, :5] += rng.normal(0, 1, (n, 5)) * errors
    return true, found


def _images(
    e: Experiment, true: NDArray, rng: np.random.Generator, work: Path
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return projections without noise, and the mean of all conformations."""
    maps = [*conformations(e, rng)]
    images = np.zeros((e.particles, e.box, e.box), dtype=np.float32)
    for density, some in zip(
        maps, np.array_split(rng.permutation(e.particles), len(maps)), strict=True
    ):
        save(work / "conformation.mrc", density, e.voxel_size)
        write_particles(work / "true.star", "x.mrcs", true[some], e.box, e.voxel_size)
        words = ("--i", "conformation.mrc", "--o", "projections", "--ang", "true.star", "--ctf")
        run(work, "relion_project", *words, "--angpix", e.voxel_size)
        images[some] = load(work / "projections.mrcs")
    return images, np.mean(maps, axis=0)


def _noise(e: Experiment, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    frequency = np.hypot(
        np.fft.fftfreq(e.box, e.voxel_size)[:, None], np.fft.rfftfreq(e.box, e.voxel_size)
    )
    color = (1 + (frequency * e.noise_length) ** e.noise_slope) ** -0.5
    white = scipy.fft.rfft2(rng.standard_normal(shape, dtype=np.float32))
    return scipy.fft.irfft2(white * color.astype(np.float32), s=shape[1:])


def _half_maps(e: Experiment, images: NDArray, found: NDArray, work: Path) -> list[NDArray]:
    save(work / "images.mrcs", images, e.voxel_size)
    write_particles(work / "found.star", "images.mrcs", found, e.box, e.voxel_size)
    words = ("--i", "found.star", "--ctf", "--sym", f"c{e.copies}", "--angpix", e.voxel_size)
    for half in (1, 2):
        name = f"reconstruction{half}.mrc"
        run(work, "relion_reconstruct", *words, "--subset", half, "--o", name)
    return [load(work / f"reconstruction{half}.mrc") for half in (1, 2)]


def _post_process(e: Experiment, halves: list[NDArray], work: Path) -> float | None:
    """Write what RELION makes of half maps; return its FSC resolution, Å."""
    pair = [work / f"run_half{k}_class001_unfil.mrc" for k in (1, 2)]
    for path, half in zip(pair, halves, strict=True):
        save(path, half, e.voxel_size)
    for folder in ("post", "local"):
        # Where it draws; it does not make them.
        (work / folder).mkdir()
    lowest = 10 if e.resolution < 8 else 15
    start = ("relion_postprocess", "--i", pair[0].name, *POST, e.voxel_size)
    run(work, *start, "--auto_bfac", "--autob_lowres", lowest, "--o", "post")
    run(work, *start, "--locres", "--adhoc_bfac", -50, "--o", "local")
    frequency, fsc = corrected_fsc(work / "post.star")
    raw = 0.5 * (halves[0] + halves[1])
    weights = fsc_weights(fsc, WIENER)
    refined = filtered(
        raw, e.voxel_size, lambda s2: np.interp(np.sqrt(s2), frequency, weights, right=0)
    )
    for name, values in {"raw": raw, "refined": refined}.items():
        save(work / f"{name}.mrc", values, e.voxel_size)
    for old, new in {
        pair[0].name: "half1.mrc",
        pair[1].name: "half2.mrc",
        "local_locres.mrc": "relion_local.mrc",
    }.items():
        os.replace(work / old, work / new)
    return resolution_of(frequency, fsc)
