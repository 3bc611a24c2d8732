"""Reference values for tests/nn/test_measures.c: losses by SciPy, scikit-learn and Keras. Writes
measure_reference.h beside this file.

    KERAS_BACKEND=torch python tests/nn/measure_reference.py
"""
import pathlib
import subprocess

import keras
import numpy as np
from scipy.stats import nbinom, norm
from sklearn.metrics import mean_pinball_loss

HERE = pathlib.Path(__file__).parent
lines = ["/* Made by measure_reference.py. */", "#pragma once"]


def values(shape, salt, scale=1.0):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return (np.sin(0.7 * i + 1.3 * salt + 0.001 * i * i) * scale).reshape(shape)


def emit(name, x):
    numbers = ", ".join(f"{v:.9g}" for v in np.asarray(x, dtype=np.float64).ravel())
    lines.append(f"static const double {name}[] = {{{numbers}}};")


# losses of an output that describes a distribution: two numbers for each of the target
y, out = values((6,), 5, 3), values((6, 2), 6, 2)
spread = np.log1p(np.exp(out)) + 1e-3
emit("loss_gaussian", -norm.logpdf(y, out[:, 0], spread[:, 1]).mean())
counts = np.array([0, 1, 2, 5, 9, 30])
k = 1 / spread[:, 1]
emit("loss_negative_binomial", -nbinom.logpmf(counts, k, k / (k + spread[:, 0])).mean())
emit("loss_quantile", mean_pinball_loss(y, values((6,), 7, 3), alpha=0.9))
emit("loss_quantiles", np.mean([mean_pinball_loss(y, values((6, 2), 6, 2)[:, i], alpha=q)
                                for i, q in enumerate((0.1, 0.6))]))
emit("loss_log_cosh", keras.losses.LogCosh()(y[None], values((1, 6), 7, 3)))

# the batch-hard triplet loss, pair by pair
kinds, places = np.array([0, 1, 0, 2, 1, 0]), values((6, 3), 8)
apart = np.linalg.norm(places[:, None] - places[None], axis=-1)
same = kinds[:, None] == kinds[None]
emit("loss_triplet", np.mean(np.maximum(np.where(same, apart, 0).max(1)
                                        - np.where(same, np.inf, apart).min(1) + 0.7, 0)))

(HERE / "measure_reference.h").write_text("\n".join(lines) + "\n")
subprocess.run(["clang-format", "-i", HERE / "measure_reference.h"], check=True)
