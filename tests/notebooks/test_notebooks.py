"""Every notebook runs from top to bottom, and the numbers it prints are those of the
course (numbers.json). One kernel each, headless, as ./run does it."""
import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients"))
import conftest as home  # noqa: E402,F401  a home of its own

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("m0*/*.ipynb"))
NUMBERS = json.loads(Path(__file__).with_name("numbers.json").read_text())
done = {}


def execute(path, folder):
    """The executed notebook; run at most once in a session."""
    if path.stem not in done:
        notebook = nbformat.read(path, 4)
        NotebookClient(notebook, kernel_name="awml-c", timeout=600,
                       resources={"metadata": {"path": str(folder)}}).execute()
        done[path.stem] = notebook
    return done[path.stem]


def printed(notebook):
    return "".join(o.text for c in notebook.cells for o in c.get("outputs", [])
                   if o.output_type == "stream" and o.name == "stdout")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs(path, tmp_path):
    notebook = execute(path, tmp_path)
    nbformat.validate(notebook)
    counts = [c.execution_count for c in notebook.cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    streams = {o.name for c in notebook.cells for o in c.get("outputs", [])
               if o.output_type == "stream"}
    assert "stderr" not in streams


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_numbers(path, tmp_path):
    """Each line of numbers.json: a pattern with groups, and for each group [value, tolerance]."""
    text = printed(execute(path, tmp_path))
    for pattern, wanted in NUMBERS.get(path.stem, []):
        found = re.search(pattern, text)
        assert found, f"nothing like {pattern!r} in\n{text}"
        for group, (value, tolerance) in zip(found.groups(), wanted, strict=True):
            assert abs(float(group) - value) <= tolerance, (pattern, group)


def test_every_notebook_has_numbers():
    assert set(NUMBERS) == {p.stem for p in NOTEBOOKS}
    assert all(NUMBERS.values())


PLOTS = {"activation_functions": 7, "gradient_descent": 2, "weight_initialization": 2,
         "regularization": 2, "learning_rate_schedule": 3, "batch_normalization": 1, "losses": 1,
         "denoising_autoencoder": 5, "first": 3, "edge_detection": 3, "convolutional_network": 3}


@pytest.mark.parametrize("name", PLOTS)
def test_pictures(name, tmp_path):
    path = next(p for p in NOTEBOOKS if p.stem == name)
    notebook, _ = execute(path, tmp_path)
    pictures = [o for c in notebook.cells for o in c.get("outputs", [])
                if {"image/svg+xml", "image/png"} & set(o.get("data", {}))]
    assert len(pictures) >= PLOTS[name]
