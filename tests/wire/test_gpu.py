"""The GPU as the whole program sees it, with the tests' own driver (tests/cuda): what doctor says, where
a training says it runs, and that a failing card ends a cell, not the session."""
import os
import subprocess

import pytest
from rawkernel import ROOT, Kernel, text

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))
DRIVER = ROOT / "build/tests/cuda"
pytestmark = pytest.mark.skipif(not (DRIVER / "libcuda.so.1").exists(),
                                reason="built without nvcc: no GPU part")

TRAIN = """%device gpu
model Net():
    input x: [2]
    output y = x.Dense(4, tanh).Dense(1)
net = Net()
train net on randn(40, 2) -> randn(40, 1):
    epochs: 2
print("after")
"""


def call(*args, words="", **more):
    env = {**os.environ, "LD_LIBRARY_PATH": str(DRIVER), "AWML_FAKE_CUDA": words}
    env["AWML_BACKENDS"] = str(ROOT / "build/runtime/cuda")
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=120,
                          env=env, **more)


def gpu_lines(words):
    done = call("doctor", words=words)
    return [line for line in done.stdout.splitlines() if line[6:].startswith("GPU")]


def test_doctor_names_the_card_the_driver_and_the_toolkit():
    card, part = gpu_lines("")
    assert card.startswith("OK") and "Fake T4" in card and "driver for CUDA 13.0" in card
    assert part.startswith("OK") and "kernels built with CUDA" in part


@pytest.mark.parametrize("words,verdict,says", [
    ("no_device", "NOTE", "no GPU answers"), ("driver=10020", "BAD", "The GPU's driver is for CUDA 10.2"),
    ("capability=61", "BAD", "compute capability 6.1")])
def test_doctor_says_why_a_card_is_not_used(words, verdict, says):
    card, part = gpu_lines(words)
    assert card.startswith(verdict) and says in card
    assert part.startswith("NOTE") and "kernels built with CUDA" in part


def kernel(words=""):
    return Kernel([PROGRAM, "-f"], env={"LD_LIBRARY_PATH": str(DRIVER), "AWML_FAKE_CUDA": words,
                                        "AWML_BACKENDS": str(ROOT / "build/runtime/cuda")})


def test_a_training_says_where_it_runs():
    with kernel() as k:
        reply, outputs = k.run(TRAIN)
        assert reply.content["status"] == "ok", reply.content
        pages = [m.content["data"]["text/html"] for m in outputs if m.type.endswith("display_data")]
        assert any("GPU Fake T4, driver for CUDA 13.0" in page for page in pages)
        _, outputs = k.run(TRAIN.replace("%device gpu", "%device cpu"))
        pages = [m.content["data"]["text/html"] for m in outputs if m.type.endswith("display_data")]
        assert any("CPU, " in page and "there is a GPU, too: %device gpu" in page for page in pages)


def test_a_gpu_is_used_without_being_asked_for():
    with kernel() as k:
        _, outputs = k.run(TRAIN.replace("%device gpu\n", ""))
        pages = [m.content["data"]["text/html"] for m in outputs if m.type.endswith("display_data")]
        assert any("GPU Fake T4" in page for page in pages)


def test_a_gpu_that_cannot_be_used_is_an_error(tmp_path):
    path = tmp_path / "train.awml"
    path.write_text(TRAIN)
    done = call("run", path, words="driver=10020")
    assert done.returncode != 0 and "after" not in done.stdout
    assert "There is no GPU to compute on" in done.stdout + done.stderr
    assert "10.2" in done.stdout + done.stderr


@pytest.mark.parametrize("words,says", [
    ("memory=2000", "of the GPU's memory"), ("launch=9", "illegal memory access")])
def test_a_failing_card_ends_the_cell_and_not_the_session(words, says):
    with kernel(words) as k:
        reply, _ = k.run(TRAIN)
        assert reply.content["status"] == "error"
        assert reply.content["ename"] in ("DeviceError", "MemoryError")
        assert says in reply.content["evalue"]
        reply, outputs = k.run(TRAIN.replace("%device gpu", "%device cpu"))
        assert reply.content["status"] == "ok" and "after" in text(outputs)
