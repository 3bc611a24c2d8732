"""Clients run in a home of their own, so that no history, setting or kernel of the user counts."""
import os
import sys
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="awml-home-"))
for name, folder in {"HOME": "", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state",
                     "XDG_CACHE_HOME": "cache", "XDG_CONFIG_HOME": "config",
                     "JUPYTER_DATA_DIR": "jupyter", "JUPYTER_CONFIG_DIR": "jupyter-config",
                     "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython"}.items():
    (HOME / folder).mkdir(exist_ok=True)
    os.environ[name] = str(HOME / folder)
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
