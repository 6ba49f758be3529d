"""Results as text, as JSON and as figures."""

import dataclasses
import json
import sys

import numpy as np
import pytest
from handmade import noisy_ball
from matplotlib import image

from mapres import __version__
from mapres.errors import OutputError
from mapres.fsc import fourier_shell_correlation
from mapres.local.resolution import LocalResolution
from mapres.results import figures, fsc_figure
from mapres.results.fsc_report import fsc_json, fsc_rows
from mapres.results.local_report import local_json, local_rows
from mapres.results.text import as_text
from mapres.results.validation_report import comparison_json, comparison_rows, validation_rows
from mapres.validation.result import Validation

VALIDATION = Validation(
    map="emd_1.map",
    voxel_size=(1.35, 1.35, 1.35),
    box=(100, 110, 120),
    resolution_class="medium",
    probabilities={"high": 0.02, "medium": 0.9, "low": 0.08},
    resolution=7.456,
    interval=(6.5, 8.25),
    claimed=7.9,
    verdict="consistent",
    patches=12,
    warnings=("First.", "Second."),
    model="default@0123456789ab",
    provider="CPUExecutionProvider",
    half_map_fsc=7.8,
)


DOUBT = "This classifier knows too little."
# The same map as three models see it; `FIRST` is said by all, `DOUBT` by two.
THREE = [
    dataclasses.replace(VALIDATION, half_map_fsc=None, warnings=("First.",)),
    *(
        dataclasses.replace(
            VALIDATION,
            resolution_class=resolution_class,
            probabilities=probabilities,
            resolution=None,
            interval=None,
            verdict=verdict,
            patches=1,
            warnings=("First.", DOUBT),
            model=model,
            half_map_fsc=None,
        )
        for model, resolution_class, probabilities, verdict in (
            ("dnn@1" + 11 * "0", "high", {"high": 1.0, "medium": 0.0, "low": 0.0}, "pessimistic"),
            ("cnn@2" + 11 * "0", "low", {"high": 0.1, "medium": 0.1, "low": 0.8}, "optimistic"),
        )
    ),
]


@pytest.fixture
def density():
    return noisy_ball()


@pytest.fixture
def result(density):
    """Resolution that falls from 3 to 6 Å along x, inside the ball."""
    n = len(density.values)
    inside = np.linalg.norm(np.indices((n, n, n)) - (n - 1) / 2, axis=0) < 9
    values = np.broadcast_to(np.linspace(3, 6, n, dtype=np.float32), (n, n, n))
    return LocalResolution(
        values, mask=inside, method="monores", warnings=("A warning.",), seconds=1.25
    )


@pytest.fixture
def curve(density):
    half = noisy_ball(seed=1)
    return fourier_shell_correlation(density.values, half.values, 1.5, density.values > 0.5)


def test_validation_rows_tell_everything():
    rows = validation_rows(VALIDATION)
    assert rows[:8] == [
        ("Map", "emd_1.map"),
        ("Voxel size", "1.35 Å"),
        ("Box", "100 × 110 × 120"),
        ("Class", "medium (high 2%, medium 90%, low 8%)"),
        ("Resolution", "7.46 Å (90% interval 6.50–8.25 Å)"),
        ("Claimed", "7.9 Å: consistent (from half-map FSC)"),
        ("Half maps", "FSC = 0.143 at 7.80 Å (soft mask 4 Å beyond the molecule)"),
        ("Patches", "12"),
    ]
    assert [text for label, text in rows if label == "Warning"] == ["First.", "Second."]
    assert rows[-2:] == [
        ("Model", f"default@0123456789ab, MapRes {__version__}"),
        ("Provider", "CPUExecutionProvider"),
    ]


@pytest.mark.parametrize("mask", [None, "soft.mrc"])
def test_the_mask_of_half_maps_that_were_masked_is_told(mask):
    masked = dataclasses.replace(VALIDATION, mask=mask, half_maps_masked=True)
    (text,) = (text for label, text in validation_rows(masked) if label == "Half maps")
    before = "mask soft.mrc" if mask else "soft mask 4 Å beyond the molecule"
    assert text == f"FSC = 0.143 at 7.80 Å ({before}, inside that of the half maps)"


@pytest.mark.parametrize(
    ("claimed", "text"),
    [
        (7.9, "7.9 Å: consistent"),
        (6.2, "6.2 Å: consistent (less than 5% outside the interval)"),
        (2.6, "2.6 Å: consistent (beyond the Nyquist limit)"),
    ],
)
def test_claimed_row_says_what_decided(claimed, text):
    validation = dataclasses.replace(VALIDATION, claimed=claimed, half_map_fsc=None)
    assert dict(validation_rows(validation))["Claimed"] == text


