"""Reference values for tests/nn/test_layer_losses.c: ten training losses of a small network around each layer,
by Keras. Writes train_reference.h beside this file:

    KERAS_BACKEND=torch python tests/nn/train_reference.py

Each network is Dense, the layer, Flatten, Dense(1): so the layer's result, its own slopes and those that it hands
on all show in the losses. Weight k is values(.., 2 + k, 0.4) and the data are formulas too; whole-batch SGD.
"""
import pathlib
import subprocess

import keras
import numpy as np

HERE = pathlib.Path(__file__).parent
L = keras.layers
lines = [f"/* Ten losses each, by Keras {keras.__version__}; written by train_reference.py. */", "#pragma once"]


def values(shape, salt, scale=1.0):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return (np.sin(0.7 * i + 1.3 * salt + 0.001 * i * i) * scale).reshape(shape)


def losses(name, layer, shape):
    net = keras.Sequential([L.Input(shape), L.Dense(shape[-1]), layer, L.Flatten(), L.Dense(1)])
    for k, w in enumerate(v for v in net.weights if "moving" not in v.path and "seed" not in v.path):
        w.assign(values(w.shape, 2 + k, 0.4).astype("float32"))
    net.compile(keras.optimizers.SGD(0.01), "mse")
    h = net.fit(values((4, *shape), 1).astype("float32"), values((4, 1), 9).astype("float32"), batch_size=4,
                epochs=10, shuffle=False, verbose=0)
    lines.append(f"static const double ten_{name}[] = {{" + ", ".join(f"{v:.8g}" for v in h.history["loss"]) + "};")


ROW, SERIES, PICTURE, FILM = (6,), (7, 3), (5, 4, 2), (3, 4, 3, 2)
losses("dense", L.Dense(4, activation="gelu"), ROW)
losses("conv1d", L.Conv1D(4, 3, strides=2, padding="same", activation="tanh"), SERIES)
losses("conv1d_causal", L.Conv1D(4, 2, padding="causal", dilation_rate=2), SERIES)
losses("conv2d", L.Conv2D(4, 3, padding="same", activation="elu"), PICTURE)
losses("conv2d_groups", L.Conv2D(4, (2, 3), groups=2), PICTURE)
losses("conv1d_transpose", L.Conv1DTranspose(4, 3, strides=2, padding="same"), SERIES)
losses("conv2d_transpose", L.Conv2DTranspose(3, 3, strides=2, padding="same"), PICTURE)
losses("depthwise_conv2d", L.DepthwiseConv2D(3, padding="same", depth_multiplier=2), PICTURE)
losses("separable_conv1d", L.SeparableConv1D(4, 3), SERIES)
losses("separable_conv2d", L.SeparableConv2D(4, 3, padding="same"), PICTURE)
losses("max_pool1d", L.MaxPooling1D(3, 2), SERIES)
losses("max_pool2d", L.MaxPooling2D(2, padding="same"), PICTURE)
losses("avg_pool1d", L.AveragePooling1D(3, 2), SERIES)
losses("avg_pool2d", L.AveragePooling2D(2, padding="same"), PICTURE)
losses("global_avg_pool1d", L.GlobalAveragePooling1D(), SERIES)
losses("global_avg_pool2d", L.GlobalAveragePooling2D(), PICTURE)
losses("global_max_pool1d", L.GlobalMaxPooling1D(), SERIES)
losses("global_max_pool2d", L.GlobalMaxPooling2D(), PICTURE)
losses("zero_padding2d", L.ZeroPadding2D((1, 2)), PICTURE)
losses("cropping2d", L.Cropping2D(1), PICTURE)
losses("up_sampling1d", L.UpSampling1D(2), SERIES)
losses("up_sampling2d", L.UpSampling2D(2), PICTURE)
losses("up_sampling2d_bilinear", L.UpSampling2D((2, 3), interpolation="bilinear"), PICTURE)
losses("resizing", L.Resizing(7, 6), PICTURE)
losses("batch_norm", L.BatchNormalization(), ROW)
losses("batch_norm2d", L.BatchNormalization(momentum=0.8, epsilon=1e-2), PICTURE)
losses("layer_norm", L.LayerNormalization(), SERIES)
losses("group_norm", L.GroupNormalization(3), ROW)
losses("rescaling", L.Rescaling(0.5, 0.1), ROW)
losses("relu", L.ReLU(), ROW)
losses("leaky_relu", L.LeakyReLU(negative_slope=0.2), ROW)
losses("elu", L.ELU(0.7), ROW)
losses("prelu", L.PReLU(), ROW)
losses("softmax", L.Softmax(), ROW)
losses("simple_rnn", L.SimpleRNN(4, return_sequences=True), SERIES)
losses("gru", L.GRU(4), SERIES)
losses("gru_back", L.GRU(3, return_sequences=True, go_backwards=True), SERIES)
losses("lstm", L.LSTM(4), SERIES)
losses("lstm_all", L.LSTM(3, return_sequences=True), SERIES)
losses("bidirectional_gru", L.Bidirectional(L.GRU(3, return_sequences=True)), SERIES)
losses("bidirectional_lstm", L.Bidirectional(L.LSTM(3), merge_mode="mul"), SERIES)
losses("time_distributed", L.TimeDistributed(L.Conv2D(3, 2, activation="tanh")), FILM)
losses("repeat_vector", L.RepeatVector(3), ROW)
losses("reshape", L.Reshape((2, 3)), ROW)

(HERE / "train_reference.h").write_text("\n".join(lines) + "\n")
subprocess.run(["clang-format", "-i", HERE / "train_reference.h"], check=True)
