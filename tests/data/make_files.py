"""Write files/: small files of other people's libraries, read back by the tests next to this.

    python3 make_files.py        (needs numpy, pandas and safetensors; the files are kept)

Element i of a .npy array of `kind` is value(kind, i); test_npy.c knows the same formulas.
"""
import gzip
import pathlib
import struct

import numpy as np
import pandas as pd
import safetensors.numpy

OUT = pathlib.Path(__file__).parent / "files"
SHAPE = (2, 3, 4)


def value(kind, i):
    return {"f": i * 0.5 - 3, "i": i * 3 - 5, "u": i * 3, "b": i % 3 == 0}[kind]


def array(dtype):
    kind = np.dtype(dtype).kind
    return np.array([value(kind, i) for i in range(24)]).astype(dtype).reshape(SHAPE)


def npy():
    for code in ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"):
        for order, name in (("<", "le"), (">", "be")):
            np.save(OUT / f"{code}_{name}.npy", array(order + code))
    np.save(OUT / "b1.npy", array("bool"))
    np.save(OUT / "fortran.npy", np.asfortranarray(array("<f4")))
    np.save(OUT / "fortran2.npy", np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    np.save(OUT / "scalar.npy", np.array(2.5))
    np.save(OUT / "empty.npy", np.zeros((0, 3)))
    for version in ((1, 0), (2, 0), (3, 0)):
        with open(OUT / f"version{version[0]}.npy", "wb") as f:
            np.lib.format.write_array(f, array("<i4"), version=version)
    np.save(OUT / "complex.npy", np.array([1j]))
    np.save(OUT / "text.npy", np.array(["a"]))
    np.save(OUT / "object.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save(OUT / "record.npy", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]))
    np.save(OUT / "large.npy", np.array([1, 2**63 + 1], dtype="u8"))
    np.save(OUT / "half.npy", np.array([0, -0.0, 1, 65504, 2**-24, 2**-14, np.inf, -np.inf, np.nan, 0.1], "f2"))


def idx():
    rows = np.arange(2 * 3 * 4, dtype="u1")
    head = struct.pack(">4I", 0x803, 2, 3, 4)
    (OUT / "images.idx").write_bytes(head + rows.tobytes())
    (OUT / "images.idx.gz").write_bytes(gzip.compress(head + rows.tobytes(), mtime=0))
    for code, dtype in ((0x09, "i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")):
        data = (np.arange(6) - 2).astype(dtype).tobytes()
        (OUT / f"type{code:02x}.idx").write_bytes(struct.pack(">BBBBI", 0, 0, code, 1, 6) + data)


def csv():
    frame = pd.DataFrame(
        {
            "whole": [1, -2, 3000000000, 0],
            "number": [0.1, -1e-300, 1.7976931348623157e308, 5e-324],
            "gap": [1.5, np.nan, -2.25, np.nan],
            "yes": [True, False, True, True],
            "text": ["plain", "with, comma", 'with "quotes"', "two\nlines"],
            "empty": [np.nan] * 4,
            "mixed": ["1", "x", "3", None],
            "ü": ["é", "日本", "🙂", "a b"],
        }
    )
    frame.to_csv(OUT / "pandas.csv", index=False)
    frame.to_csv(OUT / "pandas.csv.gz", index=False, compression={"method": "gzip", "mtime": 0})
    frame.to_csv(OUT / "pandas_bom_crlf.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    draw = np.random.default_rng(1)
    bits = draw.integers(0, 2**64, 500, dtype=np.uint64)
    doubles = bits.view(np.float64)[np.isfinite(bits.view(np.float64))]
    doubles = np.concatenate([doubles, draw.normal(size=500), draw.normal(size=200).round(3)])
    np.save(OUT / "doubles.npy", doubles)
    pd.DataFrame({"x": doubles}).to_csv(OUT / "doubles.csv", index=False)


def tensors():
    safetensors.numpy.save_file(
        {
            "layer.weight": array("<f4"),
            "layer.bias": array("<f8")[0],
            "half": array("<f2"),
            "counts": array("<i8"),
            "small": array("<i2"),
            "bytes": array("u1"),
            "flags": array("bool"),
            "one": np.array(7, dtype="i4"),
            "none": np.zeros((0, 2), dtype="f4"),
        },
        OUT / "reference.safetensors",
        metadata={"made by": 'the "reference"'},
    )
    bf16 = (array("<f4").view("<u4") >> 16).astype("<u2")
    head = b'{"bf":{"dtype":"BF16","shape":[2,3,4],"data_offsets":[0,48]}}'
    blob = struct.pack("<Q", len(head)) + head + bf16.tobytes()
    (OUT / "bf16.safetensors").write_bytes(blob)


OUT.mkdir(exist_ok=True)
npy()
idx()
csv()
tensors()
