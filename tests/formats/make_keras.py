"""Makes files/keras_*: small models as Keras saves them, each with an input and Keras' first output.

    KERAS_BACKEND=torch python tests/formats/make_keras.py [LARGE_FOLDER]      (needs keras, h5py)
    KERAS=tf_keras python tests/formats/make_keras.py [LARGE_FOLDER]           (Keras 2: needs tf_keras)

The files are kept. With a folder also networks of keras.applications, untrained, to compare by hand. Keras 3
writes NAME.keras and the same model as NAME.h5, Keras 2 writes NAME_2.h5, in the older form of the config.
"""
import importlib
import os
import pathlib
import sys

import numpy as np

keras = importlib.import_module(os.environ.get("KERAS", "keras"))
L = keras.layers
TWO = keras.__name__ != "keras"

FILES = pathlib.Path(__file__).resolve().parent / "files"
rng = np.random.default_rng(0)


def sequential():
    return keras.Sequential([
        L.Input((8, 8, 3)), L.Rescaling(1 / 255), L.Conv2D(4, 3, activation="relu", padding="same"),
        L.BatchNormalization(scale=False), L.ZeroPadding2D(((0, 1), (0, 1))),
        L.DepthwiseConv2D(3, strides=2, activation="relu6"), L.MaxPooling2D(2), L.Flatten(),
        L.Dense(5, activation="hard_sigmoid" if TWO else "hard_silu"), L.LeakyReLU(0.1), L.Dropout(0.2), L.Dense(3, activation="softmax")])


def functional():
    """A layer used twice, sums and products with numbers, two outputs."""
    image = L.Input((8, 8, 3), name="photo")
    a = L.Conv2D(4, 3, padding="same", name="first")(image)
    shared = L.Conv2D(4, 1, name="shared")
    b = shared(a)
    c = shared(b)
    d = L.Multiply()([c, L.GlobalAveragePooling2D(keepdims=True)(c)]) / 2.0
    e = L.ReLU(6.0)(L.Concatenate()([L.Add()([d, a]), L.Average()([a, b])])) + 3.0
    return keras.Model(image, [L.Dense(2, name="kind")(L.GlobalMaxPooling2D()(e)),
                               L.SeparableConv2D(3, 3, name="map")(e)])


def sequence():
    return keras.Sequential([
        L.Input((6, 4)), L.Conv1D(5, 3, padding="causal", activation="gelu"),
        L.Bidirectional(L.GRU(3, return_sequences=True)), L.LSTM(4, return_sequences=True),
        L.LayerNormalization(), L.SimpleRNN(3), L.Dense(2, activation="selu")])


def nested():
    """Three deep, one of them used twice."""
    def block(name):
        return keras.Sequential([L.Input((8, 8, 3)), L.Conv2D(4, 3, activation="relu"), L.BatchNormalization()],
                                name=name)
    base = block("base")
    image = L.Input((8, 8, 3))
    pair = keras.Sequential([L.Input((8, 8, 3)), L.Rescaling(2), block("inner")], name="pair")
    both = L.Concatenate()([pair(image), base(image), base(L.Rescaling(3)(image))])
    return keras.Model(image, L.Dense(2)(L.GlobalAveragePooling2D()(both)))


def attention():
    x = L.Input((6, 4))
    y = L.Conv1D(4, 1)(x)
    h = L.LayerNormalization()(L.MultiHeadAttention(2, 3)(x, key=y, value=x) + x)
    return keras.Model(x, L.GlobalAveragePooling1D()(h))


def shake(model):
    """Other numbers than the first ones, so that nothing agrees by chance."""
    for w in model.weights:
        if "seed" in w.name:
            continue
        v = rng.normal(0, 0.3, w.shape)
        w.assign((abs(v) + 0.5 if "variance" in w.name else v).astype("float32"))


def write(model, folder, name):
    shake(model)
    x = rng.normal(0, 1, (3,) + model.input_shape[1:]).astype("float32")
    y = model.predict(x, verbose=0)
    name += "_2" * TWO
    if not TWO:
        model.save(folder / f"{name}.keras")
    model.save(folder / f"{name}.h5")
    np.save(folder / f"{name}_x.npy", x)
    np.save(folder / f"{name}_y.npy", y[0] if isinstance(y, list) else y)


def main():
    for make in (sequential, functional, sequence, nested, attention):
        write(make(), FILES, f"keras_{make.__name__}")
    if len(sys.argv) > 1:
        for name in ("MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "ResNet50V2", "DenseNet121"):
            make = getattr(keras.applications, name)
            write(make(weights=None, input_shape=(64, 64, 3), classes=7), pathlib.Path(sys.argv[1]), name)


if __name__ == "__main__":
    main()
