"""JupyterLab 4 in headless Chromium: open a notebook, run all, see a plot, interrupt a training
run, restart. The picture for the README is taken on the way (build/lab.png)."""
import shutil

import nbformat
import pytest
from client import book
from lab import (MINUTE, ROOT, cell, menu, open_notebook, run_cell, take_pictures, until_counted,
                 until_status)

TRAINING = """model Net:
    input x: [20]
    output y = x.Dense(400, relu).Dense(1)

net = Net()
x = randn(20000, 20)
history = train net on x -> x[:, 0:1]:
    epochs: 100000"""


SLIDER = """xs = linspace(0, 10, 100)
def wave(speed, kind):
    return line(xs, sin(speed * xs) if kind == "sine" else abs(sin(speed * xs)), title=kind)
interact(wave, speed=(1, 9), kind=["sine", "bumps"])"""


@pytest.fixture(scope="module", autouse=True)
def notebooks(lab):
    shutil.copy(ROOT / "notebooks" / "m01_dnn" / "first.ipynb", lab[1] / "first.ipynb")
    nbformat.write(book(TRAINING, "history.interrupted", "marker = 12345", "marker"),
                   lab[1] / "long.ipynb")
    nbformat.write(book(SLIDER), lab[1] / "slider.ipynb")


def test_run_all_and_see_a_plot(page, lab):
    open_notebook(page, lab, "first.ipynb")
    menu(page, "Run", "Run All Cells")
    cells = page.locator(".jp-NotebookPanel .jp-CodeCell").count()
    until_counted(page, cells - 1)
    assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error'], "
                        ".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    pictures = page.locator(".jp-OutputArea-output.jp-RenderedSVG img, "
                            ".jp-OutputArea-output.jp-RenderedImage img")
    assert pictures.count() >= 2
    for i in range(pictures.count()):
        pictures.nth(i).scroll_into_view_if_needed()
        width, height = pictures.nth(i).evaluate("p => p.decode().then(() => [p.naturalWidth, "
                                                 "p.naturalHeight])")
        assert width > 100 and height > 30
    text = page.locator(".jp-OutputArea-output pre").all_inner_texts()
    assert any("named correctly" in t for t in text)
    cell(page, 3).scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    page.screenshot(path=str(ROOT / "build" / "lab.png"))


def test_colours_without_the_extension(page, lab):
    """The editor falls back on a mode that knows most of the language."""
    page.route("**/labextensions/awml/**", lambda route: route.abort())
    open_notebook(page, lab, "first.ipynb")
    page.wait_for_function("() => [...document.querySelectorAll('.jp-CodeCell .cm-line span')]"
                           ".some(s => s.textContent.startsWith('\"fashion'))")
    cell(page, 2).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("train a on b:\nepochs: 3")
    assert cell(page, 2).locator(".cm-content").inner_text() == "train a on b:\n    epochs: 3"


def test_interrupt_training_then_restart(page, lab):
    open_notebook(page, lab, "long.ipynb")
    run_cell(page, 0)
    until_status(page, "Busy")
    live = cell(page, 0).locator(".jp-OutputArea")
    # a bar of ipywidgets where the page's widgets were there before the cell ran, else one of HTML
    live.locator(".widget-hprogress, progress[aria-label=training]").first.wait_for()
    live.locator("svg").first.wait_for()  # a curve in the page itself, which does not flicker
    page.wait_for_function("() => /\\b[3-9]\\b|\\d\\d/.test((document.querySelector("
                           "'.jp-CodeCell .jp-OutputArea') || {}).innerText || '')")
    page.locator("[data-command='notebook:interrupt-kernel'], "
                 "jp-button[title*='Interrupt'], button[title*='Interrupt']").first.click()
    until_status(page, "Idle", timeout=20_000)
    shown = cell(page, 0).locator(".jp-OutputArea").inner_text().lower()
    assert "interrupt" in shown, shown

    for number in (1, 2, 3):
        run_cell(page, number)
        until_counted(page, number)
    assert "True" in cell(page, 1).locator(".jp-OutputArea").inner_text()
    assert "12345" in cell(page, 3).locator(".jp-OutputArea").inner_text()

    menu(page, "Kernel", "Restart Kernel…")
    page.locator(".jp-Dialog button.jp-mod-accept, .jp-Dialog .jp-mod-accept").first.click()
    page.wait_for_selector(".jp-Dialog", state="detached")
    until_status(page, "Idle")
    run_cell(page, 3)
    page.wait_for_function("() => document.querySelectorAll('.jp-CodeCell')[3].querySelector("
                           "'.jp-InputPrompt').textContent.trim() === '[1]:'")
    shown = cell(page, 3).locator(".jp-OutputArea").inner_text()
    assert "marker" in shown and "12345" not in shown


def test_moving_a_slider(page, lab):
    """The real front end of ipywidgets: drag, choose, and see another plot."""
    open_notebook(page, lab, "slider.ipynb")
    run_cell(page, 0)
    until_counted(page, 0)
    widgets = cell(page, 0).locator(".jupyter-widgets").first
    widgets.wait_for()
    picture = widgets.locator("img")
    seen = [picture.get_attribute("src")]
    handle = widgets.locator(".noUi-handle").bounding_box()
    page.mouse.move(handle["x"] + 5, handle["y"] + 5)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(handle["x"] + 5 + 2 * step, handle["y"] + 5)
    page.mouse.up()
    until_other_picture(page, seen)
    widgets.locator("select").select_option("bumps")
    until_other_picture(page, seen)
    assert "bumps" in seen[-1]
    widgets.locator(".noUi-handle").focus()
    page.keyboard.press("ArrowLeft")
    until_other_picture(page, seen)
    page.set_viewport_size({"width": 1100, "height": 700})
    take_pictures(page, "slider")


def until_other_picture(page, seen):
    """Waits for a picture that is not the last one, and keeps it."""
    page.wait_for_function("old => {const p = document.querySelector('.jupyter-widgets img');"
                           "return p && p.src && p.src !== old}", arg=seen[-1])
    page.wait_for_timeout(500)
    seen.append(page.locator(".jupyter-widgets img").first.get_attribute("src"))
