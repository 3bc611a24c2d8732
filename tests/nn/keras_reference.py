"""Reference values for tests/nn/test_keras.c: what Keras' layers give for weights and inputs made by the
formula of reference.py, and losses by SciPy and scikit-learn. Writes keras_reference.h beside this file.

    KERAS_BACKEND=torch python tests/nn/keras_reference.py
"""
import pathlib
import subprocess

import keras
import numpy as np
from scipy.stats import nbinom, norm
from sklearn.metrics import mean_pinball_loss

HERE = pathlib.Path(__file__).parent
L = keras.layers
lines = ["/* Made by keras_reference.py. */", "#pragma once"]


def values(shape, salt, scale=1.0):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return (np.sin(0.7 * i + 1.3 * salt + 0.001 * i * i) * scale).reshape(shape)


def emit(name, x):
    numbers = ", ".join(f"{v:.9g}" for v in np.asarray(x, dtype=np.float64).ravel())
    lines.append(f"static const double {name}[] = {{{numbers}}};")


def layer(name, made, shape):
    x = values((2, *shape), 1).astype(np.float32)
    made(x)
    made.set_weights([values(w.shape, 2 + k, 0.4) for k, w in enumerate(made.get_weights())])
    emit(name, keras.ops.convert_to_numpy(made(x)))


SERIES, PICTURE = (9, 3), (5, 4, 2)
layer("separable_conv1d", L.SeparableConv1D(5, 3), SERIES)
layer("avg_pool1d", L.AveragePooling1D(3, 2), SERIES)
layer("global_avg_pool1d", L.GlobalAveragePooling1D(), SERIES)
layer("global_max_pool1d", L.GlobalMaxPooling1D(), SERIES)
layer("up_sampling1d", L.UpSampling1D(3), SERIES)
layer("zero_padding2d", L.ZeroPadding2D((1, 2)), PICTURE)
layer("cropping2d", L.Cropping2D((2, 1)), PICTURE)
layer("up_sampling2d_bilinear", L.UpSampling2D((2, 3), interpolation="bilinear"), PICTURE)
layer("resizing", L.Resizing(7, 6), PICTURE)
layer("resizing_nearest", L.Resizing(3, 9, interpolation="nearest"), PICTURE)
layer("both_ways_gru", L.Bidirectional(L.GRU(4, return_sequences=True)), SERIES)
layer("both_ways_lstm", L.Bidirectional(L.LSTM(3), merge_mode="sum"), SERIES)
layer("each_step", L.TimeDistributed(L.Conv2D(3, 2, activation="tanh")), (3, 4, 3, 2))
layer("repeat_vector", L.RepeatVector(3), (6,))
layer("prelu", L.PReLU(), (6,))
layer("group_norm", L.GroupNormalization(2, epsilon=1e-3), (5, 4, 6))
layer("layer_norm", L.LayerNormalization(epsilon=1e-3), SERIES)

words = np.array([[0, 3, 6], [1, 1, 5]])
embedding = L.Embedding(7, 4)
embedding(words)
embedding.set_weights([values((7, 4), 2, 0.4)])
emit("embedding", keras.ops.convert_to_numpy(embedding(words)))

angle = np.arange(9)[:, None] / 10000 ** (2 * np.arange(2) / 4)
waves = np.stack([np.sin(angle), np.cos(angle)], -1).reshape(9, 4)
emit("positional_encoding", values((2, 9, 4), 1) + waves)

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

(HERE / "keras_reference.h").write_text("\n".join(lines) + "\n")
subprocess.run(["clang-format", "-i", HERE / "keras_reference.h"], check=True)
