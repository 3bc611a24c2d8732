#!/usr/bin/env python3
"""Training on a GPU beside PyTorch on the same GPU: eager, compiled, and as a CUDA graph.

    tests/bench/bench_cuda.py [--program PROGRAM] [--device gpu|cpu] [--only NAME] [--epochs N]
                              [--precision float32|tf32|mixed] [--small]

Run with a Python that has torch (without it, or where it sees no GPU, only our side is measured; what
is missing is said first). Both sides train on random numbers of the same shapes, whole epochs with all
data on the device, and the shortest epoch counts; the sides take turns. The lines are the table of
docs/cuda.md: milliseconds a step, GFLOP of a step and TFLOP/s reached, the share of the card's peak for
this precision where it is known, and how many times as long each way of PyTorch takes. --device cpu and
--small check this program where there is no GPU; so does the tests' driver:

    LD_LIBRARY_PATH=build/tests/cuda AWML_BACKENDS=build/runtime/cuda tests/bench/bench_cuda.py --small
"""
import argparse
import contextlib
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

# TFLOP/s by precision: NVIDIA's figures, dense, with sums in float32.
PEAKS = {"T4": {"float32": 8.1, "mixed": 65}, "A10G": {"float32": 31, "tf32": 35, "mixed": 70},
         "L4": {"float32": 30, "tf32": 60, "mixed": 121},
         "A100": {"float32": 19.5, "tf32": 156, "mixed": 312},
         "H100": {"float32": 67, "tf32": 494, "mixed": 989},
         "H200": {"float32": 67, "tf32": 494, "mixed": 989}}


# ---- our networks ----

def resnet18():
    """He et al. 2015, as torchvision lays it out, with a head of 10."""
    lines = ['a = input.Conv2D(64, 7x7, strides=2, padding="same", bias=False).BatchNorm().relu()'
             '.MaxPool2D(3x3, strides=2, padding="same")']
    channels = 64
    for wide in (64, 128, 256, 512):
        for first in (True, False):
            stride = 2 if first and wide > 64 else 1
            short = "a" if stride == 1 and channels == wide else \
                f"a.Conv2D({wide}, 1x1, strides={stride}, bias=False).BatchNorm()"
            lines.append(f"b = {short}")
            lines.append(f'a = a.Conv2D({wide}, 3x3, strides={stride}, padding="same", bias=False)'
                         f'.BatchNorm().relu().Conv2D({wide}, 3x3, padding="same", bias=False)'
                         ".BatchNorm()")
            lines.append("a = relu(a + b)")
            channels = wide
    return lines + ["output y = a.GlobalAvgPool2D().Dense(10, softmax)"]


# Wide, out, kernel, stride: MobileNetV3-small's blocks, without squeeze and excite, as bench_conv.py's.
MOBILE = ((16, 16, 3, 2), (72, 24, 3, 2), (88, 24, 3, 1), (96, 40, 5, 2), (240, 40, 5, 1),
          (120, 48, 5, 1), (288, 96, 5, 2), (576, 96, 5, 1))


def mobilenet():
    lines = ['a = input.Conv2D(16, 3x3, strides=2, padding="same", bias=False).BatchNorm().relu()']
    channels = 16
    for wide, out, size, stride in MOBILE:
        lines.append("b = a")
        lines.append(f"a = a.Conv2D({wide}, 1x1, bias=False).BatchNorm().relu()"
                     f'.DepthwiseConv2D({size}x{size}, strides={stride}, padding="same", bias=False)'
                     f".BatchNorm().relu().Conv2D({out}, 1x1, bias=False).BatchNorm()")
        if channels == out and stride == 1:
            lines.append("a = a + b")
        channels = out
    return lines + ["output y = a.Conv2D(576, 1x1, bias=False).BatchNorm().relu().GlobalAvgPool2D()"
                    ".Dense(10, softmax)"]


TRANSFORMER = ["a = (input + MultiHeadAttention(4)(query=input, key=input, value=input)).LayerNorm()",
               "output y = (a + a.Dense(256, gelu).Dense(64)).LayerNorm()"]

