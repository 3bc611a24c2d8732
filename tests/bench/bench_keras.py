#!/usr/bin/env python3
"""Training steps beside Keras on TensorFlow, compiled as Keras does it (train_on_batch): the networks of
bench_train.py, bench_conv.py and bench_sequence.py, the same layers, Adam on all weights. The two take
turns in short bursts, and the shortest step of each counts; TensorFlow uses all cores.

    tests/bench/bench_keras.py [--build DIR] [--seconds S] [--only NAME]

Run it with a Python that has keras, tensorflow and torch (bench_train.py makes its data with torch).
The rivals' numbers are compared with ours in tests/nn (reference.py); here only their speed.
"""
import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import bench_conv
import bench_train
import numpy as np

HERE = Path(__file__).resolve().parent
CROSS, SQUARES = "sparse_categorical_crossentropy", "mse"


def networks():
    """name -> (layers, shape of an example, shape of a target; () is a class, loss)"""
    from keras import layers as L

    def transformer(x):
        y = L.LayerNormalization()(x + L.MultiHeadAttention(4, 16)(x, x))
        return L.LayerNormalization()(y + L.Dense(64)(L.Dense(256, "gelu")(y)))

    conv = {"lenet": [L.Conv2D(6, 5, padding="same", activation="tanh"), L.AveragePooling2D(2),
                      L.Conv2D(16, 5, activation="tanh"), L.AveragePooling2D(2), L.Flatten(),
                      L.Dense(120, "tanh"), L.Dense(84, "tanh"), L.Dense(10, "softmax")],
            "cnn": [L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(2), L.Conv2D(64, 3, activation="relu"),
                    L.MaxPooling2D(2), L.Flatten(), L.Dense(10, "softmax")]}
    return {"mlp": ([L.Dense(128, "relu"), L.Dense(10, "softmax")], (784,), (), CROSS),
            "ae": ([L.Dense(50, "gelu"), L.Dense(784, "sigmoid")], (784,), (784,), SQUARES),
            **{name: (rows, (28, 28, 1), (), CROSS) for name, rows in conv.items()},
            "gru": ([L.GRU(32, return_sequences=True), L.GRU(16), L.Dense(24)], (24, 4), (24,), SQUARES),
            "lstm": ([L.LSTM(128), L.Dense(1)], (24, 32), (1,), SQUARES),
            "transformer": ([transformer], (64, 64), (64, 64), SQUARES)}


class Keras:
    def __init__(self, name, batch):
        import keras
        rows, shape, target, loss = networks()[name]
        x = inputs = keras.Input(shape)
        for layer in rows:
            x = layer(x)
        self.model = keras.Model(inputs, x)
        self.model.compile(keras.optimizers.Adam(1e-3), loss)
        draw = np.random.default_rng(1)
        self.x = draw.standard_normal((batch, *shape)).astype("float32")
        self.y = draw.random((batch, *target)).astype("float32") if target else draw.integers(0, 10, batch)

    def steps(self, n):
        best = 1e9
        for _ in range(n):
            start = time.perf_counter()
            self.model.train_on_batch(self.x, self.y)
            best = min(best, time.perf_counter() - start)
        return best * 1e6


def compare(ours, name, batch, seconds):
    ours.ask(f"open {name} {batch}")
    keras, best = Keras(name, batch), [1e9, 1e9]
    keras.steps(5)
    burst, end = max(2, int(2e5 / keras.steps(3))), time.time() + seconds
    while time.time() < end:
        best[0] = min(best[0], float(ours.ask(f"steps {3 * burst}")[0]))
        best[1] = min(best[1], keras.steps(burst))
    print(f"{name:11} {batch:5}  ours: {best[0] / 1e3:.3f}  Keras: {best[1] / 1e3:.3f}  "
          f"ratio {best[1] / best[0]:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default=HERE.parent.parent / "build", type=Path)
    parser.add_argument("--seconds", default=6, type=float, help="for each network")
    parser.add_argument("--only", default="", help="one network: mlp, ae, lenet, cnn, gru, lstm, transformer")
    args = parser.parse_args()
    programs = {p: args.build / "tests/bench" / p for p in ("bench_train", "bench_conv", "bench_sequence")}
    subprocess.run(["ninja", "-C", args.build, *(f"tests/bench/{p}" for p in programs)], check=True,
                   stdout=subprocess.DEVNULL)
    import keras
    import torch
    print(f"Keras {keras.__version__} on TensorFlow; one step in ms, the shortest of many", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in bench_train.FLOPS:
            bench_train.make_data(torch, name, folder)
        dense = bench_train.Ours(programs["bench_train"], folder)
        others = {p: bench_conv.Ours(programs[p]) for p in ("bench_conv", "bench_sequence")}
        jobs = [(dense, name, batch) for name in bench_train.FLOPS for batch in bench_train.BATCHES]
        jobs += [(others["bench_conv"], name, 128) for name in ("lenet", "cnn")]
        jobs += [(others["bench_sequence"], name, batch)
                 for name, batch in (("gru", 100), ("lstm", 100), ("transformer", 32))]
        for ours, name, batch in jobs:
            if args.only in name:
                compare(ours, name, batch, args.seconds)


if __name__ == "__main__":
    main()
