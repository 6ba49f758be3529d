"""The panel through its own signals and clicks: nobody sees the window, but it is one."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from scenes import blobs, open_array

pytest.importorskip("PySide6")

from PySide6.QtCore import QLocale, QPoint, Qt, QTimer
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QProgressBar
from window import WindowedUI, install

# Pixels: of the window, and of a scroll bar in it.
WIDTH, SCROLL_BAR = 320, 16


@pytest.fixture
def windowed(session, monkeypatch):
    """Give the session a window; what is raised in it, where no test sees it, is an error."""
    install()
    raised = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, value, trace: raised.append(value))
    before, session.ui = session.ui, WindowedUI(session)
    yield session
    session.ui = before
    assert raised == []


@pytest.fixture
def tool(windowed, do):
    from chimerax.color_key import cmd

    if not hasattr(windowed, "key_is_registered"):
        # In the application the toolshed does it.
        cmd.register_command(windowed.logger)
        windowed.key_is_registered = True
    found = start(windowed)
    # What an earlier one left is remembered.
    found.panel.tabs.setCurrentWidget(found.panel.validate)
    choose(found.panel.local.method, "mapres")
    choose(found.panel.validate.model, "default")
    found.panel.local.uncertainty.setChecked(False)
    yield found
    if found in windowed.tools.list():
        found.delete()


@pytest.fixture
def panel(tool):
    return tool.panel


def start(session):
    """Start the tool as the menu does."""
    for bundle in session.toolshed.bundle_info(session.logger):
        for info in bundle.tools:
            if info.name == "MapRes":
                bundle.start_tool(session, "MapRes")
                (tool,) = [t for t in session.tools.list() if t.tool_name == "MapRes"]
                return tool
    raise AssertionError("the bundle has no tool MapRes")


def click(button):
    """Click, and let happen what a click does: Run returns when the command has."""
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.qWait(10)


def choose(menu, value):
    menu.setCurrentIndex(menu.findData(value))


def meanwhile(panel, act):
    """Do something once, when what is asked has begun."""
    from chimerax.map_resolution.asking import watch

    done = []

    def begin(question):
        if question is not None and not done:
            done.append(question.message)
            # Not inside the trigger: as a user does it, between two events.
            QTimer.singleShot(0, act)

    return watch(panel._session, begin), done


def text_of(widget):
    """Return what labels show, whose text may be HTML."""
    shown = QTextDocument()
    shown.setHtml(" ".join(label.text() for label in widget.findChildren(QLabel)))
    return shown.toPlainText()


def test_there_is_one_panel(windowed, tool):
    assert start(windowed) is tool


def test_maps_are_followed_and_answers_are_no_maps(panel, session, do):
    assert panel.map.value is None and not panel.run_button.isEnabled()
    first = open_array(session, blobs(), name="first")
    second = open_array(session, blobs(seed=2), name="second")
    assert [panel.map.itemText(k) for k in range(3)] == ["no map", "#1 first", "#2 second"]
    panel.map.value = second
    assert panel.command_text() == "resvalidate #2" and panel.run_button.isEnabled()
    second.name = "renamed"
    session.models.assign_id(second, (5,))
    assert panel.map.currentText() == "#5 renamed" and panel.command_text() == "resvalidate #5"
    do("close #5")
    assert panel.map.value is None and not panel.run_button.isEnabled()
    panel.map.value = first
    do("localres #1 uncertainty true unsure 3 key false")
    opened = [model for model in session.models.list() if hasattr(model, "mapres_answer")]
    listed = [panel.map.itemData(k) for k in range(panel.map.count())]
    assert len(opened) == 3 and listed == [None, first]
    answers = [panel.local.compare.itemData(k) for k in range(panel.local.compare.count())]
    assert set(opened) <= set(answers)


def test_what_was_chosen_outlives_what_is_opened(panel, small_map, session):
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local)
    choose(panel.local.compare, "monores")
    open_array(session, blobs(seed=2), name="half")
    assert panel.command_text() == "localres #1 compare monores"


def test_a_new_panel_has_the_active_map(windowed, small_map, monkeypatch):
    from chimerax.map_resolution.panel import panel as module

    monkeypatch.setattr(module, "active_volume", lambda session: small_map)
    found = module.Panel(windowed)
    assert found.map.value is small_map
    found.forget()


def test_only_what_differs_is_written(panel, small_map, session):
    half = open_array(session, blobs(seed=2), name="half")
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local)
    assert panel.command_text() == "localres #1"
    assert panel.command.text() == "localres #1"
    choose(panel.local.method, "blocres")
    for menu in panel.halves:
        menu.value = half
    panel.local.mask.value = half
    choose(panel.local.compare, "monores")
    assert panel.command_text() == (
        "localres #1 mask #2 method blocres compare monores halfMaps #2#2"
    )
    panel.tabs.setCurrentWidget(panel.validate)
    panel.validate.claimed.setText("3.5")
    choose(panel.validate.model, "all")
    assert panel.command_text() == "resvalidate #1 claimed 3.5 model all halfMaps #2#2"


def test_the_commands_understand_what_is_composed(panel, small_map, do):
    """All options at once go through ChimeraX's parser: only the core is not asked."""
    from chimerax.core.commands import Command

    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local)
    panel.local.uncertainty.setChecked(True)
    panel.local.mask.value = small_map
    for menu in panel.halves:
        menu.value = small_map
    command = Command(panel._session)
    command.current_text = panel.command_text()
    command._find_command_name(True)
    command._process_positional_arguments()
    command._process_keyword_arguments(True, None)
    assert not command._error
    given = command._kw_args
    assert set(given["half_maps"]) == {small_map}
    assert given["uncertainty"] is True and given["mask"] is small_map


