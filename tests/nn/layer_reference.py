"""Reference values for tests/nn/test_keras.c, by Keras. Writes layer_reference.h beside this file:

    KERAS_BACKEND=torch python tests/nn/layer_reference.py

For each layer what it gives for an example (out_NAME), and ten training losses of a small network around it
(ten_NAME): Dense, the layer, Flatten, Dense(1), so that its result, its own slopes and those that it hands on all
show in the losses. Weight k is values(.., 2 + k, 0.4) and the data are formulas too; whole-batch SGD.
"""
import pathlib
import subprocess

import keras
import numpy as np

HERE = pathlib.Path(__file__).parent
L = keras.layers
lines = [f"/* Outputs and ten losses each, by Keras {keras.__version__}; written by layer_reference.py. */", "#pragma once"]


def values(shape, salt, scale=1.0):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return (np.sin(0.7 * i + 1.3 * salt + 0.001 * i * i) * scale).reshape(shape)


def emit(name, x):
    numbers = ", ".join(f"{v:.7g}" for v in np.asarray(x, dtype=np.float64).ravel())
    lines.append(f"static const double {name}[] = {{{numbers}}};")


def network(x, y):
    net = keras.Model(x, y)
    for k, w in enumerate(v for v in net.weights if "moving" not in v.path and "seed" not in v.path):
        w.assign(values(w.shape, 2 + k, 0.4).astype("float32"))
    return net


def data(n, shape):
    """Numbers, or for one that is None whole numbers from 0 to 6."""
    if shape == WORDS:
        i = np.arange(n * shape[0])
        return ((i * i + 3 * i) % 7).reshape(n, *shape)
    return values((n, *shape), 1).astype("float32")


def output(name, make, shape):
    x = L.Input(shape)
    emit(f"out_{name}", network(x, make()(x)).predict(data(1, shape), verbose=0))


def losses(name, make, shape):
    x = L.Input(shape)
    h = x if shape == WORDS else L.Dense(shape[-1])(x)
    net = network(x, L.Dense(1)(L.Flatten()(make()(h))))
    net.compile(keras.optimizers.SGD(0.01), "mse")
    h = net.fit(data(4, shape), values((4, 1), 9).astype("float32"), batch_size=4, epochs=10, shuffle=False, verbose=0)
    emit(f"ten_{name}", h.history["loss"])


def layer(name, make, shape):
    output(name, make, shape)
    losses(name, make, shape)