# name: input shape, batch, examples, body in awml, target: classes, numbers, or the input itself
MODELS = {
    "mlp": ((784,), 128, 12800, ["output y = input.Dense(128, relu).Dense(10, softmax)"], 10),
    "ae": ((784,), 128, 12800, ["output y = input.Dense(50, relu).Dense(784, sigmoid)"], None),
    "cnn": ((28, 28, 1), 128, 6400, ["output y = input.Conv2D(32, 3x3, relu).MaxPool2D(2x2)"
            ".Conv2D(64, 3x3, relu).MaxPool2D(2x2).Flatten().Dropout(0.5).Dense(10, softmax)"], 10),
    "gru": ((24, 4), 100, 5000,
            ["output y = input.GRU(32, return_sequences=True).GRU(16).Dense(24)"], 24.0),
    "lstm": ((24, 4), 100, 5000, ["output y = input.LSTM(128).Dense(24)"], 24.0),
    "gan": ((28, 28, 1), 64, 6400, None, None),
    "transformer": ((64, 64), 32, 3200, TRANSFORMER, None),
    "resnet18": ((224, 224, 3), 64, 640, resnet18(), 10),
    "mobilenet": ((224, 224, 3), 64, 640, mobilenet(), 10),
}

PROGRAM = """%device {device}
model Net():
    input input: [{shape}]
    {body}
X = randn({n}, {shape})
{targets}
net = Net()
h = train net on X -> {y}:
    batch: {batch}
    epochs: {epochs}
    optimizer: Adam(1e-3)
    precision: "{precision}"
    quiet: True
print(h.seconds)
"""

GAN = """%device {device}
model Maker():
    input z: [64]
    output y = z.Dense(3136).Reshape(7, 7, 64).BatchNorm().relu()\
        .Conv2DTranspose(32, 4x4, strides=2, padding="same").BatchNorm().relu()\
        .Conv2DTranspose(1, 4x4, strides=2, padding="same", activation=tanh)
model Judge():
    input x: [28, 28, 1]
    output y = x.Conv2D(32, 4x4, strides=2, padding="same").LeakyReLU(0.2)\
        .Conv2D(64, 4x4, strides=2, padding="same").LeakyReLU(0.2).Flatten().Dense(1, sigmoid)
X = randn({n}, {shape})
G, D = Maker(), Judge()
h = train G, D on X:
    batch: {batch}
    epochs: {epochs}
    optimizer: {{G: Adam(1e-3), D: Adam(1e-3)}}
    precision: "{precision}"
    quiet: True
    step real:
        z = randn(len(real), 64)
        minimize bce(1, D(real)) + bce(0, D(G(z))) over D
        minimize bce(1, D(G(z))) over G
print(h.seconds)
"""


def sizes_of(args, name):
    """Batch and examples; --small: two batches of four."""
    _, batch, n, _, _ = MODELS[name]
    return (4, 8) if args.small else (batch, n)


def targets_of(name, n):
    target = MODELS[name][4]
    if target is None:
        return "X = sigmoid(X)", "X"
    if isinstance(target, int):
        return f"Y = randint(0, {target}, {n})", "Y"
    return f"Y = randn({n}, {int(target)})", "Y"


def ours(args, name):
    """Milliseconds of the shortest epoch's steps."""
    shape, _, _, body, _ = MODELS[name]
    batch, n = sizes_of(args, name)
    targets, y = targets_of(name, n)
    text = (GAN if body is None else PROGRAM).format(
        device=args.device, shape=", ".join(map(str, shape)), n=n, y=y, targets=targets, batch=batch,
        body="\n    ".join(body or []), epochs=args.epochs, precision=args.precision)
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

    from bench_conv import networks
    images = networks(torch)
    return {
        "mlp": lambda: nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)),
        "ae": lambda: nn.Sequential(nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 784), nn.Sigmoid()),
        "cnn": lambda: nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10)),
        "gru": lambda: nn.Sequential(First(nn.GRU(4, 32, batch_first=True)),
                                     Last(nn.GRU(32, 16, batch_first=True)), nn.Linear(16, 24)),
        "lstm": lambda: nn.Sequential(Last(nn.LSTM(4, 128, batch_first=True)), nn.Linear(128, 24)),
        "transformer": lambda: nn.TransformerEncoderLayer(64, 4, 256, dropout=0, activation="gelu",
                                                          batch_first=True),
        "resnet18": images["resnet18"][0],
        "mobilenet": images["mobilenet"][0],
    }[name]()


def cut(args):
    """PyTorch's automatic mixed precision, where that is asked for."""
    if args.precision != "mixed" or args.device != "gpu":
        return contextlib.nullcontext()
    half = torch.float16 if torch.cuda.get_device_capability() < (8, 0) else torch.bfloat16
    return torch.autocast("cuda", dtype=half)