def test_validates_and_stays_alive(panel, small_map, log):
    panel.map.value = small_map
    panel.validate.claimed.setText("6")
    ticks, timer = [], QTimer()
    timer.timeout.connect(lambda: ticks.append(panel.run_button.isEnabled()))
    timer.start(10)
    seen = []
    _, begun = meanwhile(panel, lambda: seen.append(panel.bar.value()))
    click(panel.run_button)
    timer.stop()
    # Nothing was blocked, and nothing could be started twice.
    assert len(ticks) >= 5 and not any(ticks) and begun and seen
    assert panel.run_button.isEnabled() and not panel.cancel_button.isEnabled()
    assert panel.found.currentWidget() is panel.verdict
    bars = panel.verdict._shown.findChildren(QProgressBar)
    assert len(bars) == 3 and sum(bar.value() for bar in bars) == pytest.approx(1000, abs=2)
    said = text_of(panel.verdict._shown)
    for name in ("high (< 5 Å)", "medium (5–10 Å)", "low (> 10 Å)"):
        assert name in said
    assert "Resolution:" in said and "Claimed:" in said and "6 Å" in said
    assert "resvalidate #1 claimed 6" in log.getvalue()


def test_cancels_and_runs_again(panel, small_map):
    panel.map.value = small_map
    handler, begun = meanwhile(panel, lambda: click(panel.cancel_button))
    click(panel.run_button)
    handler.remove()
    assert begun and "cancelled" in panel.message.text()
    assert panel.found.currentWidget() is not panel.verdict and panel.run_button.isEnabled()
    click(panel.run_button)
    assert panel.found.currentWidget() is panel.verdict and panel.message.text() == ""


def test_an_error_is_told_in_the_panel(panel, small_map):
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local)
    choose(panel.local.method, "blocres")
    click(panel.run_button)
    assert "give both" in panel.message.text() and panel.run_button.isEnabled()


def test_a_second_question_meanwhile_is_refused(panel, small_map, do):
    from chimerax.core.errors import UserError

    panel.map.value = small_map
    refused = []

    def ask_again():
        try:
            do("resvalidate #1")
        except UserError as error:
            refused.append(str(error))

    handler, _ = meanwhile(panel, ask_again)
    click(panel.run_button)
    handler.remove()
    assert "running already" in refused[0]
    assert panel.found.currentWidget() is panel.verdict


def test_closing_the_panel_while_a_command_fails_is_harmless(panel, tool, small_map):
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local)
    choose(panel.local.method, "blocres")
    handler, begun = meanwhile(panel, tool.delete)
    click(panel.run_button)
    handler.remove()
    assert begun


@pytest.mark.parametrize("form", ["validate", "local"])
@pytest.mark.parametrize("what", ["close #1", "close session", "panel"])
def test_closing_anything_midway_is_harmless(panel, tool, small_map, session, do, what, form):
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(getattr(panel, form))
    close = tool.delete if what == "panel" else lambda: do(what)
    handler, begun = meanwhile(panel, close)
    click(panel.run_button)
    handler.remove()
    assert begun
    if what == "panel":
        assert tool not in session.tools.list()
        assert (len(session.models.list()) > 2) == (form == "local")
    else:
        assert "was closed meanwhile" in panel.message.text()
        assert not session.models.list() and panel.map.value is None