class Positions(L.Layer):
    """Vaswani et al., 2017: a sine and a cosine for each pair of features."""

    def call(self, x):
        steps, wide = x.shape[1:]
        angle = np.arange(steps)[:, None] / 10000 ** (2 * np.arange(wide // 2) / wide)
        return x + keras.ops.array(np.stack([np.sin(angle), np.cos(angle)], -1).reshape(steps, wide).astype("float32"))


def on_itself(attention, scale=1.0, **how):
    """Keras' attention takes its inputs in a list, that with heads one after the other."""
    if isinstance(attention, L.MultiHeadAttention):
        return lambda x: attention(x, x, **how)
    return lambda x: attention([x * scale, x], **how)


ROW, SERIES, PICTURE, FILM, WIDE, EVEN, WORDS = (6,), (7, 3), (5, 4, 2), (3, 4, 3, 2), (5, 4, 6), (7, 4), (5,)
layer("dense", lambda: L.Dense(4, activation="gelu"), ROW)
layer("flatten", lambda: L.Flatten(), PICTURE)
layer("conv1d", lambda: L.Conv1D(4, 3, strides=2, padding="same", activation="tanh"), SERIES)
layer("conv1d_causal", lambda: L.Conv1D(4, 2, padding="causal", dilation_rate=2), SERIES)
layer("conv2d", lambda: L.Conv2D(4, 3, padding="same", activation="elu"), PICTURE)
layer("conv2d_groups", lambda: L.Conv2D(4, (2, 3), groups=2), PICTURE)
layer("conv1d_transpose", lambda: L.Conv1DTranspose(4, 3, strides=2, padding="same"), SERIES)
layer("conv2d_transpose", lambda: L.Conv2DTranspose(3, 3, strides=2, padding="same"), PICTURE)
layer("depthwise_conv2d", lambda: L.DepthwiseConv2D(3, padding="same", depth_multiplier=2), PICTURE)
layer("separable_conv1d", lambda: L.SeparableConv1D(4, 3), SERIES)
layer("separable_conv2d", lambda: L.SeparableConv2D(4, 3, padding="same"), PICTURE)
layer("max_pool1d", lambda: L.MaxPooling1D(3, 2), SERIES)
layer("max_pool2d", lambda: L.MaxPooling2D(2, padding="same"), PICTURE)
layer("avg_pool1d", lambda: L.AveragePooling1D(3, 2), SERIES)
layer("avg_pool2d", lambda: L.AveragePooling2D(2, padding="same"), PICTURE)
layer("global_avg_pool1d", lambda: L.GlobalAveragePooling1D(), SERIES)
layer("global_avg_pool2d", lambda: L.GlobalAveragePooling2D(), PICTURE)
layer("global_max_pool1d", lambda: L.GlobalMaxPooling1D(), SERIES)
layer("global_max_pool2d", lambda: L.GlobalMaxPooling2D(keepdims=True), PICTURE)
layer("zero_padding2d", lambda: L.ZeroPadding2D((1, 2)), PICTURE)
layer("cropping2d", lambda: L.Cropping2D((2, 1)), PICTURE)
layer("up_sampling1d", lambda: L.UpSampling1D(2), SERIES)
layer("up_sampling2d", lambda: L.UpSampling2D(2), PICTURE)
layer("up_sampling2d_bilinear", lambda: L.UpSampling2D((2, 3), interpolation="bilinear"), PICTURE)
layer("resizing", lambda: L.Resizing(7, 6), PICTURE)
layer("resizing_nearest", lambda: L.Resizing(3, 9, interpolation="nearest"), PICTURE)
layer("batch_norm", lambda: L.BatchNormalization(), ROW)
layer("batch_norm2d", lambda: L.BatchNormalization(momentum=0.8, epsilon=1e-2), PICTURE)
layer("layer_norm", lambda: L.LayerNormalization(), SERIES)
layer("group_norm", lambda: L.GroupNormalization(3), ROW)
layer("group_norm2d", lambda: L.GroupNormalization(2), WIDE)
layer("rescaling", lambda: L.Rescaling(0.5, 0.1), ROW)
layer("relu", lambda: L.ReLU(), ROW)
layer("leaky_relu", lambda: L.LeakyReLU(negative_slope=0.2), ROW)
layer("elu", lambda: L.ELU(0.7), ROW)
layer("prelu", lambda: L.PReLU(), ROW)
layer("softmax", lambda: L.Softmax(), ROW)
layer("simple_rnn", lambda: L.SimpleRNN(4, return_sequences=True), SERIES)
layer("gru", lambda: L.GRU(4), SERIES)
layer("gru_back", lambda: L.GRU(3, return_sequences=True, go_backwards=True), SERIES)
layer("lstm", lambda: L.LSTM(4), SERIES)
layer("lstm_all", lambda: L.LSTM(3, return_sequences=True), SERIES)
layer("bidirectional_gru", lambda: L.Bidirectional(L.GRU(3, return_sequences=True)), SERIES)
layer("bidirectional_lstm", lambda: L.Bidirectional(L.LSTM(3), merge_mode="mul"), SERIES)
layer("bidirectional_sum", lambda: L.Bidirectional(L.LSTM(3), merge_mode="sum"), SERIES)
layer("time_distributed", lambda: L.TimeDistributed(L.Conv2D(3, 2, activation="tanh")), FILM)
layer("repeat_vector", lambda: L.RepeatVector(3), ROW)
layer("reshape", lambda: L.Reshape((2, 3)), ROW)
layer("embedding", lambda: L.Embedding(7, 4), WORDS)
layer("positional_encoding", Positions, EVEN)
layer("attention", lambda: on_itself(L.Attention(), 3 ** -0.5), SERIES)
layer("attention_plain", lambda: on_itself(L.Attention(), use_causal_mask=True), SERIES)
layer("heads", lambda: on_itself(L.MultiHeadAttention(2, 2)), EVEN)
layer("heads_causal", lambda: on_itself(L.MultiHeadAttention(3, 5), use_causal_mask=True), EVEN)

# random layers: with nothing to draw in training, and outside of it (test_dropouts.c has what they draw)
for name, random, shape in [
        ("dropout", L.Dropout, ROW), ("spatial_dropout1d", L.SpatialDropout1D, SERIES),
        ("spatial_dropout2d", L.SpatialDropout2D, PICTURE), ("alpha_dropout", L.AlphaDropout, ROW),
        ("gaussian_noise", L.GaussianNoise, ROW), ("random_rotation", L.RandomRotation, PICTURE),
        ("random_zoom", L.RandomZoom, PICTURE), ("random_contrast", lambda x: L.RandomContrast(x, value_range=(-9, 9)), PICTURE),
        ("random_translation", lambda x: L.RandomTranslation(x, x), PICTURE)]:
    output(name, lambda: random(0.3), shape)
    losses(name, lambda: random(0.0), shape)
output("random_flip", L.RandomFlip, PICTURE)
output("random_brightness", lambda: L.RandomBrightness(0.3), PICTURE)
losses("random_brightness", lambda: L.RandomBrightness(0.0), PICTURE)
output("random_crop", lambda: L.CenterCrop(3, 2), PICTURE)  # as RandomCrop's help says; Keras' own resizes first
losses("random_crop", lambda: L.RandomCrop(5, 4), PICTURE)

(HERE / "layer_reference.h").write_text("\n".join(lines) + "\n")
subprocess.run(["clang-format", "-i", HERE / "layer_reference.h"], check=True)
