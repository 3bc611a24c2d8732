"""The bar of a long training in the real front end of ipywidgets: it moves, it is gone at the end, and
a page or a notebook without its kernel shows words, never a widget that is not there."""
import json

from lab import (MINUTE, cell, menu, open_cells, run_cell, take_pictures, training, until_counted,
                 until_status)

VIEW = "application/vnd.jupyter.widget-view+json"
BAR = ".jp-OutputArea .widget-vbox .progress-bar"


def begin(page, lab, name, epochs):
    open_cells(page, lab, name, training(512, epochs))
    run_cell(page, 0)
    page.wait_for_selector(BAR)


def saved(page, lab, name):
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1500)
    outputs = json.loads((lab[1] / name).read_text())["cells"][0]["outputs"]
    return [o["data"] for o in outputs if "data" in o]


def no_dead_widget(page):
    assert "Error displaying widget" not in page.locator(".jp-Notebook").inner_text()
    assert "Loading widget" not in page.locator(".jp-Notebook").inner_text()


def width(page):
    return page.locator(BAR).evaluate("e => parseFloat(e.style.width)")


def test_a_bar_moves_and_goes(page, lab):
    page.set_viewport_size({"width": 1280, "height": 800})
    begin(page, lab, "bar.ipynb", 40)
    first = width(page)
    page.wait_for_function("([bar, first]) => parseFloat(document.querySelector(bar).style.width)"
                           " > first + 5", arg=[BAR, first])
    words = page.locator(".jp-OutputArea .widget-html").all_inner_texts()
    assert any("epoch" in w and "examples/s" in w for w in words), words
    page.wait_for_selector(".jp-OutputArea svg")  # the curve beside it is a display of its own
    take_pictures(page, "bar")
    until_counted(page, 0, timeout=2 * MINUTE)
    assert page.locator(".jp-OutputArea .jupyter-widgets").count() == 0
    data = saved(page, lab, "bar.ipynb")
    assert not [d for d in data if VIEW in d]
    assert "40 epochs in" in "".join(data[0]["text/html"]) and "<img" in "".join(data[1]["text/html"])
    page.reload()
    page.wait_for_selector(".jp-OutputArea-output")
    no_dead_widget(page)


def test_interrupted_and_run_again(page, lab):
    begin(page, lab, "stop.ipynb", 100000)
    page.wait_for_timeout(1000)
    menu(page, "Kernel", "Interrupt Kernel")
    until_counted(page, 0)
    assert "interrupted after" in cell(page, 0).locator(".jp-OutputArea").inner_text()
    assert page.locator(".jp-OutputArea .jupyter-widgets").count() == 0
    no_dead_widget(page)


def test_a_kernel_that_goes_leaves_words(page, lab):
    begin(page, lab, "restart.ipynb", 100000)
    page.wait_for_timeout(1500)
    assert [d for d in saved(page, lab, "restart.ipynb") if VIEW in d]  # saved while it moves
    menu(page, "Kernel", "Restart Kernel…")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.wait_for_selector(".jp-OutputArea :text('not ended when this was kept')")
    until_status(page, "Idle")
    no_dead_widget(page)
    assert not [d for d in saved(page, lab, "restart.ipynb") if VIEW in d]


def test_a_notebook_saved_meanwhile_shows_words(page, lab):
    begin(page, lab, "closed.ipynb", 100000)
    page.wait_for_timeout(1500)
    assert [d for d in saved(page, lab, "closed.ipynb") if VIEW in d]
    page.reload()  # the training goes on; what this page shows of it has been kept
    page.wait_for_selector(".jp-OutputArea :text('not ended when this was kept')")
    no_dead_widget(page)
    menu(page, "Kernel", "Interrupt Kernel")
    until_status(page, "Idle")
    no_dead_widget(page)
