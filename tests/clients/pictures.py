"""Screenshots of the gallery (docs/plots.md) as students see it: in JupyterLab 4, light and dark, and
as the page that nbconvert makes. Run by hand:

    build/venv/bin/python tests/clients/pictures.py build/kernel/awml-c docs/pictures
"""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FENCE = re.compile(r"```awml\n(.*?)```", re.S)
THEMES = {"lab_light": "JupyterLab Light", "lab_dark": "JupyterLab Dark"}
WIDTH, TALL = 1150, 11000


def gallery(kernel, folder):
    cells = [{"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [],
              "execution_count": None, "source": code.rstrip("\n")}
             for i, code in enumerate(FENCE.findall((ROOT / "docs" / "plots.md").read_text()))]
    book = {"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {
        "kernelspec": {"name": "awml-c", "display_name": "awml", "language": "awml"}}}
    (folder / "in.ipynb").write_text(json.dumps(book))
    subprocess.run([kernel, "run", folder / "in.ipynb", "--output", folder / "plots.ipynb"],
                   check=True, stdout=subprocess.DEVNULL)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_lab(folder, theme):
    settings = folder / theme / "settings"
    apputils = settings / "@jupyterlab" / "apputils-extension"
    apputils.mkdir(parents=True)
    (apputils / "themes.jupyterlab-settings").write_text(json.dumps({"theme": THEMES[theme]}))
    (apputils / "notification.jupyterlab-settings").write_text(json.dumps({"fetchNews": "false"}))
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", f"--port={port}", "--no-browser", "--allow-root",
         "--ServerApp.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder}",
         f"--LabApp.user_settings_dir={settings}", f"--LabApp.workspaces_dir={folder / theme}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(120):
        try:
            if requests.get(f"http://127.0.0.1:{port}/api/status", timeout=5).ok:
                break
        except requests.ConnectionError:
            time.sleep(0.5)
    return server, f"http://127.0.0.1:{port}/doc/tree/plots.ipynb"


def shoot(browser, url, wait_for, path, whole):
    page = browser.new_page(viewport={"width": WIDTH, "height": 1000 if whole else TALL},
                            device_scale_factor=0.6)
    page.goto(url)
    page.wait_for_selector(wait_for, timeout=120_000)
    page.wait_for_timeout(4000)
    page.screenshot(path=path, type="jpeg", quality=40, full_page=whole)
    page.close()


def main():
    kernel, out = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
        folder = Path(folder)
        os.environ["JUPYTER_DATA_DIR"] = str(folder / "jupyter")
        subprocess.run([kernel, "install", "--user"], check=True, stdout=subprocess.DEVNULL)
        gallery(kernel, folder)
        subprocess.run([sys.executable, "-m", "jupyter", "trust", folder / "plots.ipynb"],
                       stdout=subprocess.DEVNULL, check=False)
        subprocess.run([sys.executable, "-m", "jupyter", "nbconvert", "--to", "html",
                        folder / "plots.ipynb"], check=True, stderr=subprocess.DEVNULL)
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shoot(browser, f"file://{folder}/plots.html", "svg", out / "nbconvert.jpg", True)
        for theme in THEMES:
            server, url = start_lab(folder, theme)
            try:
                shoot(browser, url, ".jp-OutputArea-output", out / f"{theme}.jpg", False)
            finally:
                server.terminate()
        browser.close()


if __name__ == "__main__":
    main()