class Theirs:
    def __init__(self, args, name, way, device):
        shape, _, _, _, target = MODELS[name]
        self.args, self.device = args, device
        self.batch, self.n = sizes_of(args, name)
        if len(shape) == 3:
            shape = (shape[2], *shape[:2])
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
        scales = args.precision == "mixed" and device == "cuda" and \
            torch.cuda.get_device_capability() < (8, 0)
        self.scaler = torch.amp.GradScaler("cuda") if scales else None
        self.step = self.captured() if way == "graph" else self.plain
        if way == "compiled":
            self.net = torch.compile(self.net)

    def plain(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        with cut(self.args):
            loss = self.loss(self.net(x), y)
        if self.scaler:
            self.scaler.scale(loss).backward()
            self.scaler.step(self.optimizer)
            self.scaler.update()
        else:
            loss.backward()
            self.optimizer.step()
        return loss

    def gflop(self):
        """Of a step, forwards and backwards."""
        from torch.utils.flop_counter import FlopCounterMode
        counter = FlopCounterMode(display=False)
        with counter:
            self.plain(self.x[:self.batch], self.y[:self.batch])
        return counter.get_total_flops() / 1e9

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
    """Milliseconds a step, and its GFLOP."""
    device = "cuda" if args.device == "gpu" else "cpu"
    tf32 = args.precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    run = Theirs(args, name, way, device)
    if way == "graph" and run.scaler:
        return float("nan"), 0  # PyTorch's scaler asks the host in each step
    gflop = run.gflop() if way == "eager" and args.flops else 0
    return min(run.epoch() for _ in range(args.epochs)), gflop


def share_of(args, device, tflops):
    for card, peaks in PEAKS.items():
        if card in device and args.precision in peaks:
            return f"{100 * tflops / peaks[args.precision]:.0f} %"
    return "?"


def what_is_here(args):
    """Says what each side finds; exits when our side has no GPU to measure."""
    done = subprocess.run([args.program, "doctor"], capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if re.match(r"\w+ +GPU", line)]
    print("\n".join(lines))
    good = any(re.match(r"OK +GPU ", line) for line in lines)
    if args.device == "gpu" and not good:
        sys.exit("There is no GPU that our side can use; the lines above say why. --device cpu --small "
                 "checks this program.")
    sees = bool(torch) and (args.device == "cpu" or torch.cuda.is_available())
    if not torch:
        print("This Python has no torch: only our side is measured.")
    elif not sees:
        print(f"torch {torch.__version__} sees no GPU: only our side is measured.")
    elif args.device == "gpu":
        print(f"torch {torch.__version__}, CUDA {torch.version.cuda}, {torch.cuda.get_device_name()}")
    return sees, lines[0] if args.device == "gpu" else "CPU"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/kernel/awml-c"))
    parser.add_argument("--device", default="gpu", choices=("gpu", "cpu"))
    parser.add_argument("--precision", default="float32", choices=("float32", "tf32", "mixed"))
    parser.add_argument("--only", choices=sorted(MODELS))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--small", action="store_true", help="two batches of four: a check, no figures")
    args = parser.parse_args()
    args.flops = True
    sees, device = what_is_here(args)
    ways = (("eager", "compiled", "graph") if args.device == "gpu" else ("eager",)) if sees else ()
    print(f"precision: {args.precision}")
    print("| model | batch | ours, ms a step | GFLOP | TFLOP/s | of peak |" +
          "".join(f" {way} |" for way in ways))
    print("|---|---|---|---|---|---|" + "---|" * len(ways))
    for name in [args.only] if args.only else MODELS:
        mine = min(ours(args, name), ours(args, name))
        rivals, gflop = [], 0
        for way in ways if name != "gan" else ():
            try:
                time_of, found = theirs(args, name, way)
            except RuntimeError as problem:  # a compiler that is missing is no reason to stop
                print(f"{name}, {way}: {str(problem).splitlines()[0]}", file=sys.stderr)
                time_of, found = float("nan"), 0
            gflop = found or gflop
            rivals.append(f"{time_of / mine:.2f} x")
        mine = min(mine, ours(args, name))
        tflops = gflop / mine
        work = [f"{gflop:.2f}", f"{tflops:.2f}", share_of(args, device, tflops)] if gflop else ["", "", ""]
        print(f"| {name} | {sizes_of(args, name)[0]} | {mine:.3f} | " +
              " | ".join(work + rivals + ["not measured"] * (len(ways) - len(rivals))) + " |", flush=True)


if __name__ == "__main__":
    main()
