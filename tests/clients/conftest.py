"""Clients run in a home of their own, so that no history, setting or kernel of the user counts."""
import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

HOME = Path(tempfile.mkdtemp(prefix="awml-home-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
for name, folder in {"HOME": "", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state",
                     "XDG_CACHE_HOME": "cache", "XDG_CONFIG_HOME": "config",
                     "JUPYTER_DATA_DIR": "jupyter", "JUPYTER_CONFIG_DIR": "jupyter-config",
                     "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython"}.items():
    (HOME / folder).mkdir(exist_ok=True)
    os.environ[name] = str(HOME / folder)
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab on a folder of its own: (address, folder)."""
    from lab import shut_down, start_lab
    folder = tmp_path_factory.mktemp("lab")
    server, address = start_lab(folder, HOME)
    yield address, folder
    shut_down(address, server)


@pytest.fixture(scope="session")
def browser():
    from lab import CHROMIUM
    from playwright.sync_api import sync_playwright
    assert CHROMIUM, "chromium is not installed"
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM,
                                        args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60_000)
    yield page
    page.close()
