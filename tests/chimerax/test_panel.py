"""The panel through its own signals and clicks: the window is real, though offscreen."""

import pytest
from scenes import blobs, open_array

pytest.importorskip("PySide6")

from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QTextDocument, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QProgressBar
from window import choose, click, meanwhile, start

from mapres.local.methods import METHODS
from mapres.networks.registry import summaries


def text_of(widget):
    """Return what labels show, whose text may be HTML."""
    shown = QTextDocument()
    shown.setHtml(" ".join(label.text() for label in widget.findChildren(QLabel)))
    return shown.toPlainText()


def test_there_is_one_panel(windowed, tool):
    assert start(windowed) is tool


def test_maps_are_followed_and_results_are_no_maps(panel, session, do):
    assert panel.map.value is None and not panel.run_button.isEnabled()
    first = open_array(session, blobs(), name="first")
    # The first that is opened is meant, until another is chosen.
    assert panel.map.value is first
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
    do("localres #1 uncertainty true maxUncertainty 3 key false")
    opened = [model for model in session.models.list() if type(model).__name__ == "ResultVolume"]
    listed = [panel.map.itemData(k) for k in range(panel.map.count())]
    assert len(opened) == 3 and listed == [None, first]
    others = [panel.local_form.compare.itemData(k) for k in range(panel.local_form.compare.count())]
    assert set(opened) <= set(others)


def test_the_wheel_scrolls_the_panel_and_changes_nothing(panel, small_map):
    panel.map.value = small_map
    for menu in (
        panel.map,
        panel.validate_form.model,
        panel.local_form.method,
        panel.local_view.low,
    ):
        menu.clearFocus()
        before = panel.command_text(), panel.local_view.low.value()
        where = QPointF(menu.rect().center())
        wheel = QWheelEvent(
            where, QPointF(menu.mapToGlobal(where)), QPoint(), QPoint(0, -120),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        panel._session.ui.application.sendEvent(menu, wheel)
        assert (panel.command_text(), panel.local_view.low.value()) == before


def test_results_go_with_their_map(panel, small_map, session):
    panel.map.value = small_map
    click(panel.run_button)
    assert "small #1, default" in text_of(panel.validate_view._shown)
    other = open_array(session, blobs(seed=2), name="other")
    panel.map.value = other
    assert panel.results.currentWidget() is panel.no_results


def test_menus_and_summaries_come_from_the_tables(panel):
    for menu, entries in (
        (panel.local_form.method, {m.name: (m.label, m.summary) for m in METHODS.values()}),
        (panel.validate_form.model, {name: (name, line) for name, line in summaries().items()}),
    ):
        assert [menu.itemData(k) for k in range(menu.count())] == list(entries)
        for k, (label, summary) in enumerate(entries.values()):
            menu.setCurrentIndex(k)
            assert menu.currentText() == label and summary in text_of(menu.parentWidget())


def test_what_was_chosen_outlives_what_is_opened(panel, small_map, session):
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local_form)
    choose(panel.local_form.compare, "monores")
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
    panel.tabs.setCurrentWidget(panel.local_form)
    assert panel.command_text() == "localres #1"
    assert panel.command.text() == "localres #1"
    panel.local_form.uncertainty.setChecked(True)
    assert panel.command.text() == "localres #1 uncertainty true"
    choose(panel.local_form.method, "monores")
    assert panel.command.text() == "localres #1 method monores"
    panel.local_form.uncertainty.setChecked(False)
    choose(panel.local_form.method, "blocres")
    for menu in panel.halves:
        menu.value = half
    panel.local_form.mask.value = half
    choose(panel.local_form.compare, "monores")
    assert panel.command_text() == (
        "localres #1 mask #2 method blocres compare monores halfMaps #2,2"
    )
    panel.local_form.more.setText(" boxSize 30 ")
    assert panel.command_text().endswith(" halfMaps #2,2 boxSize 30")
    panel.tabs.setCurrentWidget(panel.validate_form)
    panel.validate_form.claimed.setText("3.5")
    choose(panel.validate_form.model, "all")
    assert panel.command_text() == "resvalidate #1 claimed 3.5 model all halfMaps #2,2"


def test_the_commands_understand_what_is_composed(panel, small_map, do):
    """All options at once go through ChimeraX's parser, without running the core."""
    from chimerax.core.commands import Command

    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local_form)
    panel.local_form.uncertainty.setChecked(True)
    panel.local_form.mask.value = small_map
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
    panel.validate_form.claimed.setText("6")
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
    assert panel.results.currentWidget() is panel.validate_view
    bars = panel.validate_view._shown.findChildren(QProgressBar)
    assert len(bars) == 3 and sum(bar.value() for bar in bars) == pytest.approx(1000, abs=2)
    text = text_of(panel.validate_view._shown)
    for name in ("high (< 5 Å)", "medium (5–10 Å)", "low (> 10 Å)"):
        assert name in text
    assert "Resolution:" in text and "Claimed:" in text and "6 Å" in text
    assert "resvalidate #1 claimed 6" in log.getvalue()


