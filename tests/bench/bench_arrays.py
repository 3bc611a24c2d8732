#!/usr/bin/env python3
"""Array expressions and scalar loops: awml against NumPy and CPython, in the same run.

    python3 tests/bench/bench_arrays.py build/kernel/awml-c [--python PYTHON_WITH_NUMPY]

Each line is run several times on both sides in turn, and the shortest time of each counts. Loops
have a million rounds. A ratio
above 1 means that awml is faster. Goals: array expressions of 10 million numbers 1, chains of
elementwise operations 2, loops 1.
"""
import argparse
import re
import subprocess
import sys
import tempfile

ROUNDS = 5
ARRAYS = [  # what, awml, NumPy, goal
    ("x * 2 + y", "z = x * 2 + y", "x * 2 + y", 2),
    ("sqrt of squares", "z = sqrt(x * x + y * y) * 0.5 + 1", "np.sqrt(x * x + y * y) * 0.5 + 1", 2),
    ("normal density", "z = exp(-x * x / 2) / sqrt(2 * pi)", "np.exp(-x * x / 2) / np.sqrt(2 * np.pi)", 2),
    ("where", "z = where(x > 0.5, x, y) * 3 - 1", "np.where(x > 0.5, x, y) * 3 - 1", 2),
    ("clip", "z = clip(x + y, 0.2, 0.8)", "np.clip(x + y, 0.2, 0.8)", 2),
    ("logistic", "z = 1 / (1 + exp(-x))", "1 / (1 + np.exp(-x))", 2),
    ("sum of products", "z = (x * y).sum()", "(x * y).sum()", 2),
    ("mean squared error", "z = ((x - y) ** 2).mean()", "((x - y) ** 2).mean()", 2),
    ("share below", "z = (x < 0.3).mean()", "(x < 0.3).mean()", 1),
    ("x + y", "z = x + y", "x + y", 1),
    ("sum", "z = x.sum()", "x.sum()", 1),
    ("exp", "z = exp(x)", "np.exp(x)", 1),
    ("by column", 'z = m.mean(axis=0)', "m.mean(axis=0)", 1),
    ("standardise", "z = (m - m.mean(axis=0)) / m.std(axis=0)", "(m - m.mean(axis=0)) / m.std(axis=0)", 2),
    ("by row", "z = m.mean(axis=1)", "m.mean(axis=1)", 1),
    ("sum by column", "z = m.sum(axis=0)", "m.sum(axis=0)", 1),
    ("largest by row", "z = m.max(axis=1)", "m.max(axis=1)", 1),
    ("cumsum", "z = cumsum(x)", "np.cumsum(x)", 1),
    ("argmax", "z = argmax(x)", "np.argmax(x)", 1),
    ("argmax by row", "z = argmax(m, axis=1)", "np.argmax(m, axis=1)", 1),
    ("x > y", "z = x > y", "x > y", 1),
    ("count", "z = (x > y).sum()", "(x > y).sum()", 1),
    ("x[mask]", "z = x[mask]", "x[mask]", 1),
    ("x[x > 0.5]", "z = x[x > 0.5]", "x[x > 0.5]", 1),
    ("x[positions]", "z = x[at]", "x[at]", 1),
    ("rows at positions", "z = m[rows]", "m[rows]", 1),
    ("every second", "z = x[::2] + 0", "x[::2] + 0", 1),
    ("the other way round", "z = flip(x)", "np.flip(x).copy()", 1),
    ("a column", "z = m[:, 5] + 0", "m[:, 5] + 0", 1),
    ("transpose", "z = m.T + 0", "m.T + np.zeros(())", 1),
    ("concat", "z = concat([x, y])", "np.concatenate([x, y])", 1),
    ("reshape and sum", "z = x.reshape(1000, 10000).sum(axis=0)", "x.reshape(1000, 10000).sum(axis=0)", 1),
    ("one-hot", "z = one_hot(digits, 10)", "np.eye(10)[digits]", 1),
    ("histogram", "z = histogram(x, 20)", "np.histogram(x, 20)", 1),
    ("row against matrix", "z = m * w", "m * w", 1),
    ("column against matrix", "z = m - c[:, None]", "m - c[:, None]", 1),
    ("outer", "z = outer(c3, c3)", "np.outer(c3, c3)", 1),
    ("1000 x 1000 product", "z = s @ s", "s @ s", 1),
    ("matrix and vector", "z = m @ w", "m @ w", 1),
    ("dot", "z = x @ y", "x @ y", 1),
    ("normal numbers", "z = randn(10000000)", "g.standard_normal(10**7)", 1),
    ("uniform numbers", "z = rand(10000000)", "g.random(10**7)", 1),
    ("whole random numbers", "z = randint(0, 6, 10000000)", "g.integers(0, 6, 10**7)", 1),
    ("permutation", "z = permutation(10000000)", "g.permutation(10**7)", 1),
    ("std", "z = x.std()", "x.std()", 1),
    ("corrcoef", "z = corrcoef(x, y)", "np.corrcoef(x, y)", 1),
    ("round", "z = round(x * 100)", "np.round(x * 100)", 1),
    ("diff", "z = x[1:] - x[:-1]", "x[1:] - x[:-1]", 1),
    ("sort", "z = sort(x)", "np.sort(x)", 1),
    ("sort whole numbers", "z = sort(at)", "np.sort(at)", 1),
    ("sort, few different", "z = sort(digits)", "np.sort(digits)", 1),
    ("sort, in order", "z = sort(up)", "np.sort(up)", 1),
    ("argsort", "z = argsort(x)", "np.argsort(x)", 1),
    ("argsort, few different", "z = argsort(digits)", "np.argsort(digits)", 1),
    ("unique", "z = unique(digits)", "np.unique(digits)", 1),
    ("unique, all different", "z = unique(x)", "np.unique(x)", 1),
    ("median", "z = median(x)", "np.median(x)", 1),
    ("quantiles", "z = quantile(x, [0.1, 0.5, 0.9])", "np.quantile(x, [0.1, 0.5, 0.9])", 1),
    ("median by column", "z = median(m, axis=0)", "np.median(m, axis=0)", 1),
]
SETUP = """x = rand(10000000, seed=1)
y = rand(10000000, seed=2)
m = rand(100000, 100, seed=3)
w = rand(100, seed=4)
c = rand(100000, seed=5)
c3 = rand(3000, seed=6)
s = rand(1000, 1000, seed=7)
mask = x > 0.5
at = randint(0, 10000000, 10000000, seed=8)
rows = randint(0, 100000, 100000, seed=9)
digits = randint(0, 10, 10000000, seed=10)
up = sort(x)
"""
AS_NUMPY = """g = np.random.default_rng(1)
x = g.random(10**7); y = g.random(10**7); m = g.random((100000, 100)); w = g.random(100)
c = g.random(100000); c3 = g.random(3000); s = g.random((1000, 1000)); mask = x > 0.5
at = g.integers(0, 10**7, 10**7); rows = g.integers(0, 100000, 100000); digits = g.integers(0, 10, 10**7)
up = np.sort(x)
"""
LOOPS = [
    ("s = s + i * 2", "def f(n):\n    s = 0\n    for i in range(n):\n        s = s + i * 2\n    return s\n"),
    ("if, +=, -=", "def f(n):\n    s = 0.0\n    x = 1.5\n    for i in range(n):\n        if i % 3 == 0:\n"
                   "            s += x * i\n        else:\n            s -= 1\n    return s\n"),
    ("while", "def f(n):\n    i = 0\n    while i < n:\n        i += 1\n    return i\n"),
    ("calls of a function", "def g(x):\n    return x * 2 + 1\ndef f(n):\n    s = 0.0\n    for i in range(n):\n"
                            "        s = s + g(i)\n    return s\n"),
    ("recursion", "def fib(n):\n    if n < 2:\n        return n\n    return fib(n - 1) + fib(n - 2)\n"
                  "def f(n):\n    return fib(25)\n"),
    ("closure", "def f(n):\n    k = 3\n    g = lambda x: x + k\n    s = 0\n    for i in range(n):\n"
                "        s = s + g(i)\n    return s\n"),
    ("f-string", "def f(n):\n    t = \"\"\n    for i in range(n):\n        t = f\"item {i}: {i * 0.5:.2f}\"\n"
                 "    return t\n"),
    ("square root", "def f(n):\n    s = 0.0\n    for i in range(n):\n        s = s + sqrt(i)\n    return s\n"),
    ("x[i]", "def f(n):\n    x = zeros(1000)\n    s = 0.0\n    for i in range(n):\n        s = s + x[i % 1000]\n"
             "    return s\n"),
    ("x[i] = v", "def f(n):\n    x = zeros(1000)\n    for i in range(n):\n        x[i % 1000] = i\n"
                 "    return x\n"),
    ("append", "def f(n):\n    xs = []\n    for i in range(n):\n        xs = append(xs, i)\n    return xs\n"),
    ("three numbers", "def f(n):\n    w = ones(3)\n    for i in range(n):\n        w = w - 0.01 * (2 * w)\n"
                      "    return w\n"),
]
# What Python has to be told first; appending is what Python calls append.
AS_PYTHON = """
from math import sqrt
if np: zeros, ones = np.zeros, np.ones
def append(xs, x):
    xs.append(x)
    return xs
"""
NUMPY = """
import time
try:
    import numpy as np
except ImportError:
    np = None
def best(f):
    least = 1e9
    for _ in range(%d):
        t = time.perf_counter(); z = f(); least = min(least, time.perf_counter() - t)
    return least
""" % ROUNDS


