#!/usr/bin/env python3
"""Training steps of networks on sequences beside PyTorch's eager mode: the same layers, the same
step (forward, backward, Adam on all weights), the same machine, the same run. The two take turns in
short bursts, and the shortest step of each counts. The numbers that both compute are compared in
tests/nn (reference.py); here only their speed.

    tests/bench/bench_sequence.py [--build DIR] [--python PYTHON] [--seconds S] [--only NAME] [--cpu]
                                  [--compile]

--cpu compares one thread with one thread by the processor time they take, which tells something
even while the machine does other things. --compile adds torch.compile (minutes for each network).
The share of the peak is the products' operations alone. PYTHON is a Python with torch, as in bench_train.py.
"""
import argparse
import subprocess
import time
from pathlib import Path

from bench_conv import Ours
from bench_train import choose_python

HERE = Path(__file__).resolve().parent
# name, batch, goal, operations of a step (products only, forward and both gradients)
JOBS = [("gru", 100, 8, 6 * 100 * 24 * (4 * 96 + 32 * 96 + 32 * 48 + 16 * 48)),
        ("lstm", 100, 1.5, 6 * 100 * 24 * (32 * 512 + 128 * 512)),
        ("transformer", 32, 2, 6 * 32 * 64 * (4 * 64 * 64 + 2 * 64 * 256 + 2 * 64 * 64))]


def networks(torch):
    nn = torch.nn

    class Gru(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.GRU(4, 32, batch_first=True), nn.GRU(32, 16, batch_first=True)
            self.c = nn.Linear(16, 24)

        def forward(self, x):
            return self.c(self.b(self.a(x)[0])[0][:, -1])

    class Lstm(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.LSTM(32, 128, batch_first=True), nn.Linear(128, 1)

        def forward(self, x):
            return self.b(self.a(x)[0][:, -1])

    def transformer():
        return nn.TransformerEncoderLayer(64, 4, 256, dropout=0, activation="gelu",
                                          batch_first=True)

    return {"gru": (Gru, (24, 4), (24,)), "lstm": (Lstm, (24, 32), (1,)),
            "transformer": (transformer, (64, 64), (64, 64))}


class Torch:
    def __init__(self, torch, name, batch, threads, compiled=False):
        self.torch, self.threads = torch, threads
        torch.set_num_threads(threads)
        make, shape, out = networks(torch)[name]
        self.net = make()
        self.run = torch.compile(self.net) if compiled else self.net
        self.x, self.y = torch.randn(batch, *shape), torch.randn(batch, *out)
        self.loss = torch.nn.MSELoss()
        self.adam = torch.optim.Adam(self.net.parameters(), lr=1e-3)

    def steps(self, n, clock):
        self.torch.set_num_threads(self.threads)
        best = 1e9
        for _ in range(n):
            start = clock()
            self.adam.zero_grad()
            loss = self.loss(self.run(self.x), self.y)
            loss.backward()
            self.adam.step()
            best = min(best, clock() - start)
        return best * 1e6


def compare(torch, ours, name, batch, args):
    cpu = args.cpu
    arena = ours.ask(f"open {name} {batch}")[0]
    clock = time.process_time if cpu else time.perf_counter
    rivals = {t: Torch(torch, name, batch, t) for t in ((1,) if cpu else (1, 2))}
    if args.compile:
        rivals["compiled"] = Torch(torch, name, batch, max(rivals), compiled=True)
    best = {"ours": 1e9, **{t: 1e9 for t in rivals}}
    first = min(r.steps(2, clock) for r in rivals.values())
    burst, end = max(2, int(1e5 / first)), time.time() + args.seconds
    while time.time() < end:
        best["ours"] = min(best["ours"], float(ours.ask(f"steps {5 * burst}")[0]))
        for t, rival in rivals.items():
            best[t] = min(best[t], rival.steps(burst, clock))
    return best, arena


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default=HERE.parent.parent / "build", type=Path)
    parser.add_argument("--python", help="a Python with torch")
    parser.add_argument("--seconds", default=10, type=float, help="for each network")
    parser.add_argument("--only", default="", help="one network: " + ", ".join(j[0] for j in JOBS))
    parser.add_argument("--cpu", action="store_true", help="one thread each, processor time")
    parser.add_argument("--compile", action="store_true", help="torch.compile, too")
    args = parser.parse_args()
    choose_python(args)
    subprocess.run(["ninja", "-C", args.build, "tests/bench/bench_sequence"], check=True,
                   stdout=subprocess.DEVNULL)
    import torch
    ours = Ours(args.build / "tests/bench/bench_sequence")
    print(f"ours: {ours.isa}, {ours.threads} threads; torch {torch.__version__}; one step in ms, the "
          "shortest of many" + (", one thread's processor time" if args.cpu else ""), flush=True)
    if args.cpu:
        ours.ask("cpu")
    for name, batch, goal, flops in JOBS:
        if args.only not in name:
            continue
        best, arena = compare(torch, ours, name, batch, args)
        peak, triad = (float(x) for x in ours.ask("peak"))
        ways = [t for t in best if isinstance(t, int)]
        others = "  ".join(f"torch, {t} thread{'s' * (t > 1)}: {best[t] / 1e3:.2f}" for t in ways)
        eager = min(best[t] for t in ways)
        if "compiled" in best:
            others += f"  compiled: {best['compiled'] / 1e3:.2f}"
        speed = flops / best["ours"] * 1e-3
        print(f"{name:11} {batch:4}  ours: {best['ours'] / 1e3:.3f}  {others}  ratio to eager "
              f"{eager / best['ours']:.2f} (goal {goal})  {speed:.0f} GF/s, "
              f"{100 * speed / peak:.0f} % of the peak of {peak:.0f} (triad {triad:.0f} GB/s)  {arena} MB", flush=True)


if __name__ == "__main__":
    main()
