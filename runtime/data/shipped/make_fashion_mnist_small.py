"""Cut fashion_mnist_small from Fashion-MNIST: 500 training and 100 test images of each class.

    python3 make_fashion_mnist_small.py [FOLDER WITH THE FOUR FILES]

Needs nothing but Python. Same seed, same files: the gzip headers carry no time.
"""
import gzip
import pathlib
import random
import struct
import sys

SOURCE = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/datasets/fashion-mnist")
TARGET = pathlib.Path(__file__).parent / "fashion-mnist-small"
IMAGE = 28 * 28


def cut(kind, per_class, seed):
    images = gzip.open(SOURCE / f"{kind}-images-idx3-ubyte.gz").read()[16:]
    labels = gzip.open(SOURCE / f"{kind}-labels-idx1-ubyte.gz").read()[8:]
    assert len(images) == IMAGE * len(labels)
    order = list(range(len(labels)))
    draw = random.Random(seed)
    draw.shuffle(order)
    kept, seen = [], [0] * 10
    for i in order:
        if seen[labels[i]] < per_class:
            seen[labels[i]] += 1
            kept.append(i)
    pixels = b"".join(images[IMAGE * i : IMAGE * (i + 1)] for i in kept)
    write(f"{kind}-images-idx3-ubyte.gz", struct.pack(">4I", 0x803, len(kept), 28, 28) + pixels)
    classes = bytes(labels[i] for i in kept)
    write(f"{kind}-labels-idx1-ubyte.gz", struct.pack(">2I", 0x801, len(kept)) + classes)


def write(name, content):
    TARGET.mkdir(exist_ok=True)
    (TARGET / name).write_bytes(gzip.compress(content, 9, mtime=0))


cut("train", 500, seed=1)
cut("t10k", 100, seed=2)