@pytest.fixture
def coloured(panel, small_map):
    """A panel that shows a local resolution."""
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local)
    choose(panel.local.method, "monores")
    panel.resize(WIDTH, 900)
    panel.show()
    click(panel.run_button)
    assert panel.found.currentWidget() is panel.coloured, panel.message.text()
    panel._session.ui.application.processEvents()
    panel.coloured.histogram.draw()
    return panel.coloured


def drag(histogram, start, stop):
    """Drag with the mouse from one value to another."""
    axes = histogram._axes

    def place(value):
        x, y = axes.transData.transform((value, 0.5 * axes.get_ylim()[1]))
        ratio = histogram.devicePixelRatioF()
        return QPoint(round(x / ratio), round((histogram.figure.bbox.height - y) / ratio))

    QTest.mousePress(histogram, Qt.MouseButton.LeftButton, pos=place(start))
    for share in (0.5, 1.0):
        QTest.mouseMove(histogram, place(start + share * (stop - start)))
        QTest.qWait(20)
    QTest.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=place(stop))


def test_a_dragged_limit_recolours_the_surface(coloured, small_map, log):
    from chimerax.color_key.model import get_model

    surface = small_map.surfaces[0]
    before = surface.vertex_colors.copy()
    low, high = coloured.histogram.limits
    drag(coloured.histogram, high, 0.5 * (low + high))
    new_low, new_high = coloured.histogram.limits
    assert new_low == low and new_high == pytest.approx(0.5 * (low + high), rel=0.05)
    assert coloured.high.value() == pytest.approx(new_high, abs=0.01)
    after = surface.vertex_colors
    assert (before != after).any()
    # With a lower limit more is coarse, which is red.
    assert after[:, 0].mean() - after[:, 2].mean() > before[:, 0].mean() - before[:, 2].mean()
    told = log.getvalue()
    assert f"range {low:.4g},{new_high:.4g}" in told
    # Once, by the command: not at every step of the mouse.
    assert told.count("Map values for surface") == 1
    labels = [float(text) for _, text in get_model(coloured._session).rgbas_and_labels if text]
    assert labels[-1] == pytest.approx(new_high, abs=0.06)


def test_a_dragged_limit_can_be_undone(coloured, small_map, do):
    surface = small_map.surfaces[0]
    before = surface.vertex_colors.copy()
    low, high = coloured.histogram.limits
    drag(coloured.histogram, high, 0.5 * (low + high))
    assert (surface.vertex_colors != before).any()
    do("undo")
    assert np.abs(surface.vertex_colors.astype(int) - before).max() <= 1


def test_nothing_is_run_where_nothing_was_changed(coloured, log):
    coloured.low.setFocus()
    for _ in range(3):
        QTest.keyClick(coloured._session.ui.application.focusWidget(), Qt.Key.Key_Tab)
    assert "color sample" not in log.getvalue()


def test_a_lower_limit_above_the_upper_is_taken_back(coloured):
    low, _ = coloured.histogram.limits
    coloured.low.setValue(coloured.high.value() + 3)
    coloured.low.editingFinished.emit()
    assert coloured.low.value() == pytest.approx(low)


def test_typed_limits_the_palette_and_the_key_count(coloured, small_map):
    from chimerax.color_key.model import get_model

    surface = small_map.surfaces[0]
    before = surface.vertex_colors.copy()
    coloured.low.setValue(coloured.low.value() - 2)
    QTest.qWait(50)
    assert (surface.vertex_colors != before).any()
    coloured.palette_menu.setFocus()
    coloured.palette_menu.setCurrentIndex(coloured.palette_menu.findData("^greys-5"))
    coloured.palette_menu.activated.emit(coloured.palette_menu.currentIndex())
    red, green, blue, _ = surface.vertex_colors.T.astype(int)
    assert np.abs(red - green).max() < 3 and np.abs(green - blue).max() < 3
    click(coloured.key)
    assert get_model(coloured._session, create=False) is None
    click(coloured.key)
    assert get_model(coloured._session, create=False) is not None


def test_a_limit_cannot_pass_the_other(coloured):
    low, high = coloured.histogram.limits
    drag(coloured.histogram, low, high + 1)
    low, high = coloured.histogram.limits
    assert low < high