def awml_times(binary, program):
    with tempfile.NamedTemporaryFile("w", suffix=".awml") as f:
        f.write(program)
        f.flush()
        out = subprocess.run([binary, "run", f.name], capture_output=True, text=True)
    if out.returncode:
        sys.exit(out.stderr)
    return [float(t) for t in re.findall(r"^time: (\S+) s$", out.stdout, re.M)]


def python_times(python, program):
    out = subprocess.run([python, "-"], input=program, capture_output=True, text=True, check=True)
    return [float(t) for t in out.stdout.split()]


def awml_best(binary, setup, lines):
    program = setup + "".join(f"%time {line}\n" * ROUNDS for line in lines)
    times = awml_times(binary, program)
    return [min(times[i * ROUNDS:(i + 1) * ROUNDS]) for i in range(len(lines))]


def report(rows):
    print(f"{'':24} {'awml':>10} {'Python':>10} {'ratio':>7} {'goal':>5}")
    for what, ours, theirs, goal in rows:
        mark = "" if theirs / ours >= goal else "  below"
        print(f"{what:24} {ours * 1e3:8.2f}ms {theirs * 1e3:8.2f}ms {theirs / ours:7.2f} {goal:5g}{mark}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--only", help="rows whose name has this in it")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    arrays = [row for row in ARRAYS if not args.only or args.only in row[0]]
    loops = [row for row in LOOPS if not args.only or args.only in row[0]]
    ours = [1e9] * len(arrays)
    theirs = list(ours)
    for _ in range(args.rounds if arrays else 0):
        times = awml_best(args.binary, SETUP, [row[1] for row in arrays])
        ours = [min(a, b) for a, b in zip(ours, times)]
        program = NUMPY + AS_NUMPY + "".join(f"print(best(lambda: {row[2]}))\n" for row in arrays)
        theirs = [min(a, b) for a, b in zip(theirs, python_times(args.python, program))]
    rows = [(row[0], a, b, row[3]) for row, a, b in zip(arrays, ours, theirs)]
    for what, code in loops:
        a = min(awml_best(args.binary, code, ["z = f(1000000)"])[0] for _ in range(args.rounds))
        b = min(python_times(args.python, NUMPY + AS_PYTHON + code + "print(best(lambda: f(10**6)))\n")[0]
                for _ in range(args.rounds))
        rows.append((what, a, b, 1))
    report(rows)


if __name__ == "__main__":
    main()