def test_class_alone_decides_only_where_it_did():
    """Half maps that say nothing leave `inconclusive`, which no class ever gives."""
    for verdict, text in (
        ("optimistic", "optimistic (from predicted class only)"),
        ("inconclusive",) * 2,
    ):
        classifier = dataclasses.replace(THREE[1], verdict=verdict)
        rows = dict(validation_rows(classifier))
        assert (rows["Claimed"], rows["Resolution"]) == (f"7.9 Å: {text}", "class only")


def test_several_models_stand_side_by_side():
    assert comparison_rows(THREE) == [
        ("Map", "emd_1.map"),
        ("Voxel size", "1.35 Å"),
        ("Box", "100 × 110 × 120"),
        ("", "default", "dnn", "cnn"),
        ("Class", "medium", "high", "low"),
        ("Probability of high", "2%", "100%", "10%"),
        ("Probability of medium", "90%", "0%", "10%"),
        ("Probability of low", "8%", "0%", "80%"),
        ("Resolution", "7.46 Å (90% interval 6.50–8.25 Å)", "class only", "class only"),
        (
            "Claimed 7.9 Å",
            "consistent",
            "pessimistic (from predicted class only)",
            "optimistic (from predicted class only)",
        ),
        ("Warning", "First."),
        ("Warning", f"dnn, cnn: {DOUBT}"),
        (
            "Models",
            f"default@0123456789ab, dnn@100000000000, cnn@200000000000, MapRes {__version__}",
        ),
        ("Provider", "CPUExecutionProvider"),
    ]


def test_half_maps_are_told_once_beside_each_verdict():
    judged = [dataclasses.replace(v, half_map_fsc=7.8) for v in THREE]
    rows = comparison_rows(judged)
    assert ("Half maps", "FSC = 0.143 at 7.80 Å (soft mask 4 Å beyond the molecule)") in rows
    (verdicts,) = (texts for label, *texts in rows if label == "Claimed 7.9 Å")
    assert all(text.endswith(" (from half-map FSC)") for text in verdicts)


def test_several_models_leave_out_what_was_not_asked():
    rows = comparison_rows(
        [dataclasses.replace(v, claimed=None, verdict=None, warnings=()) for v in THREE]
    )
    labels = [label for label, *_ in rows]
    assert not any(label.startswith(("Claimed", "Half maps", "Warning")) for label in labels)


def test_one_model_alone_is_told_as_ever():
    assert comparison_rows([VALIDATION]) == validation_rows(VALIDATION)
    assert comparison_json([VALIDATION]) == VALIDATION.as_json()


def test_json_of_several_models_has_the_usual_object_of_each():
    summary = comparison_json(THREE)
    assert summary == {
        "map": "emd_1.map",
        "models": {v.model.partition("@")[0]: v.as_json() for v in THREE},
    }
    assert list(summary["models"]) == ["default", "dnn", "cnn"]
    assert json.loads(json.dumps(summary)) == summary


def test_rows_leave_out_what_was_not_asked():
    labels = [
        label
        for label, _ in validation_rows(
            dataclasses.replace(
                VALIDATION, claimed=None, verdict=None, half_map_fsc=None, warnings=()
            )
        )
    ]
    assert not {"Claimed", "Half maps", "Warning"} & set(labels)


def test_unequal_voxel_edges_are_all_shown():
    unequal = dataclasses.replace(VALIDATION, voxel_size=(1.35, 1.35, 1.36))
    assert dict(validation_rows(unequal))["Voxel size"] == "1.35 × 1.35 × 1.36 Å"


def test_local_rows_and_json_agree_with_the_result(density, result):
    rows, summary = dict(local_rows(density, result)), local_json(density, result)
    inside = result.values[result.mask]
    assert rows["Median"].startswith(f"{np.median(inside):.2f} Å")
    assert rows["Method"].startswith("MonoRes")
    assert rows["Warning"] == "A warning."
    assert summary["median_A"] == pytest.approx(np.median(inside), abs=5e-4)
    assert summary["quartiles_A"] == pytest.approx(np.percentile(inside, [25, 75]), abs=5e-4)
    assert summary["mask_fraction"] == pytest.approx(result.mask.mean(), abs=1e-5)
    assert (summary["box"], summary["voxel_size_A"]) == ([32, 32, 32], [1.5, 1.5, 1.5])
    assert json.loads(json.dumps(summary)) == summary


def test_fsc_rows_and_json_agree(density, curve):
    rows = fsc_rows(density, density, curve)
    crossings = fsc_json(density, density, curve)["resolution_A"]
    assert set(crossings) == {"0.143", "0.5", "half-bit"}
    assert dict(rows)["FSC 0.5"].startswith(f"{crossings['0.5']:.2f} Å")


@pytest.mark.parametrize(
    ("level", "text"),
    [(0.0, "none (below from the first shell)"), (1.0, "3.00 Å (Nyquist limit)")],
)
def test_fsc_rows_name_the_two_ends(density, curve, level, text):
    curve = dataclasses.replace(curve, unmasked=np.full_like(curve.unmasked, level), corrected=None)
    assert dict(fsc_rows(density, density, curve))["FSC 0.143"] == text


