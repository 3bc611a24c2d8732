#!/usr/bin/env python3
"""Training on a GPU beside PyTorch on the same GPU: eager, compiled, and as a CUDA graph.

    tests/bench/bench_cuda.py [--program PROGRAM] [--device gpu|cpu] [--only NAME] [--epochs N]

Run with a Python that has torch (without it, only our side is measured). Both sides train on random
numbers of the same shapes, whole epochs with all data on the device, and the shortest epoch counts;
the sides take turns. The lines are the table of docs/cuda.md: milliseconds a step, and how many times
as long each way of PyTorch takes. --device cpu checks this program where there is no GPU.
"""
import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

try:
    import torch
    from torch import nn
except ImportError:
    torch = None

ROOT = Path(__file__).resolve().parents[2]

# name: input shape, batch, examples, body in awml, target: classes, numbers, or the input itself
MODELS = {
    "mlp": ((784,), 128, 12800, "input.Dense(128, relu).Dense(10, softmax)", 10),
    "ae": ((784,), 128, 12800, "input.Dense(50, relu).Dense(784, sigmoid)", None),
    "cnn": ((28, 28, 1), 128, 6400, "input.Conv2D(32, 3x3, relu).MaxPool2D(2x2)"
            ".Conv2D(64, 3x3, relu).MaxPool2D(2x2).Flatten().Dropout(0.5).Dense(10, softmax)", 10),
    "gru": ((24, 4), 100, 5000, "input.GRU(32, return_sequences=True).GRU(16).Dense(24)", 24.0),
    "lstm": ((24, 4), 100, 5000, "input.LSTM(128).Dense(24)", 24.0),
}

PROGRAM = """%device {device}
model Net():
    input input: [{shape}]
    output y = {body}
X = randn({n}, {shape})
{targets}
net = Net()
h = train net on X -> {y}:
    batch: {batch}
    epochs: {epochs}
    optimizer: Adam(1e-3)
    quiet: True
print(h.seconds)
"""


def targets_of(name):
    shape, _, n, _, target = MODELS[name]
    if target is None:
        return "X = sigmoid(X)", "X"
    if isinstance(target, int):
        return f"Y = randint(0, {target}, {n})", "Y"
    return f"Y = randn({n}, {int(target)})", "Y"


def ours(args, name):
    """Milliseconds of the shortest epoch's steps."""
    shape, batch, n, body, _ = MODELS[name]
    targets, y = targets_of(name)
    text = PROGRAM.format(device=args.device, shape=", ".join(map(str, shape)), body=body, n=n, y=y,
                          targets=targets, batch=batch, epochs=args.epochs)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.awml"
        path.write_text(text)
        done = subprocess.run([args.program, "run", str(path)], capture_output=True, text=True)
    found = re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", done.stdout.strip().splitlines()[-1]
                       if done.stdout.strip() else "")
    if done.returncode or not found:
        sys.exit(f"{name}: {done.stdout}{done.stderr}")
    return 1e3 * min(map(float, found)) / ((n + batch - 1) // batch)


# ---- PyTorch ----

def build(name):
    class Last(nn.Module):
        """The last step of a recurrent layer."""

        def __init__(self, layer):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            return self.layer(x)[0][:, -1]

    class First(nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            return self.layer(x)[0]

    return {
        "mlp": lambda: nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)),
        "ae": lambda: nn.Sequential(nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 784), nn.Sigmoid()),
        "cnn": lambda: nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10)),
        "gru": lambda: nn.Sequential(First(nn.GRU(4, 32, batch_first=True)),
                                     Last(nn.GRU(32, 16, batch_first=True)), nn.Linear(16, 24)),
        "lstm": lambda: nn.Sequential(Last(nn.LSTM(4, 128, batch_first=True)), nn.Linear(128, 24)),
    }[name]()


class Theirs:
    def __init__(self, name, way, device):
        shape, self.batch, self.n, _, target = MODELS[name]
        if name == "cnn":
            shape = (1, 28, 28)
        self.device = device
        self.x = torch.randn(self.n, *shape, device=device)
        if target is None:
            self.x = self.y = torch.sigmoid(self.x)
        elif isinstance(target, int):
            self.y = torch.randint(0, target, (self.n,), device=device)
        else:
            self.y = torch.randn(self.n, int(target), device=device)
        self.net = build(name).to(device)
        self.loss = nn.CrossEntropyLoss() if isinstance(target, int) else nn.MSELoss()
        self.optimizer = torch.optim.Adam(self.net.parameters(), 1e-3, capturable=way == "graph")
        self.step = self.captured() if way == "graph" else self.plain
        if way == "compiled":
            self.net = torch.compile(self.net)

    def plain(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.net(x), y)
        loss.backward()
        self.optimizer.step()
        return loss

    def captured(self):
        """PyTorch's recipe for a whole step in a graph."""
        x, y = self.x[:self.batch].clone(), self.y[:self.batch].clone()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.plain(x, y)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(graph):
            loss = self.plain(x, y)

        def step(a, b):
            x.copy_(a)
            y.copy_(b)
            graph.replay()
            return loss
        return step

    def epoch(self):
        order = torch.randperm(self.n, device=self.device)
        start = time.perf_counter()
        for i in range(0, self.n - self.batch + 1, self.batch):
            rows = order[i:i + self.batch]
            loss = self.step(self.x[rows], self.y[rows])
        loss.item()
        return 1e3 * (time.perf_counter() - start) / (self.n // self.batch)


def theirs(args, name, way):
    device = "cuda" if args.device == "gpu" else "cpu"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    run = Theirs(name, way, device)
    return min(run.epoch() for _ in range(args.epochs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "build/kernel/awml-c"))
    parser.add_argument("--device", default="gpu", choices=("gpu", "cpu"))
    parser.add_argument("--only", choices=sorted(MODELS))
    parser.add_argument("--epochs", type=int, default=10)
    args = parser.parse_args()
    ways = (("eager", "compiled", "graph") if args.device == "gpu" else ("eager",)) if torch else ()
    if args.device == "gpu" and torch and not torch.cuda.is_available():
        sys.exit("PyTorch sees no GPU here. --device cpu checks this program.")
    print("device:", torch.cuda.get_device_name() if torch and args.device == "gpu" else args.device)
    print("| model | batch | ours, ms a step |" + "".join(f" {way} |" for way in ways))
    print("|---|---|---|" + "---|" * len(ways))
    for name in [args.only] if args.only else MODELS:
        mine = min(ours(args, name), ours(args, name))
        line = [f"{theirs(args, name, way) / mine:.2f} x" for way in ways]
        mine = min(mine, ours(args, name))
        print(f"| {name} | {MODELS[name][1]} | {mine:.3f} | " + " | ".join(line) + " |", flush=True)


if __name__ == "__main__":
    main()
