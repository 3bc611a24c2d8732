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


FILES = {"deep_dream": ["dream.gif"],
         "sneaker_or_bag": ["score_y_hat.parquet", "model.keras", "model_architecture.json"],
         "weather_assignment": ["score_y_hat.parquet", "keras_model.json",
                                "keras_parameters.weights.h5"],
         "real_or_made": ["score_y_hat.parquet", "keras_model.json", "keras_parameters.weights.h5"],
         "vehicle_counting": ["score_y_hat.parquet", *(f"member_{k}.keras" for k in range(5))]}


def printed(notebook):
    return "".join(o.text for c in notebook.cells for o in c.get("outputs", [])
                   if o.output_type == "stream" and o.name == "stdout")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs(path, tmp_path):
    notebook = execute(path, tmp_path)
    nbformat.validate(notebook)
    counts = [c.execution_count for c in notebook.cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    left = {f.name for f in tmp_path.rglob("*") if f.is_file()}
    assert left >= set(FILES.get(path.stem, [])), left
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
         "denoising_autoencoder": 5, "first": 3, "edge_detection": 3, "convolutional_network": 3,
         "deep_dream": 5, "sneaker_or_bag": 1, "weather_assignment": 4, "two_players": 4,
         "mode_collapse": 4, "pictures_of_clothes": 4, "real_or_made": 2, "vehicle_counting": 3,
         "tables_of_series": 3, "keeping_track": 2}


@pytest.mark.parametrize("name", PLOTS)
def test_pictures(name, tmp_path):
    path = next(p for p in NOTEBOOKS if p.stem == name)
    notebook = execute(path, tmp_path)
    pictures = [o for c in notebook.cells for o in c.get("outputs", [])
                if {"image/svg+xml", "image/png"} & set(o.get("data", {}))]
    assert len(pictures) >= PLOTS[name]