def test_worst_regions_centre_the_view(coloured, small_map, monkeypatch):
    seen = []
    view = SimpleNamespace(view_all=lambda bounds: seen.append(bounds.center()))
    monkeypatch.setattr(coloured._session, "main_view", view, raising=False)
    shown = coloured.regions.list
    assert shown.count() > 0
    middle = shown.visualItemRect(shown.item(0)).center()
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    result = coloured._scale.sources[0].local_resolution
    i, j, k = np.rint(small_map.data.xyz_to_ijk_transform * seen[0]).astype(int)
    assert result.values[k, j, i] > result.median


def test_shows_how_two_methods_differ(panel, small_map):
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local)
    choose(panel.local.method, "monores")
    choose(panel.local.compare, "resmap")
    click(panel.run_button)
    assert "Median difference" in panel.coloured._summary.text()
    low, high = panel.coloured.histogram.limits
    assert low == -high and panel.coloured.palette_menu.currentData() == "^rdbu-5"
    before = small_map.surfaces[0].vertex_colors.copy()
    panel.coloured._tint()
    assert np.abs(small_map.surfaces[0].vertex_colors.astype(int) - before).max() <= 1


def test_what_is_closed_after_its_answer_is_let_go(coloured, do):
    do("close")
    assert not coloured.isEnabled() and coloured._map is None and coloured._scale is None
    assert coloured.regions.list.count() == 0
    coloured.low.setValue(1)
    coloured.run_colouring()
    QTest.qWait(30)


def test_everything_fits_in_a_narrow_window(coloured, panel):
    for tab in (panel.validate, panel.local):
        panel.tabs.setCurrentWidget(tab)
        panel._session.ui.application.processEvents()
        for view in (panel.verdict, panel.coloured):
            panel.found.setCurrentWidget(view)
            assert panel.command.parentWidget().minimumSizeHint().width() <= WIDTH - SCROLL_BAR


def test_the_keyboard_reaches_everything_in_order(panel, small_map):
    panel.map.value = small_map
    panel.window().activateWindow()
    assert QTest.qWaitForWindowActive(panel.window())
    panel.map.setFocus()
    reached = []
    for _ in range(12):
        reached.append(panel._session.ui.application.focusWidget())
        QTest.keyClick(reached[-1], Qt.Key.Key_Tab)
    wanted = [panel.map, *panel.halves, panel.validate.claimed, panel.validate.model,
              panel.run_button]  # fmt: skip
    assert [w for w in reached if w in wanted][: len(wanted)] == wanted


def test_remembers_what_was_chosen(panel, windowed, small_map):
    from chimerax.map_resolution.panel.panel import Panel

    panel.tabs.setCurrentWidget(panel.local)
    choose(panel.local.method, "resmap")
    again = Panel(windowed)
    assert again.form is again.local and again.local.method.currentData() == "resmap"
    again.forget()
    choose(panel.local.method, "mapres")
    panel.tabs.setCurrentWidget(panel.validate)


def test_a_claim_is_read_from_the_file_and_the_emdb_only_if_asked(panel, session, monkeypatch):
    from chimerax.map_resolution.panel import forms

    map = open_array(session, blobs(), name="emdb 1234")
    map.data.file_header = {"labels": [b"Made by a program\0\0", b"RESOLUTION: 4.2 A"]}
    asked = []
    monkeypatch.setattr(forms, "published", lambda entry: asked.append(entry) or 3.9)
    panel.map.value = map
    assert panel.validate.claimed.text() == "4.2" and "file" in panel.validate.source.text()
    assert "claimed 4.2" in panel.command_text() and not asked
    assert "EMD-1234" in panel.validate.look_up.text()
    panel.show()
    click(panel.validate.look_up)
    assert asked == ["EMD-1234"] and panel.validate.claimed.text() == "3.9"
    assert "EMD-1234" in panel.validate.source.text()


@pytest.mark.parametrize(("typed", "written"), [("3.2", " claimed 3.2"), ("300", ""), ("", "")])
def test_a_claim_is_written_as_commands_want_it(panel, small_map, typed, written):
    """Whatever the system's language, and not without a word where it cannot be a claim."""
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    try:
        panel.map.value = small_map
        QTest.keyClicks(panel.validate.claimed, typed)
        assert panel.command_text() == f"resvalidate #1{written}"
        assert bool(panel.validate.source.text()) == (typed == "300")
    finally:
        QLocale.setDefault(before)
