"""What awml-c saves as ONNX computes the same in onnxruntime (check_onnx.py, for every layer)."""
import os
import pathlib

import check_onnx

KERNEL = os.environ.get("AWML_KERNEL") or str(
    pathlib.Path(__file__).resolve().parents[2] / "build" / "kernel" / "awml-c")


def test_every_layer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert check_onnx.main(["check_onnx", KERNEL, str(tmp_path)]) == 0