def test_cancels_and_runs_again(panel, small_map):
    panel.map.value = small_map
    handler, begun = meanwhile(panel, lambda: click(panel.cancel_button))
    click(panel.run_button)
    handler.remove()
    assert begun and "canceled" in panel.message.text()
    assert panel.results.currentWidget() is not panel.validate_view and panel.run_button.isEnabled()
    click(panel.run_button)
    assert panel.results.currentWidget() is panel.validate_view and panel.message.text() == ""


def test_an_error_is_told_in_the_panel(panel, small_map):
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local_form)
    choose(panel.local_form.method, "blocres")
    click(panel.run_button)
    assert "give both" in panel.message.text() and panel.run_button.isEnabled()


def test_typed_options_are_the_commands_own(panel, small_map):
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local_form)
    panel.local_form.more.setText("stepp 3")
    click(panel.run_button)
    assert "keyword" in panel.message.text() and panel.results.currentWidget() is panel.no_results
    choose(panel.local_form.method, "monores")
    panel.local_form.more.setText("step 2 key false")
    click(panel.run_button)
    assert panel.results.currentWidget() is panel.local_view


def test_a_second_job_meanwhile_is_refused(panel, small_map, do):
    from chimerax.core.errors import UserError

    panel.map.value = small_map
    refused = []

    def run_again():
        try:
            do("resvalidate #1")
        except UserError as error:
            refused.append(str(error))

    handler, _ = meanwhile(panel, run_again)
    click(panel.run_button)
    handler.remove()
    assert "already running" in refused[0]
    assert panel.results.currentWidget() is panel.validate_view


def test_closing_the_panel_while_a_command_fails_is_harmless(panel, tool, small_map):
    panel.map.value = small_map
    panel.tabs.setCurrentWidget(panel.local_form)
    choose(panel.local_form.method, "blocres")
    handler, begun = meanwhile(panel, tool.delete)
    click(panel.run_button)
    handler.remove()
    assert begun


@pytest.mark.parametrize("form", ["validate_form", "local_form"])
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
        assert (len(session.models.list()) > 2) == (form == "local_form")
    else:
        assert "was closed meanwhile" in panel.message.text()
        assert not session.models.list() and panel.map.value is None


def test_the_keyboard_reaches_everything_in_order(panel, small_map):
    panel.map.value = small_map
    panel.window().activateWindow()
    assert QTest.qWaitForWindowActive(panel.window())
    panel.map.setFocus()
    reached = []
    for _ in range(12):
        reached.append(panel._session.ui.application.focusWidget())
        QTest.keyClick(reached[-1], Qt.Key.Key_Tab)
    wanted = [panel.map, *panel.halves, panel.validate_form.claimed, panel.validate_form.model,
              panel.run_button]  # fmt: skip
    assert [w for w in reached if w in wanted][: len(wanted)] == wanted


def test_remembers_what_was_chosen(panel, windowed, small_map):
    from chimerax.map_resolution.panel.panel import Panel

    panel.tabs.setCurrentWidget(panel.local_form)
    choose(panel.local_form.method, "resmap")
    again = Panel(windowed)
    assert again.form is again.local_form and again.local_form.method.currentData() == "resmap"
    again.forget()
    choose(panel.local_form.method, "mapres")
    panel.tabs.setCurrentWidget(panel.validate_form)


def test_a_claim_is_read_from_the_file_and_fetched_only_on_demand(panel, session, monkeypatch):
    from chimerax.map_resolution.panel import validate_form

    map = open_array(session, blobs(), name="emdb 1234")
    map.data.file_header = {"labels": [b"Made by a program\0\0", b"RESOLUTION: 4.2 A"]}
    fetched = []
    monkeypatch.setattr(validate_form, "published", lambda entry: fetched.append(entry) or 3.9)
    panel.map.value = None
    panel.map.value = map
    assert (
        panel.validate_form.claimed.text() == "4.2" and "file" in panel.validate_form.source.text()
    )
    assert "claimed 4.2" in panel.command_text() and not fetched
    assert "EMD-1234" in panel.validate_form.fetch.text()
    panel.show()
    click(panel.validate_form.fetch)
    assert fetched == ["EMD-1234"] and panel.validate_form.claimed.text() == "3.9"
    assert "EMD-1234" in panel.validate_form.source.text()


@pytest.mark.parametrize(
    ("typed", "written"),
    [("3.2", " claimed 3.2"), ("3,2", " claimed 3.2"), (" ", ""), ("", "")]
    + [(text, None) for text in ("300", "3.2.1", "abc", "nan")],
)
def test_a_claim_is_written_as_commands_want_it(panel, small_map, typed, written):
    """Whatever decimal mark the user's language has; what cannot be a resolution is refused."""
    panel.map.value = small_map
    claimed = panel.validate_form.claimed
    QTest.keyClicks(claimed, typed)
    QTest.keyClick(claimed, Qt.Key.Key_Tab)
    assert claimed.text() == typed
    assert panel.command_text() == f"resvalidate #1{written or ''}"
    assert bool(panel.validate_form.source.text()) == (written is None)
    assert panel.run_button.isEnabled() == (written is not None)
