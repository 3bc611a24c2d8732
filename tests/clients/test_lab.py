"""JupyterLab 4 in headless Chromium: open a notebook, run all, see a plot, interrupt a training
run, restart. The picture for the README is taken on the way (build/lab.png)."""
import shutil
import subprocess
import sys

import nbformat
import pytest
import requests
from client import book, free_port, wait_for
from conftest import HOME
from pathlib import Path
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MINUTE = 60_000
SHOWN_NAME = "awml-c"

TRAINING = """model Net:
    input x: [20]
    output y = x.Dense(400, relu).Dense(1)

net = Net()
x = randn(20000, 20)
history = train net on x -> x[:, 0:1]:
    epochs: 100000"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "notebooks" / "m01_dnn" / "first.ipynb", folder / "first.ipynb")
    nbformat.write(book(TRAINING, "history.interrupted", "marker = 12345", "marker"),
                   folder / "long.ipynb")
    port = free_port()
    with open(ROOT / "build" / "lab.log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", f"--port={port}", "--no-browser", "--allow-root",
             "--ServerApp.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True",
             f"--ServerApp.root_dir={folder}",
             f"--LabApp.user_settings_dir={HOME}/lab-settings",
             f"--LabApp.workspaces_dir={HOME}/lab-workspaces"], stdout=log, stderr=log)

        def answers():
            try:
                return requests.get(f"http://127.0.0.1:{port}/api/status", timeout=5).ok
            except requests.ConnectionError:
                return False

        wait_for(answers)
        yield f"http://127.0.0.1:{port}", folder
        shut_down(f"http://127.0.0.1:{port}", server)


def shut_down(base, server):
    """Kernels first; JupyterLab may then take its time."""
    for kernel in requests.get(f"{base}/api/kernels", timeout=20).json():
        requests.delete(f"{base}/api/kernels/{kernel['id']}", timeout=30)
    server.terminate()
    try:
        server.wait(timeout=15)
    except subprocess.TimeoutExpired:
        server.kill()


@pytest.fixture(scope="module")
def browser():
    assert CHROMIUM, "chromium is not installed"
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM,
                                        args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(MINUTE)
    yield page
    page.close()


def open_notebook(page, lab, name):
    page.goto(f"{lab[0]}/lab/workspaces/{name.split('.')[0]}/tree/{name}")
    page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell")
    dismiss(page)
    page.wait_for_selector(f".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Toolbar-kernelName"
                           f":has-text('{SHOWN_NAME}')")
    until_status(page, "Idle")


def dismiss(page):
    """JupyterLab may ask about news once."""
    for text in ("No", "Dismiss"):
        button = page.locator(f".jp-toast-button:has-text('{text}')")
        if button.count():
            button.first.click()


def until_status(page, status, timeout=MINUTE):
    page.wait_for_selector(f".jp-NotebookPanel:not(.lm-mod-hidden) "
                           f".jp-Notebook-ExecutionIndicator[data-status='{status.lower()}']",
                           timeout=timeout)


def menu(page, top, item):
    page.locator(f".lm-MenuBar-itemLabel:text-is('{top}')").click()
    page.locator(f".lm-Menu-itemLabel:text-is('{item}')").click()


def cell(page, number):
    return page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").nth(number)


def until_counted(page, number, timeout=3 * MINUTE):
    """The cell's prompt shows a number: it has ended."""
    page.wait_for_function(
        "n => /^\\[\\d+\\]:$/.test(document.querySelectorAll('.jp-CodeCell')[n]"
        ".querySelector('.jp-InputPrompt').textContent.trim())", arg=number, timeout=timeout)


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


def test_words_are_coloured(page, lab):
    """Without an extension the editor falls back on a mode that knows most of the language."""
    open_notebook(page, lab, "first.ipynb")
    spans = cell(page, 2).locator(".cm-line span").all_inner_texts()
    assert any("validate" in s or "train" in s or "0.005" in s or "20" in s for s in spans), spans


def test_interrupt_training_then_restart(page, lab):
    open_notebook(page, lab, "long.ipynb")
    cell(page, 0).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    until_status(page, "Busy")
    page.wait_for_function("() => /\\b[3-9]\\b|\\d\\d/.test((document.querySelector("
                           "'.jp-CodeCell .jp-OutputArea') || {}).innerText || '')")
    page.locator("[data-command='notebook:interrupt-kernel'], "
                 "jp-button[title*='Interrupt'], button[title*='Interrupt']").first.click()
    until_status(page, "Idle", timeout=20_000)
    shown = cell(page, 0).locator(".jp-OutputArea").inner_text().lower()
    assert "interrupt" in shown, shown

    for number in (1, 2, 3):
        cell(page, number).locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        until_counted(page, number)
    assert "True" in cell(page, 1).locator(".jp-OutputArea").inner_text()
    assert "12345" in cell(page, 3).locator(".jp-OutputArea").inner_text()

    menu(page, "Kernel", "Restart Kernel…")
    page.locator(".jp-Dialog button.jp-mod-accept, .jp-Dialog .jp-mod-accept").first.click()
    page.wait_for_selector(".jp-Dialog", state="detached")
    until_status(page, "Idle")
    cell(page, 3).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function("() => document.querySelectorAll('.jp-CodeCell')[3].querySelector("
                           "'.jp-InputPrompt').textContent.trim() === '[1]:'")
    shown = cell(page, 3).locator(".jp-OutputArea").inner_text()
    assert "marker" in shown and "12345" not in shown