def test_text_is_aligned():
    assert as_text([("A", "one"), ("Long", "two")]) == "A     one\nLong  two"


def test_text_of_several_columns_is_aligned():
    """A text of all columns may be longer than any of them; no line ends in blanks."""
    rows = [
        ("Map", "a text that is longer than both columns"),
        ("", "first", "2"),
        ("Class", "low", "medium"),
    ]
    assert as_text(rows).splitlines() == [
        "Map    a text that is longer than both columns",
        "       first  2",
        "Class  low    medium",
    ]


def test_text_of_several_models_keeps_its_columns():
    lines = as_text(comparison_rows(THREE)).splitlines()
    (heads,) = (line for line in lines if line.startswith(" "))
    starts = [heads.index(name) for name in ("default", "dnn", "cnn")]
    (classes,) = (line for line in lines if line.startswith("Class"))
    assert [classes.index(name) for name in ("medium", "high", "low")] == starts
    assert not any(line.endswith(" ") for line in lines)


def colors(path):
    """The colors in a picture, as (r, g, b) in 0-255."""
    pixels = (image.imread(path)[..., :3] * 255).round().astype(int)
    return pixels, {tuple(pixel) for pixel in np.unique(pixels.reshape(-1, 3), axis=0)}


def test_local_figure_shows_the_resolution(density, result, tmp_path):
    figures.local_figure(density, result, tmp_path / "local.png")
    pixels, found = colors(tmp_path / "local.png")
    height, width = pixels.shape[:2]
    assert 600 < height < 1200 and 900 < width < 1800
    # The ends of the color key, and greys of the density, are there.
    for end in (44, 123, 182), (215, 25, 28):
        assert min(np.abs(np.subtract(end, color)).max() for color in found) <= 2
    assert any(r == g == b and 128 < r < 250 for r, g, b in found)
    # In the first slice x runs to the right: red (coarse) lies right of blue (fine).
    slice_ = pixels[height // 8 : height // 2, : width // 3].astype(int)
    red = np.argwhere(slice_[..., 0] - slice_[..., 2] > 80)[:, 1]
    blue = np.argwhere(slice_[..., 2] - slice_[..., 0] > 40)[:, 1]
    assert red.size > 100 and blue.size > 100
    assert red.mean() > blue.mean() + width / 12


def test_local_figure_of_one_value_and_of_a_thin_box(density, result, tmp_path):
    constant = dataclasses.replace(result, values=np.full_like(result.values, 4.0))
    figures.local_figure(density, constant, tmp_path / "constant.png")
    thin = dataclasses.replace(
        result, values=result.values[:16], mask=result.mask[:16], method="another"
    )
    figures.local_figure(density.with_values(density.values[:16]), thin, tmp_path / "thin.png")
    assert (tmp_path / "constant.png").stat().st_size > 10_000
    assert (tmp_path / "thin.png").stat().st_size > 10_000


def test_fsc_figure_shows_every_curve(curve, tmp_path):
    fsc_figure.fsc_figure(curve, tmp_path / "fsc.png")
    _, found = colors(tmp_path / "fsc.png")
    for _, color, _ in fsc_figure.CURVES.values():
        rgb = (0, 0, 0) if color == "black" else tuple(bytes.fromhex(color[1:]))
        assert rgb in found, color


def test_fsc_figure_without_a_mask_or_a_crossing(density, tmp_path):
    noise = np.random.default_rng(0).standard_normal((2, 16, 16, 16))
    fsc_figure.fsc_figure(fourier_shell_correlation(*noise, 1.5), tmp_path / "noise.png")
    same = fourier_shell_correlation(density.values, density.values, 20.0)
    fsc_figure.fsc_figure(same, tmp_path / "same.png")
    assert {path.name for path in tmp_path.iterdir()} == {"noise.png", "same.png"}


@pytest.mark.parametrize("finest", [0.8, 2.4, 6.0, 100.0])
def test_resolution_ticks_are_in_place_and_apart(finest):
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    axes.set_xlim(0, 1 / finest)
    fsc_figure._label_in_angstrom(axes)
    places = axes.get_xticks()
    labels = [float(label.get_text()) for label in axes.get_xticklabels()]
    assert places * labels == pytest.approx(np.ones(len(places)))
    assert 5 <= len(places) <= 16
    assert np.abs(np.diff(places)).min() >= 0.06 / finest - 1e-12


def test_missing_matplotlib_is_one_sentence(density, result, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(OutputError, match="figures need matplotlib"):
        figures.local_figure(density, result, tmp_path / "local.png")
    assert not list(tmp_path.iterdir())


def test_figures_leave_nothing_behind_where_they_cannot_be_written(density, result, tmp_path):
    with pytest.raises(OutputError, match="missing"):
        figures.local_figure(density, result, tmp_path / "missing" / "local.png")
