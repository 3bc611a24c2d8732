"""Loads what awml-c saves as .keras, .weights.h5 and .json into Keras 3 and compares the outputs, and
loads what Keras saves into awml-c.

    KERAS_BACKEND=torch python tests/nn/check_keras.py build/kernel/awml-c      (needs keras, h5py)
"""
import os
import subprocess
import sys
import tempfile

import keras
import numpy as np

SAVE = '''
model Auto(hidden=16):
    input noisy: [height=8, width=8]
    h = noisy.Flatten().Dense(hidden, gelu).BatchNorm().Dropout(0.2)
    output clean = h.Dense(64, sigmoid).Reshape(height=8, width=8)
x = rand(40, 8, 8, seed=1)
auto = Auto()
train auto on x -> x:
    epochs: 2
save(auto, "auto.keras")
save(auto, "auto.weights.h5")
save(auto, "auto.json")
save(x, "auto_x.npy")
save(auto.predict(x), "auto_y.npy")
model CNN():
    input image: [height=8, width=8, channel=3]
    a = image.Conv2D(4, 3x3, relu, padding="same")
    b = a.Conv2D(4, 3x3, padding="same")
    c = (a + b).BatchNorm().ReLU().MaxPool2D(2x2)
    output label = c.DepthwiseConv2D(3x3, padding="same").GlobalAvgPool2D().Dense(3, softmax)
x = rand(10, 8, 8, 3, seed=2)
cnn = CNN()
save(cnn, "cnn.keras")
save(x, "cnn_x.npy")
save(cnn.predict(x), "cnn_y.npy")
model Weather():
    input x: [time=6, feature=4]
    output y = x.GRU(5, return_sequences=True).LSTM(4).Dense(2)
x = rand(10, 6, 4, seed=3)
weather = Weather()
save(weather, "weather.keras")
save(x, "weather_x.npy")
save(weather.predict(x), "weather_y.npy")
'''
LOAD = '''
model Net():
    input image: [height=8, width=8, channel=3]
    output y = image.Conv2D(4, 3x3, relu, padding="same").BatchNorm().MaxPool2D(2x2).Flatten().Dense(5, gelu).Dropout(0.2).Dense(2, softmax)
save(load("theirs.keras", Net()).predict(read_npy("cnn_x.npy")), "theirs_y.npy")
save(load("theirs.keras").predict(read_npy("cnn_x.npy")), "alone_y.npy")
'''


def run(kernel, text):
    with open("cell.awml", "w", encoding="utf-8") as f:
        f.write(text)
    subprocess.run([kernel, "run", "cell.awml"], check=True)


def difference(model, name, answers):
    found = model.predict(np.load(f"{name}_x.npy").astype("float32"), verbose=0)
    return float(np.abs(found - np.load(answers)).max())


def main():
    kernel = os.path.abspath(sys.argv[1])
    layers = keras.layers
    os.chdir(tempfile.mkdtemp())
    run(kernel, SAVE)
    worst = {n: difference(keras.saving.load_model(f"{n}.keras"), n, f"{n}_y.npy")
             for n in ("auto", "cnn", "weather")}
    with open("auto.json", encoding="utf-8") as f:
        apart = keras.models.model_from_json(f.read())
    apart.load_weights("auto.weights.h5")
    worst["auto, layers and weights apart"] = difference(apart, "auto", "auto_y.npy")
    theirs = keras.Sequential([
        layers.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="relu", padding="same"),
        layers.BatchNormalization(), layers.MaxPooling2D(2), layers.Flatten(),
        layers.Dense(5, activation="gelu"), layers.Dropout(0.2), layers.Dense(2, activation="softmax")])
    theirs.save("theirs.keras")
    run(kernel, LOAD)
    worst["Keras' own"] = difference(theirs, "cnn", "theirs_y.npy")
    worst["Keras' own, read by itself"] = difference(theirs, "cnn", "alone_y.npy")
    for name, x in worst.items():
        print(f"{name}: {x:.2g}")
    return any(x > 1e-5 for x in worst.values())


if __name__ == "__main__":
    sys.exit(main())
