#!/usr/bin/env python3
"""Training steps of the runtime beside PyTorch's eager mode: same data, same first weights, same
step (forward, backward, Adam on all weights), same machine, same run. The two take turns in short
bursts, and the shortest step of each counts, so that a disturbance hits both or neither.

    tests/bench/bench_train.py [--build DIR] [--python PYTHON] [--seconds S] [--only NAME] [--cpu]
                               [--compile]

--cpu compares one thread with one thread by the processor time they take, which tells something
even while the machine does other things. --compile adds torch.compile (minutes for each network).

PYTHON is a Python with torch (default: the environment variable TORCH_PYTHON, else the one that runs
this). To make one:  python3 -m venv torch-env && torch-env/bin/pip install torch
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BATCHES = (32, 128, 1000)
TARGET = {32: 2.5, 128: 2.5, 1000: 1.8}
FLOPS = {  # a forward product and the gradients of both its factors; none for the data
    "mlp": lambda b: 2 * b * (2 * 784 * 128 + 3 * 128 * 10),
    "ae": lambda b: 2 * b * (2 * 784 * 50 + 3 * 50 * 784),
}


def has_torch(python):
    return subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0


def choose_python(args):
    python = args.python or os.environ.get("TORCH_PYTHON")
    if python and os.path.realpath(python) != os.path.realpath(sys.executable) or (
            python and not os.environ.get("BENCH_CHILD")):
        if not has_torch(python):
            sys.exit(f"{python} has no torch. To make a Python that has it:\n"
                     "    python3 -m venv torch-env && torch-env/bin/pip install torch")
        if not os.environ.get("BENCH_CHILD"):
            os.environ["BENCH_CHILD"] = "1"
            os.execv(python, [python, *sys.argv])
    if not has_torch(sys.executable):
        sys.exit("This Python has no torch. Make one that has it, and name it with --python:\n"
                 "    python3 -m venv torch-env && torch-env/bin/pip install torch\n"
                 "    tests/bench/bench_train.py --python torch-env/bin/python")


class Ours:
    """The C program, asked line by line."""

    def __init__(self, program, folder):
        self.process = subprocess.Popen([program, folder], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.isa, self.threads = self.process.stdout.readline().split()

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def steps(self, n):
        best, loss = self.ask(f"steps {n}")
        return float(best), float(loss)


class Torch:
    """The same network and step in PyTorch."""

    def __init__(self, torch, name, batch, data, threads, fused=False, clock=time.perf_counter,
                 compiled=False):
        nn = torch.nn
        self.torch, self.threads, self.clock = torch, threads, clock
        last = (nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)) if name == "mlp" else (
            nn.Linear(784, 50), nn.GELU(), nn.Linear(50, 784), nn.Sigmoid())
        self.net = nn.Sequential(*last)
        with torch.no_grad():
            for layer, w, b in ((self.net[0], "w1", "b1"), (self.net[2], "w2", "b2")):
                layer.weight.copy_(data[w].T)
                layer.bias.copy_(data[b])
        self.run = torch.compile(self.net) if compiled else self.net
        self.x = data["x"][:batch].clone()
        y = data["y"][:batch].clone()
        self.y = y.argmax(1) if name == "mlp" else y
        self.loss = nn.CrossEntropyLoss() if name == "mlp" else nn.MSELoss()
        self.adam = torch.optim.Adam(self.net.parameters(), lr=1e-3, fused=fused or None)

    def steps(self, n):
        self.torch.set_num_threads(self.threads)
        best = 1e9
        for _ in range(n):
            start = self.clock()
            self.adam.zero_grad()
            loss = self.loss(self.run(self.x), self.y)
            loss.backward()
            self.adam.step()
            best = min(best, self.clock() - start)
        return best * 1e6, loss.item()


def make_data(torch, name, folder):
    out, hidden = (10, 128) if name == "mlp" else (784, 50)
    draw = torch.Generator().manual_seed(7)
    random = lambda *shape: torch.randn(*shape, generator=draw)
    data = {"x": random(1000, 784), "w1": random(784, hidden) * 0.05, "b1": random(hidden) * 0.05,
            "w2": random(hidden, out) * 0.05, "b2": random(out) * 0.05}
    if name == "mlp":
        labels = torch.randint(0, 10, (1000,), generator=draw)
        data["y"] = torch.nn.functional.one_hot(labels, 10).float()
    else:
        data["y"] = torch.rand(1000, 784, generator=draw)
    for key, values in data.items():
        (Path(folder) / f"{name}.{key}").write_bytes(bytes(values.contiguous().flatten().untyped_storage()))
    return data


def rivals_of(torch, name, batch, data, args):
    clock = time.process_time if args.cpu else time.perf_counter
    most = 1 if args.cpu else 2
    make = lambda threads, **how: Torch(torch, name, batch, data, threads, clock=clock, **how)
    rivals = {f"eager, {t} thread{'s' * (t > 1)}": make(t) for t in range(1, most + 1)}
    rivals["fused Adam"] = make(most, fused=True)
    if args.compile:
        rivals["compiled"] = make(most, compiled=True)
    return rivals


def compare(torch, ours, name, batch, data, args):
    """Shortest steps in microseconds: ours, and PyTorch's ways by name."""
    ours.ask(f"open {name} {batch}")
    rivals = rivals_of(torch, name, batch, data, args)
    first = {key: rival.steps(10)[1] for key, rival in rivals.items()}
    our_first = ours.steps(10)[1]
    for key, loss in first.items():
        if abs(loss - our_first) > 1e-3 * abs(loss):
            sys.exit(f"{name} {batch}: after 10 steps our loss is {our_first}, {key}: {loss}")
    best = {key: 1e9 for key in ["ours", *rivals]}
    burst = max(10, int(20000 / (200 + 5 * batch)))
    end = time.time() + args.seconds
    while time.time() < end:
        best["ours"] = min(best["ours"], ours.steps(2 * burst)[0])
        for key, rival in rivals.items():
            best[key] = min(best[key], rival.steps(burst)[0])
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default=HERE.parent.parent / "build", type=Path)
    parser.add_argument("--python", help="a Python with torch")
    parser.add_argument("--seconds", default=10, type=float, help="for each network and batch")
    parser.add_argument("--only", default="", help="one network, one batch: mlp, ae1000, 128 …")
    parser.add_argument("--cpu", action="store_true", help="one thread each, processor time")
    parser.add_argument("--compile", action="store_true", help="torch.compile, too")
    args = parser.parse_args()
    choose_python(args)
    subprocess.run(["ninja", "-C", args.build, "tests/bench/bench_train"], check=True,
                   stdout=subprocess.DEVNULL)
    import torch
    with tempfile.TemporaryDirectory() as folder:
        data = {name: make_data(torch, name, folder) for name in FLOPS}
        ours = Ours(args.build / "tests/bench/bench_train", folder)
        print(f"ours: {ours.isa}, {ours.threads} threads; torch {torch.__version__}; one step in us, "
              "the shortest of many", flush=True)
        if args.cpu:
            ours.ask("cpu")
        met = True
        for name in FLOPS:
            for batch in BATCHES:
                if args.only not in f"{name}{batch}":
                    continue
                best = compare(torch, ours, name, batch, data[name], args)
                peak = float(ours.ask("peak")[0])
                eager = min(us for key, us in best.items() if key.startswith("eager"))
                share = FLOPS[name](batch) / best["ours"] * 1e-3 / peak
                ratio = eager / best["ours"]
                met = met and ratio >= TARGET[batch]
                others = "  ".join(f"{key}: {us:.0f}" for key, us in best.items() if key != "ours")
                print(f"{name:4} {batch:5}  ours: {best['ours']:.0f}  {others}  "
                      f"ratio to eager {ratio:.2f} (goal {TARGET[batch]})  "
                      f"{100 * share:.0f} % of the peak of {peak:.0f} GF/s", flush=True)
    print("all goals met" if met else "not all goals met")


if __name__ == "__main__":
    main()
