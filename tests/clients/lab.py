"""JupyterLab 4 in headless Chromium: the server, and what the tests do with a page."""
import json
import shutil
import subprocess
import sys

import nbformat
import requests
from client import book, free_port, wait_for
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MINUTE = 60_000
SHOWN_NAME = "awml-c"


def write_setting(settings, plugin, **values):
    """`plugin` as "@jupyterlab/apputils-extension/themes"."""
    file = settings / f"{plugin}.jupyterlab-settings"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(values))


def start_lab(folder, home, theme="JupyterLab Light"):
    """(server process, its address)."""
    settings, port = home / "lab-settings", free_port()
    write_setting(settings, "@jupyterlab/apputils-extension/themes", theme=theme)
    write_setting(settings, "@jupyterlab/apputils-extension/notification", fetchNews="false")
    write_setting(settings, "@jupyterlab/notebook-extension/tracker",
                  codeCellConfig={"codeFolding": True})
    with open(ROOT / "build" / "lab.log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", f"--port={port}", "--no-browser", "--allow-root",
             "--ServerApp.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True",
             f"--ServerApp.root_dir={folder}", f"--LabApp.user_settings_dir={settings}",
             f"--LabApp.workspaces_dir={home}/lab-workspaces"], stdout=log, stderr=log)

    def answers():
        try:
            return requests.get(f"http://127.0.0.1:{port}/api/status", timeout=5).ok
        except requests.ConnectionError:
            return False

    wait_for(answers)
    return server, f"http://127.0.0.1:{port}"


def shut_down(base, server):
    """Kernels first; JupyterLab may then take its time."""
    for kernel in requests.get(f"{base}/api/kernels", timeout=20).json():
        requests.delete(f"{base}/api/kernels/{kernel['id']}", timeout=30)
    server.terminate()
    try:
        server.wait(timeout=15)
    except subprocess.TimeoutExpired:
        server.kill()


def open_notebook(page, lab, name):
    page.goto(f"{lab[0]}/lab/workspaces/{name.split('.')[0]}/tree/{name}")
    page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell")
    dismiss(page)
    page.wait_for_selector(f".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Toolbar-kernelName"
                           f":has-text('{SHOWN_NAME}')")
    until_status(page, "Idle")


def open_cells(page, lab, name, *cells, tags=None):
    """A new notebook of these cells, which takes the place of an older one of that name."""
    nbformat.write(book(*cells, tags=tags), lab[1] / name)
    open_notebook(page, lab, name)


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


def run_cell(page, number):
    cell(page, number).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")


def training(width, epochs):
    """A cell that trains for some seconds."""
    return f"""model Net:
    input x: [200]
    h = x.Dense({width}, relu).Dense({width}, relu)
    output y = h.Dense(3, softmax)

x = randn(4000, 200)
labels = randint(0, 3, 4000)
net = Net()
history = train net on x -> labels:
    validate: x -> labels
    metrics: accuracy
    epochs: {epochs}"""


def until_counted(page, number, timeout=3 * MINUTE):
    """The cell's prompt shows a number: it has ended."""
    page.wait_for_function(
        "n => /^\\[\\d+\\]:$/.test(document.querySelectorAll('.jp-CodeCell')[n]"
        ".querySelector('.jp-InputPrompt').textContent.trim())", arg=number, timeout=timeout)


def choose_theme(page, theme):
    page.locator(".lm-MenuBar-itemLabel:text-is('Settings')").click()
    page.locator(".lm-Menu-itemLabel:text-is('Theme')").hover()
    page.locator(f".lm-Menu-itemLabel:text-is('{theme}')").click()
    page.wait_for_function(f"() => document.body.dataset.jpThemeName === '{theme}'")
    page.wait_for_timeout(500)


def take_pictures(page, name, clip=None):
    """build/NAME_light.jpg and build/NAME_dark.jpg of the notebook (or of `clip`): those of docs/pictures."""
    for theme in ("Dark", "Light"):
        choose_theme(page, f"JupyterLab {theme}")
        path = str(ROOT / "build" / f"{name}_{theme.lower()}.jpg")
        whole = clip or page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook").bounding_box()
        page.screenshot(path=path, type="jpeg", quality=60, clip=whole)
