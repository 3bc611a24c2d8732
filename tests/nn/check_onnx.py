"""Saves a model for every layer as .onnx, runs each in onnxruntime and compares the outputs with predict.

    python tests/nn/check_onnx.py build/kernel/awml-c      (needs onnxruntime; onnx if it is there)

Every row of runtime/nn/layers.list has to occur in MODELS or in TRAINING_ONLY.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

try:
    import onnx
except ImportError:  # its checker is a second opinion
    onnx = None

LIST = pathlib.Path(__file__).resolve().parents[2] / "runtime" / "nn" / "layers.list"
IMAGE, SEQUENCE, FLAT = "[height=12, width=10, channel=4]", "[time=7, feature=6]", "[8]"

# shape of an example, body after the input x
MODELS = [
    (FLAT, "x.Dense(16, relu).Dropout(0.3).Dense(5, softmax)"),
    (FLAT, "x.Dense(16, bias=False).BatchNorm().ReLU().Dense(3, sigmoid)"),
    (FLAT, "x.Dense(16, gelu).LayerNorm().Dense(3, softplus)"),
    (FLAT, "x.Dense(16, elu).GroupNorm(4).Dense(3, silu)"),
    (FLAT, "x.Dense(16, leaky_relu).PReLU(0.2).ELU(0.7).LeakyReLU(0.3).Dense(3, silu)"),
    (FLAT, "x.Dense(16, exp).Rescaling(0.1, offset=0.5).Softmax()"),
    (FLAT, "x.Dense(16, tanh).GaussianNoise(0.3).AlphaDropout(0.2).RepeatVector(3)"),
    (FLAT, "x.Reshape(2, 4).Softmax(axis=1).Flatten()"),
    (SEQUENCE, "x.Dense(5, relu).Flatten().Dense(2)"),
    (SEQUENCE, "x.BatchNorm().Conv1D(8, 3, relu).MaxPool1D(2).Flatten()"),
    (SEQUENCE, "x.Conv1D(8, 3, padding=\"causal\", dilation=2).AvgPool1D(2).GlobalAvgPool1D()"),
    (SEQUENCE, "x.Conv1D(6, 2, strides=2, groups=2).GlobalMaxPool1D()"),
    (SEQUENCE, "x.Conv1DTranspose(4, 4, strides=2, padding=\"same\").UpSampling1D(2)"),
    (SEQUENCE, "x.SeparableConv1D(5, 3, relu).SpatialDropout1D(0.2)"),
    (SEQUENCE, "x.SimpleRNN(5, return_sequences=True).SimpleRNN(4, activation=relu)"),
    (SEQUENCE, "x.GRU(5, return_sequences=True).GRU(4)"),
    (SEQUENCE, "x.LSTM(5, return_sequences=True).LSTM(4, go_backwards=True)"),
    (SEQUENCE, "x.GRU(5, go_backwards=True, return_sequences=True, activation=relu)"),
    (SEQUENCE, "x.Bidirectional(LSTM(5, return_sequences=True)).Bidirectional(GRU(3), merge=\"sum\")"),
    (SEQUENCE, "x.PositionalEncoding().LayerNorm()"),
    (SEQUENCE, "x.TimeDistributed(Dense(4, relu)).Reshape(time=7, height=2, width=2, channel=1).TimeDistributed(Conv2D(3, 2x1)).Flatten()"),
    (SEQUENCE, "x.GroupNorm(3)"),
    (SEQUENCE, "Attention()(query=x, key=x, value=x)"),
    (SEQUENCE, "Attention(scaled=False, causal=True)(query=x, key=x)"),
    (SEQUENCE, "MultiHeadAttention(2)(query=x, key=x, value=x)"),
    (SEQUENCE, "MultiHeadAttention(3, key_size=4, causal=True)(query=x, key=x, value=x).Dense(2)"),
    (IMAGE, "x.Conv2D(8, 3x3, relu).BatchNorm().MaxPool2D(2x2).Flatten().Dense(3)"),
    (IMAGE, "x.Conv2D(8, 3x2, padding=\"same\", strides=2).BatchNorm().ReLU().GlobalAvgPool2D().Dense(2)"),
    (IMAGE, "x.Conv2D(8, 3x3, bias=False, groups=2, dilation=2).AvgPool2D(2x2, padding=\"same\")"),
    (IMAGE, "x.DepthwiseConv2D(3x3, padding=\"same\", multiplier=2, activation=relu).GlobalMaxPool2D()"),
    (IMAGE, "x.SeparableConv2D(6, 3x3, relu).GroupNorm(2).LayerNorm()"),
    (IMAGE, "x.Conv2DTranspose(3, 4x4, strides=2, padding=\"same\").Conv2DTranspose(2, 3x3, activation=relu)"),
    (IMAGE, "x.Conv2DTranspose(3, 2x2, strides=3)"),
    (IMAGE, "x.ZeroPadding2D([1, 2, 3, 0]).Cropping2D(1).MaxPool2D(3x3, strides=2, padding=\"same\")"),
    (IMAGE, "x.UpSampling2D(2x3).Conv2D(2, 1x1)"),
    (IMAGE, "x.UpSampling2D(2x2, interpolation=\"bilinear\").Resizing(9x11).Resizing(5x7, interpolation=\"nearest\")"),
    (IMAGE, "x.RandomFlip().RandomRotation(5%).RandomZoom(5%).RandomTranslation(5%, 5%)"
            ".RandomContrast(0.1).RandomBrightness(0.1).SpatialDropout2D(0.2).RandomCrop(8x8).Conv2D(2, 3x3)"),
    (IMAGE, "x.GlobalAvgPool2D(keepdims=True).Conv2D(4, 1x1, sigmoid)"),
    (IMAGE, "x.Conv2D(4, 3x3, silu, padding=\"same\") + x.PReLU() * x.GlobalAvgPool2D(keepdims=True)"),
    (IMAGE, "concat([x.Conv2D(3, 3x3, padding=\"same\"), x.MaxPool2D(3x3, strides=1, padding=\"same\")], axis=3).Conv2D(2, 3x3)"),
    ("[time=6]", "x.Embedding(11, 4).GRU(3).Dense(2)"),
    (FLAT, "x ** 2 - exp(x).mean(axis=1)[:, None] / sqrt(abs(x) + 1)"),
    (FLAT, "concat([x[:, 2:5], x[:, ::-1]], axis=1).Dense(3)"),
    (SEQUENCE, "clip(x, 0.2, 0.7).max(axis=2) * x[:, :, 0]"),
]
TRAINING_ONLY = set()

MANY = '''
model Block(filters):
    input x: [height, width, channel]
    h = x.Conv2D(filters, 3x3, padding="same", bias=False).BatchNorm().ReLU()
    output y = (x + h.Conv2D(filters, 3x3, padding="same").BatchNorm()).ReLU()
model Many():
    input image: [height=12, width=10, channel=4]
    input more: [5]
    h = Block(4)(image)
    h = Block(4)(h).MaxPool2D(2x2)
    f = concat([h.Flatten(), more], axis=1)
    output label = f.Dense(3, softmax)
    output place = f.Dense(2)
    output map = h
m = Many()
images = randn(9, 12, 10, 4, seed=5)
more = randn(9, 5, seed=6)
train m on {image: images, more: more} -> {label: randint(0, 3, 9), place: randn(9, 2, seed=2), map: randn(9, 6, 5, 4, seed=3)}:
    loss: {label: crossentropy, place: mse, map: mse}
    epochs: 2
p = m.predict({image: images, more: more})
save(m, "many.onnx")
save(images, "many_image.npy")
save(more, "many_more.npy")
save(p.label, "many_label.npy")
save(p.place, "many_place.npy")
save(p.map, "many_map.npy")
'''


def one_model(i, shape, body, ending):
    """A program that saves a model, an input and what the model makes of it."""
    sizes = ", ".join(re.findall(r"\d+", shape))
    data = f"randint(0, 11, 5, {sizes}, seed={i})" if "Embedding" in body else f"rand(5, {sizes}, seed={i})"
    text = f"model M{i}():\n    input x: {shape}\n    output y = {body}\nm{i} = M{i}()\nx{i} = {data}\n"
    if "BatchNorm" in body or "PReLU" in body:
        text += f"train m{i} on x{i} -> m{i}.predict(x{i}) * 2 + 1:\n    loss: mse\n    epochs: 3\n"
    return text + (f"save(m{i}, \"m{i}.{ending}\")\nsave(x{i} * 1.0, \"x{i}.npy\")\n"
                   f"save(m{i}.predict(x{i}), \"y{i}.npy\")\n")


def program():
    return "".join(one_model(i, *model, "onnx") for i, model in enumerate(MODELS))


def difference(file, inputs, outputs):
    if onnx:
        onnx.checker.check_model(file, full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    found = session.run(list(outputs), {k: np.load(v).astype(np.float32) for k, v in inputs.items()})
    worst = 0.0
    for mine, name in zip(found, outputs.values()):
        want = np.load(name)
        if mine.shape != want.shape:
            return float("inf")
        worst = max(worst, float(np.abs(mine - want).max() / max(1, np.abs(want).max())))
    return worst


def main(argv):
    kernel = os.path.abspath(argv[1])
    os.chdir(argv[2] if len(argv) > 2 else tempfile.mkdtemp())
    with open("cell.awml", "w", encoding="utf-8") as f:
        f.write(program() + MANY)
    subprocess.run([kernel, "run", "cell.awml"], check=True, stdout=subprocess.DEVNULL)
    bad = 0
    for i, (_, body) in enumerate(MODELS):
        found = difference(f"m{i}.onnx", {"x": f"x{i}.npy"}, {"y": f"y{i}.npy"})
        bad += not found < 1e-5
        print(f"{found:8.2g}  {body}" if found < 1e-5 else f"{found:8.2g}  {body}   <-- differs")
    found = difference("many.onnx", {"image": "many_image.npy", "more": "many_more.npy"},
                       {n: f"many_{n}.npy" for n in ("label", "place", "map")})
    bad += not found < 1e-5
    print(f"{found:8.2g}  several inputs and outputs, models inside")
    rows = set(re.findall(r'^LAYER\(\w+, "(\w+)"', LIST.read_text(encoding="utf-8"), re.M))
    missing = sorted(r for r in rows - TRAINING_ONLY
                     if not any(re.search(rf"\b{r}\(", body) for _, body in MODELS))
    if missing:
        print("no model with", ", ".join(missing))
    print(f"{len(MODELS) + 1 - bad} of {len(MODELS) + 1} agree")
    return bool(bad or missing)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
