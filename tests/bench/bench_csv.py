"""CSV: our reader against pandas' C engine, same files, same machine, same run, taking turns.

    python3 tests/bench/bench_csv.py BUILD/tests/data/bench_csv [NAME…]     (needs numpy and pandas)

Prints the least of several readings each, warm file cache, in MB/s of the file, and the ratios
(above 1: ours is faster): of the time that passed, and of processor time, which says more on a
machine that is busy with other things (both our threads count there). NAME: only those files.
"""
import gzip
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd

ROUNDS, TIMES = 5, 4


def frames(draw):
    """Name, table, times in it, packed?"""
    n = 300_000
    city = draw.choice(["Berlin", "Paris", "New York"], n)
    yield "floats, 17 digits", pd.DataFrame(draw.normal(size=(n, 10))), [], False
    thousandths = pd.DataFrame(draw.normal(size=(n, 10)).round(3))
    yield "floats, 3 decimals", thousandths, [], False
    yield "bytes 0…255, 785 columns", pd.DataFrame(draw.integers(0, 256, (6_000, 785))), [], False
    yield "10,000 columns", pd.DataFrame(draw.normal(size=(600, 10_000)).round(4)), [], False
    mixed = pd.DataFrame({"id": np.arange(n), "city": city, "note": [f"text {i} of a row" for i in range(n)],
                          "x": draw.normal(size=n).round(2), "ok": draw.random(n) < 0.5})
    yield "mixed, texts", mixed, [], False
    yield "mixed, gzip", mixed, [], True
    yield "floats, gzip", thousandths, [], True
    yield "few texts", pd.DataFrame({c: draw.choice(["Berlin", "Paris", "New York", "Oslo"], n)
                                     for c in "abcdef"}), [], False
    yield "all texts different", pd.DataFrame({c: [f"{i * 7919 % n:x} {c}" for i in range(n)]
                                               for c in "abcdef"}), [], False
    yield "long texts in quotes", pd.DataFrame({
        "id": np.arange(n // 4), "text": [f'He said "{i}", and then, again and again, ' * 4 for i in range(n // 4)]
    }), [], False
    holes = pd.DataFrame(draw.normal(size=(n, 10)).round(3)).mask(draw.random((n, 10)) < 0.5)
    yield "half missing", holes, [], False
    day = pd.Timestamp("2019-01-01") + pd.to_timedelta(draw.integers(0, 900, n), unit="D")
    clock = pd.Timestamp("2019-01-01") + pd.to_timedelta(draw.integers(0, 10**8, n), unit="s")
    yield "times", pd.DataFrame({"day": day, "clock": clock, "x": draw.normal(size=n).round(2)}), \
        ["day", "clock"], False
    yield "whole numbers", pd.DataFrame(draw.integers(0, 10**6, (n, 10))), [], False
    late = pd.DataFrame({"code": np.arange(n).astype(str), "x": draw.normal(size=n).round(2)})
    late.loc[n - 5, "code"] = "12A"
    yield "text after numbers", late, [], False


def ours(program, path):
    out = subprocess.run([program, path, str(TIMES)], check=True, capture_output=True, text=True)
    pairs = [tuple(map(float, line.split())) for line in out.stdout.splitlines()]
    return min(a for a, _ in pairs), min(b for _, b in pairs)


def theirs(path, times):
    best = [float("inf")] * 2
    for _ in range(TIMES):
        start, cpu = time.perf_counter(), time.process_time()
        pd.read_csv(path, parse_dates=times, low_memory=False)
        best = [min(best[0], time.perf_counter() - start), min(best[1], time.process_time() - cpu)]
    return best


def main(program, only):
    print(f"pandas {pd.__version__}, least of {ROUNDS * TIMES}, MB/s")
    print(f"{'file':26}{'MB':>6}{'ours':>8}{'pandas':>8}{'ratio':>8}{'processor':>11}")
    with tempfile.TemporaryDirectory() as folder:
        for name, frame, times, packed in frames(np.random.default_rng(1)):
            if only and name not in only:
                continue
            path = str(pathlib.Path(folder) / "bench.csv")
            frame.to_csv(path, index=False)
            size = pathlib.Path(path).stat().st_size / 1e6
            if packed:
                with open(path, "rb") as plain, gzip.open(path + ".gz", "wb", 6) as out:
                    shutil.copyfileobj(plain, out)
                path += ".gz"
            us, them = [float("inf")] * 2, [float("inf")] * 2
            for _ in range(ROUNDS):
                us = [min(pair) for pair in zip(us, ours(program, path))]
                them = [min(pair) for pair in zip(them, theirs(path, times))]
            print(f"{name:26}{size:6.0f}{size / us[0]:8.0f}{size / them[0]:8.0f}{them[0] / us[0]:8.2f}"
                  f"{them[1] / us[1]:11.2f}", flush=True)


main(sys.argv[1], sys.argv[2:])
