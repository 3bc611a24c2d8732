"""CSV: our reader against pandas' C engine, same files, same machine, same run.

    python3 tests/bench/bench_csv.py BUILD/tests/data/bench_csv     (needs numpy and pandas)

Prints the least of 15 readings each, warm file cache, and the ratio (above 1: ours is faster).
"""
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd

TIMES = 15


def frames(draw):
    n = 300_000
    yield "floats, 17 digits", pd.DataFrame(draw.normal(size=(n, 10)))
    yield "floats, 3 decimals", pd.DataFrame(draw.normal(size=(n, 10)).round(3))
    yield "bytes 0…255, 785 columns", pd.DataFrame(draw.integers(0, 256, (6_000, 785)))
    yield "10,000 columns", pd.DataFrame(draw.normal(size=(600, 10_000)).round(4))
    yield "mixed, texts", pd.DataFrame(
        {
            "id": np.arange(n),
            "city": draw.choice(["Berlin", "Paris", "New York"], n),
            "note": [f"text {i} of a row" for i in range(n)],
            "x": draw.normal(size=n).round(2),
            "ok": draw.random(n) < 0.5,
        }
    )


def ours(program, path):
    out = subprocess.run([program, path, str(TIMES)], check=True, capture_output=True, text=True)
    return min(map(float, out.stdout.split()))


def theirs(path):
    least = float("inf")
    for _ in range(TIMES):
        start = time.perf_counter()
        pd.read_csv(path)
        least = min(least, time.perf_counter() - start)
    return least


def main(program):
    print(f"pandas {pd.__version__}, least of {TIMES}, MB/s")
    print(f"{'file':28}{'MB':>6}{'ours':>8}{'pandas':>8}{'ratio':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in frames(np.random.default_rng(1)):
            path = str(pathlib.Path(folder) / "bench.csv")
            frame.to_csv(path, index=False)
            size = pathlib.Path(path).stat().st_size / 1e6
            us, them = ours(program, path), theirs(path)
            print(f"{name:28}{size:6.0f}{size / us:8.0f}{size / them:8.0f}{them / us:8.2f}")


main(sys.argv[1])
