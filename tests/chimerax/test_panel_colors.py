"""What the panel does with the colors of a result, through clicks and drags."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from window import choose, click

# Pixels: of the window, and of a scroll bar in it.
WIDTH, SCROLL_BAR = 320, 16


@pytest.fixture
def colored(panel, small_map):
    """A panel that shows a local resolution."""
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local_form)
    choose(panel.local_form.method, "monores")
    panel.resize(WIDTH, 900)
    panel.show()
    click(panel.run_button)
    assert panel.results.currentWidget() is panel.local_view, panel.message.text()
    panel._session.ui.application.processEvents()
    panel.local_view.histogram.draw()
    return panel.local_view


def drag(histogram, start, stop):
    """Drag with the mouse from one value to another."""
    axes = histogram._axes

    def place(value):
        x, y = axes.transData.transform((value, 0.5 * axes.get_ylim()[1]))
        ratio = histogram.devicePixelRatioF()
        return QPoint(round(x / ratio), round((histogram.figure.bbox.height - y) / ratio))

    QTest.mousePress(histogram, Qt.MouseButton.LeftButton, pos=place(start))
    for fraction in (0.5, 1.0):
        QTest.mouseMove(histogram, place(start + fraction * (stop - start)))
        QTest.qWait(20)
    QTest.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=place(stop))


def test_a_dragged_limit_recolors_the_surface(colored, small_map, log):
    from chimerax.color_key.model import get_model

    surface = small_map.surfaces[0]
    before = surface.vertex_colors.copy()
    low, high = colored.histogram.limits
    drag(colored.histogram, high, 0.5 * (low + high))
    new_low, new_high = colored.histogram.limits
    assert new_low == low and new_high == pytest.approx(0.5 * (low + high), rel=0.05)
    assert colored.high.value() == pytest.approx(new_high, abs=0.01)
    after = surface.vertex_colors
    assert (before != after).any()
    # With a lower limit more is coarse, which is red.
    assert after[:, 0].mean() - after[:, 2].mean() > before[:, 0].mean() - before[:, 2].mean()
    logged = log.getvalue()
    assert f"range {low:.4g},{new_high:.4g}" in logged
    # Once, by the command: not at every step of the mouse.
    assert logged.count("Map values for surface") == 1
    labels = [float(text) for _, text in get_model(colored._session).rgbas_and_labels if text]
    assert labels[-1] == pytest.approx(new_high, abs=0.06)


def test_a_dragged_limit_can_be_undone(colored, small_map, do):
    surface = small_map.surfaces[0]
    before = surface.vertex_colors.copy()
    low, high = colored.histogram.limits
    drag(colored.histogram, high, 0.5 * (low + high))
    assert (surface.vertex_colors != before).any()
    do("undo")
    assert np.abs(surface.vertex_colors.astype(int) - before).max() <= 1


def test_nothing_is_run_where_nothing_was_changed(colored, log):
    colored.low.setFocus()
    for _ in range(3):
        QTest.keyClick(colored._session.ui.application.focusWidget(), Qt.Key.Key_Tab)
    assert "color sample" not in log.getvalue()


def test_a_lower_limit_above_the_upper_is_taken_back(colored):
    low, _ = colored.histogram.limits
    colored.low.setValue(colored.high.value() + 3)
    colored.low.editingFinished.emit()
    assert colored.low.value() == pytest.approx(low)


def test_typed_limits_the_palette_and_the_key_count(colored, small_map):
    from chimerax.color_key.model import get_model

    surface = small_map.surfaces[0]
    before = surface.vertex_colors.copy()
    colored.low.setValue(colored.low.value() - 2)
    QTest.qWait(50)
    assert (surface.vertex_colors != before).any()
    colored.palette_menu.setFocus()
    colored.palette_menu.setCurrentIndex(colored.palette_menu.findData("^greys-5"))
    colored.palette_menu.activated.emit(colored.palette_menu.currentIndex())
    red, green, blue, _ = surface.vertex_colors.T.astype(int)
    assert np.abs(red - green).max() < 3 and np.abs(green - blue).max() < 3
    click(colored.key)
    assert get_model(colored._session, create=False) is None
    click(colored.key)
    assert get_model(colored._session, create=False) is not None


def test_a_limit_cannot_pass_the_other(colored):
    low, high = colored.histogram.limits
    drag(colored.histogram, low, high + 1)
    low, high = colored.histogram.limits
    assert low < high


def test_a_region_is_zoomed_in_on(colored, small_map, monkeypatch):
    seen = []
    view = SimpleNamespace(view_all=lambda bounds: seen.append(bounds.center()))
    monkeypatch.setattr(colored._session, "main_view", view, raising=False)
    shown = colored.regions.list
    assert shown.count() > 0
    middle = shown.visualItemRect(shown.item(0)).center()
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    result = colored._scale.sources[0].local_resolution
    i, j, k = np.rint(small_map.data.xyz_to_ijk_transform * seen[0]).astype(int)
    assert result.values[k, j, i] > result.median


def test_shows_how_two_methods_differ(panel, small_map):
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local_form)
    choose(panel.local_form.method, "monores")
    choose(panel.local_form.compare, "resmap")
    click(panel.run_button)
    assert "MonoRes − ResMap: <b>median" in panel.local_view._summary.text()
    low, high = panel.local_view.histogram.limits
    assert low == -high and panel.local_view.palette_menu.currentData() == "^rdbu-5"
    before = small_map.surfaces[0].vertex_colors.copy()
    panel.local_view._tint()
    assert np.abs(small_map.surfaces[0].vertex_colors.astype(int) - before).max() <= 1


def test_what_is_closed_after_its_result_is_let_go(colored, do):
    do("close")
    assert not colored.isEnabled() and colored._map is None and colored._scale is None
    assert colored.regions.list.count() == 0
    colored.low.setValue(1)
    colored.run_coloring()
    QTest.qWait(30)


def test_everything_fits_in_a_narrow_window(colored, panel):
    for tab in (panel.validate_form, panel.local_form):
        panel.tabs.setCurrentWidget(tab)
        panel._session.ui.application.processEvents()
        for view in (panel.validate_view, panel.local_view):
            panel.results.setCurrentWidget(view)
            assert panel.command.parentWidget().minimumSizeHint().width() <= WIDTH - SCROLL_BAR
