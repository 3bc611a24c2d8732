"""Groups, sorts, joins and pivots of a generated table with gaps, cell by cell against pandas.

    python3 tests/lang/tables_against_pandas.py BUILD/kernel/awml-c     (needs numpy and pandas)
"""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd

PROGRAM = """
a = read_csv("{0}/a.csv")
b = read_csv("{0}/b.csv")
g = a.group("city", "k")
save(g.summarize(n=count(), sum=.x.sum(), mean=.x.mean(), low=.x.min(), high=.x.max(), std=.x.std(), median=.x.median(), q=.x.quantile(30%), kinds=.x.nunique(), there=.x.count()), "{0}/group.csv")
save(a.sort("city", "x", descending=[False, True]), "{0}/sort.csv")
save(a.join(b, on="k", how="outer").sort("k", "city", "x", "y"), "{0}/join.csv")
means = a.drop_missing("city").group("k", "city").summarize(m=.y.mean())
save(means.pivot(index="k", columns="city", values="m"), "{0}/pivot.csv")
"""


def frames(draw, n=3000):
    a = pd.DataFrame({
        "k": draw.integers(0, 40, n),
        "city": draw.choice(["Berlin", "Paris", "New York", "Oslo"], n).astype(object),
        "x": draw.normal(size=n).round(4), "y": draw.normal(size=n).round(4)})
    a.loc[draw.random(n) < 0.1, "x"] = np.nan
    a.loc[draw.random(n) < 0.05, "city"] = None
    return a, pd.DataFrame({"k": np.arange(20, 60), "z": draw.normal(size=40).round(4)})


def expected(a, b):
    x = "x"
    groups = a.groupby(["city", "k"], dropna=False)
    yield "group", groups.agg(
        n=("y", "size"), sum=(x, "sum"), mean=(x, "mean"), low=(x, "min"), high=(x, "max"),
        std=(x, lambda v: v.std(ddof=0)), median=(x, "median"),
        q=(x, lambda v: v.quantile(0.3)), kinds=(x, "nunique"), there=(x, "count")).reset_index()
    yield "sort", a.sort_values(["city", "x"], ascending=[True, False], kind="stable")
    yield "join", a.merge(b, on="k", how="outer").sort_values(["k", "city", "x", "y"], kind="stable")
    yield "pivot", a.dropna(subset=["city"]).pivot_table(
        index="k", columns="city", values="y").reset_index()


def compare(found, wanted, name):
    assert list(found.columns) == list(wanted.columns), (name, list(found.columns))
    for column in wanted.columns:
        f, w = found[column], wanted[column].reset_index(drop=True)
        if w.dtype.kind in "if":
            np.testing.assert_allclose(f.astype(float), w.astype(float), rtol=1e-9, atol=1e-12)
        else:
            assert (f.fillna("?") == w.fillna("?")).all(), (name, column)
    print(f"{name}: {wanted.shape[0]} rows, {wanted.shape[1]} columns equal")


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        a, b = frames(np.random.default_rng(7))
        a.to_csv(f"{folder}/a.csv", index=False)
        b.to_csv(f"{folder}/b.csv", index=False)
        path = pathlib.Path(folder) / "tables.awml"
        path.write_text(PROGRAM.format(folder))
        subprocess.run([program, "run", str(path)], check=True)
        for name, wanted in expected(a, b):
            compare(pd.read_csv(f"{folder}/{name}.csv"), wanted, name)


if __name__ == "__main__":
    main(sys.argv[1])
