"""The programs of the language's design run from the first line to the last, on stand-in data that awml
itself makes: a few blurred blobs for pictures, sine waves for weather. Only epochs and trials are cut."""
import os
import re
import subprocess

import pytest

from test_readme import ROOT

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))
PROGRAMS = ROOT / "tests/lang/programs"

PICTURES = """
def blobs(n):
    across = linspace(-1, 1, 28)
    x, y = meshgrid(across, across)
    places = rand(n, 2) - 0.5
    return stack([exp(-8 * ((x - places[i, 0]) ** 2 + (y - places[i, 1]) ** 2)) for i in range(n)])
def write(name, x):
    save(x.reshape(len(x), 784).to_table(names=[f"p{i}" for i in range(784)]), f"mnist/{name}_x.parquet")
for name in ["train", "validate", "test", "score"]:
    clean = blobs(200)
    write(f"{name}_clean", clean)
    write(f"{name}_noisy", clip(clean + 0.2 * randn(200, 28, 28), 0, 1))
"""

WEATHER = """
def days(name, n):
    hour = range(48)
    start = 24 * rand(n)
    warm = stack([285 + 5 * sin((hour + start[i]) / 24 * 2 * pi) + randn(48) for i in range(n)])
    sample = stack([range(n) for t in range(24)]).T.reshape(-1)
    time = stack([range(24) for i in range(n)]).reshape(-1)
    past = warm[:, :24].reshape(-1)
    save(table(sample=sample, time=time, temperature=past, humidity=80 - past / 10 + randn(24 * n),
               pressure=1000 + randn(24 * n), wind_speed=abs(randn(24 * n))), f"weather/{name}_x.parquet")
    save(table(sample=sample, time=time, temperature=warm[:, 24:].reshape(-1)), f"weather/{name}_y.parquet")
days("train", 300)
days("validate", 60)
"""


def cut(text):
    """At most two epochs and two trials."""
    text = re.sub(r"epochs: \d+", "epochs: 2", text)
    return re.sub(r"trials: \d+", "trials: 2", text)


def run(folder, *parts):
    (folder / "program.awml").write_text("\n".join(parts))
    done = subprocess.run([PROGRAM, "run", "program.awml"], cwd=folder, capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path):
    for name in ("mnist", "weather", "submission"):
        (tmp_path / name).mkdir()
    return tmp_path


def program(name):
    return cut((PROGRAMS / f"{name}.awml").read_text())


def test_denoiser(folder):
    run(folder, PICTURES)
    run(folder, program("denoiser"))
    assert (folder / "submission/model.keras").exists()
    assert (folder / "submission/score_denoised_x.parquet").exists()


def test_gan(folder):
    run(folder, PICTURES)
    text = program("gan").replace("randn(1000, latent)", "randn(100, latent)")
    assert "fake" in run(folder, text)


def test_weather_and_quantiles(folder):
    run(folder, WEATHER)
    shown = run(folder, program("weather"), program("quantiles"))
    assert "constant" in shown and "upside down" in shown


def test_ensembles(folder):
    assert "stacking" in run(folder, program("ensembles"))
