"""Table verbs against pandas: same data, same machine, same run.

    python3 tests/bench/bench_table.py BUILD/kernel/awml-c     (needs numpy and pandas)

A million rows. Prints the least of several runs each, and the ratio (above 1: ours is faster).
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import pandas as pd

ROWS, TIMES = 1_000_000, 5

# name, ours, theirs
WORK = [
    ("group by 1,000 numbers", 'a.group("k").summarize(n=count(), m=.x.mean(), top=.y.max())',
     lambda a, b: a.groupby("k").agg(n=("x", "size"), m=("x", "mean"), top=("y", "max"))),
    ("group by 5 texts", 'a.group("city").summarize(m=.x.mean(), s=.y.std())',
     lambda a, b: a.groupby("city").agg(m=("x", "mean"), s=("y", "std"))),
    ("group by 400,000 numbers", 'a.group("u").summarize(m=.x.sum())',
     lambda a, b: a.groupby("u").agg(m=("x", "sum"))),
    ("group by text and number", 'a.group("city", "k").summarize(m=.x.mean())',
     lambda a, b: a.groupby(["city", "k"]).agg(m=("x", "mean"))),
    ("median of 1,000 groups", 'a.group("k").summarize(m=.x.median())',
     lambda a, b: a.groupby("k").agg(m=("x", "median"))),
    ("sort by a number", 'a.sort("x")', lambda a, b: a.sort_values("x", kind="stable")),
    ("sort by text and number", 'a.sort("city", "x")',
     lambda a, b: a.sort_values(["city", "x"], kind="stable")),
    ("join, 500,000 keys", 'a.join(b, on="u")', lambda a, b: a.merge(b, on="u")),
    ("left join, 500,000 keys", 'a.join(b, on="u", how="left")',
     lambda a, b: a.merge(b, on="u", how="left")),
    ("filter", 'a.filter(.x > 0.5 and .city == "Paris")',
     lambda a, b: a[(a.x > 0.5) & (a.city == "Paris")]),
    ("a column from columns", "a.assign(z=(.x - .y) ** 2 / 2)",
     lambda a, b: a.assign(z=(a.x - a.y) ** 2 / 2)),
    ("text contains", 'a.filter(.city.contains("o"))', lambda a, b: a[a.city.str.contains("o")]),
    ("melt two columns", 'a.select("id", "x", "y").melt(id="id")',
     lambda a, b: a[["id", "x", "y"]].melt(id_vars="id")),
]


def frames(draw):
    a = pd.DataFrame({
        "id": np.arange(ROWS), "k": draw.integers(0, 1000, ROWS),
        "u": draw.integers(0, 500_000, ROWS),
        "city": draw.choice(["Berlin", "Paris", "New York", "Oslo", "Rome"], ROWS),
        "x": draw.normal(size=ROWS).round(6), "y": draw.normal(size=ROWS).round(6)})
    b = pd.DataFrame({"u": draw.permutation(500_000), "z": draw.normal(size=500_000).round(6)})
    return a, b


def ours(program, folder):
    text = [f'a = read_csv("{folder}/a.csv")', f'b = read_csv("{folder}/b.csv")']
    for _, code, _ in WORK:
        text += [f"%time r = {code}"] * TIMES
    path = folder / "bench.awml"
    path.write_text("\n".join(text) + "\n")
    out = subprocess.run([program, "run", str(path)], check=True, capture_output=True, text=True)
    units = {"s": 1, "ms": 1e-3, "µs": 1e-6}
    times = [float(n) * units[u] for n, u in re.findall(r"time: ([\d.]+) (\S+)", out.stdout)]
    return [min(times[i * TIMES:(i + 1) * TIMES]) for i in range(len(WORK))]


def theirs(a, b, run):
    least = float("inf")
    for _ in range(TIMES):
        start = time.perf_counter()
        run(a, b)
        least = min(least, time.perf_counter() - start)
    return least


def main(program):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        a, b = frames(np.random.default_rng(1))
        a.to_csv(folder / "a.csv", index=False)
        b.to_csv(folder / "b.csv", index=False)
        us = ours(program, folder)
        a, b = pd.read_csv(folder / "a.csv"), pd.read_csv(folder / "b.csv")
        print(f"pandas {pd.__version__}, {ROWS} rows, least of {TIMES}, ms")
        print(f"{'':28}{'ours':>8}{'pandas':>8}{'ratio':>8}")
        for (what, _, run), mine in zip(WORK, us):
            other = theirs(a, b, run)
            print(f"{what:28}{mine * 1e3:8.1f}{other * 1e3:8.1f}{other / mine:8.2f}")


if __name__ == "__main__":
    main(sys.argv[1])
