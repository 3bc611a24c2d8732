#!/usr/bin/env python3
"""Transfer learning beside PyTorch's eager mode: a MobileNet-like network whose layers are frozen but
for the last one. Printed are the seconds of an epoch: of ours with the frozen part's features
computed once, of ours with the frozen part run in each epoch, and of PyTorch with the frozen part
under no_grad, as its tutorials have it.

    tests/bench/bench_frozen.py [--build DIR] [--python PYTHON] [--examples N] [--batch N]
"""
import argparse
import subprocess
import time
from pathlib import Path

from bench_conv import networks
from bench_train import choose_python

HERE = Path(__file__).resolve().parent
EPOCHS = 4


def ours(program, examples, batch, recompute):
    out = subprocess.run([program], input=f"run {examples} {batch} {EPOCHS} {int(recompute)}\n",
                         capture_output=True, text=True, check=True).stdout
    return [float(x) for x in out.split()]


def theirs(torch, examples, batch, threads):
    torch.set_num_threads(threads)
    net = networks(torch)["mobilenet"][0]()
    frozen, head = net[:-1].eval(), net[-1]
    x, y = torch.rand(examples, 3, 224, 224), torch.arange(examples) % 10
    adam, loss = torch.optim.Adam(head.parameters(), lr=1e-3), torch.nn.CrossEntropyLoss()
    seconds = []
    for _ in range(EPOCHS):
        start, order = time.perf_counter(), torch.randperm(examples)
        for rows in order.split(batch):
            with torch.no_grad():
                features = frozen(x[rows])
            adam.zero_grad()
            loss(head(features), y[rows]).backward()
            adam.step()
        seconds.append(time.perf_counter() - start)
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default=HERE.parent.parent / "build", type=Path)
    parser.add_argument("--python", help="a Python with torch")
    parser.add_argument("--examples", default=128, type=int)
    parser.add_argument("--batch", default=32, type=int)
    args = parser.parse_args()
    choose_python(args)
    program = args.build / "tests/bench/bench_frozen"
    subprocess.run(["ninja", "-C", args.build, "tests/bench/bench_frozen"], check=True,
                   stdout=subprocess.DEVNULL)
    import torch
    rows = {"kept": ours(program, args.examples, args.batch, False),
            "each epoch": ours(program, args.examples, args.batch, True),
            "PyTorch": min((theirs(torch, args.examples, args.batch, t) for t in (1, 2)), key=min)}
    for name, seconds in rows.items():
        print(f"{name:11} first epoch {seconds[0]:8.4f} s   later {min(seconds[1:]):8.4f} s")
    later = {name: min(seconds[1:]) for name, seconds in rows.items()}
    print(f"from the second epoch on: {later['each epoch'] / later['kept']:.0f} times as fast as with the "
          f"frozen part run each time, {later['PyTorch'] / later['kept']:.0f} times as fast as PyTorch; "
          f"first epoch {min(rows['PyTorch']) / rows['kept'][0]:.1f}")


if __name__ == "__main__":
    main()
