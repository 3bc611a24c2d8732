"""Saves the models of check_onnx.py as .keras where they can be, loads each in Keras 3 and compares the outputs
with predict; prints those that cannot be saved, which has to be said before anything is written.

    KERAS_BACKEND=torch python tests/nn/check_keras_layers.py build/kernel/awml-c      (needs keras, h5py, onnxruntime)
"""
import os
import subprocess
import sys
import tempfile

import keras
import numpy as np

import check_onnx

MORE = [
    (check_onnx.FLAT, "x.AlphaDropout(0.2).RepeatVector(3).SpatialDropout1D(0.1)"),
    (check_onnx.IMAGE, "x.GroupNorm(2).ZeroPadding2D(2).Cropping2D(1x2).SpatialDropout2D(0.2)"),
]


def check(kernel, i, shape, body):
    text = check_onnx.one_model(i, shape, body, "keras")
    with open("cell.awml", "w", encoding="utf-8") as f:
        f.write(text)
    ran = subprocess.run([kernel, "run", "cell.awml"], capture_output=True, text=True, check=False)
    if ran.returncode:
        refused = " cannot " in ran.stderr or "has no" in ran.stderr
        print(f"{'not saved' if refused else 'FAILED'}  {body}\n    {ran.stderr.strip().splitlines()[-1]}")
        return refused and not os.path.exists(f"m{i}.keras")
    model = keras.saving.load_model(f"m{i}.keras")
    found = model.predict(np.load(f"x{i}.npy").astype("float32"), verbose=0)
    want = np.load(f"y{i}.npy")
    off = float(np.abs(found - want).max() / max(1, np.abs(want).max())) if found.shape == want.shape else np.inf
    print(f"{off:8.2g}  {body}")
    return off < 1e-5


def main():
    kernel = os.path.abspath(sys.argv[1])
    os.chdir(tempfile.mkdtemp())
    good = [check(kernel, i, *model) for i, model in enumerate(check_onnx.MODELS + MORE)]
    print(f"{sum(good)} of {len(good)} as they should be")
    return not all(good)


if __name__ == "__main__":
    sys.exit(main())
