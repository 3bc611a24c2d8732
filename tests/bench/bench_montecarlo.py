#!/usr/bin/env python3
"""The course's Monte-Carlo experiment at full size, beside NumPy, in the same run, taking turns.

    python3 tests/bench/bench_montecarlo.py build/kernel/awml-c [--python PYTHON] [--points N]

100 members vote on 100,000 samples; each member copies, with some probability, an answer that all
share. For one point of the curve both sides draw 2 * 10^7 numbers, and work out the share of votes
won, how often a member is right and the mean correlation between members. The whole experiment has
500 such points. Prints seconds a point: time that passed, and processor time (all threads
together), which says more on a machine that is busy with other things.
"""
import argparse
import resource
import subprocess
import sys
import tempfile

AWML = """
def point(p, copy):
    own = bernoulli(p, member=100, sample=100000)
    shared = bernoulli(p, sample=100000)
    copies = bernoulli(copy, member=100, sample=100000)
    votes = where(copies, shared, own)
    c = corrcoef(votes)
    return [(votes.mean(axis="member") > 0.5).mean(), votes.mean(), (c.sum() - 100) / 9900]
for i in range(%d):
    r = point(0.7, 0.5)
print(r)
"""
NUMPY = """
import numpy as np
rng = np.random.default_rng(1)
def point(p, copy):
    own = rng.random((100, 100000)) < p
    shared = rng.random(100000) < p
    copies = rng.random((100, 100000)) < copy
    votes = np.where(copies, shared, own)
    c = np.corrcoef(votes)
    return (votes.mean(axis=0) > .5).mean(), votes.mean(), (c.sum() - 100) / 9900
for i in range(%d):
    r = point(.7, .5)
print(*r)
"""


def spent(command):
    """Seconds that passed, and of processor time."""
    import time
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, cpu


def measure(command, suffix, program, points):
    """A point's time: that of `points` of them less that of none."""
    times = []
    for n in (points, 0):
        with tempfile.NamedTemporaryFile("w", suffix=suffix) as f:
            f.write(program.replace("print(r)", "print(1)").replace("print(*r)", "print(1)") % n)
            f.flush()
            times.append(spent(command + [f.name]))
    return [(a - b) / points for a, b in zip(*times)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--points", type=int, default=5)
    args = parser.parse_args()
    ours, theirs = [1e9] * 2, [1e9] * 2
    for _ in range(3):
        ours = [min(p) for p in zip(ours, measure([args.binary, "run"], ".awml", AWML, args.points))]
        theirs = [min(p) for p in zip(theirs, measure([args.python], ".py", NUMPY, args.points))]
    print(f"{'a point':16}{'awml':>10}{'NumPy':>10}{'ratio':>8}")
    for name, a, b in zip(("time", "processor time"), ours, theirs):
        print(f"{name:16}{a * 1e3:8.0f}ms{b * 1e3:8.0f}ms{b / a:8.2f}")


if __name__ == "__main__":
    main()
