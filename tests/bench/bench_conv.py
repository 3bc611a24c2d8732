#!/usr/bin/env python3
"""Training steps of networks on images beside PyTorch's eager mode: the same layers, the same step
(forward, backward, Adam on all weights), the same machine, the same run. The two take turns in short
bursts, and the shortest step of each counts. The numbers that both compute are compared in
tests/nn (reference.py); here only their speed.

    tests/bench/bench_conv.py [--build DIR] [--python PYTHON] [--seconds S] [--only NAME] [--cpu]
                              [--compile]

--cpu compares one thread with one thread by the processor time they take, which tells something
even while the machine does other things. --compile adds torch.compile (minutes for each network).
The share of the peak is the products' operations alone. PYTHON is a Python with torch, as in bench_train.py.
"""
import argparse
import subprocess
import time
from pathlib import Path

from bench_train import choose_python

HERE = Path(__file__).resolve().parent
JOBS = [("lenet", 128, 3), ("cnn", 128, 2.5), ("dcgan", 64, 2), ("resnet18", 8, 1.2),
        ("mobilenet", 8, 2)]


class Ours:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.isa, self.threads = self.process.stdout.readline().split()

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()


def networks(torch):
    nn = torch.nn

    def conv_norm(a, b, size, stride=1, groups=1):
        return [nn.Conv2d(a, b, size, stride, size // 2, bias=False, groups=groups),
                nn.BatchNorm2d(b, eps=1e-3, momentum=0.01)]

    class Sum(nn.Module):
        def __init__(self, way, short, last):
            super().__init__()
            self.way, self.short, self.last = way, short, last

        def forward(self, x):
            return self.last(self.way(x) + self.short(x))

    def block(a, b, stride):
        way = nn.Sequential(*conv_norm(a, b, 3, stride), nn.ReLU(), *conv_norm(b, b, 3))
        short = nn.Identity() if a == b and stride == 1 else nn.Sequential(*conv_norm(a, b, 1, stride))
        return Sum(way, short, nn.ReLU())

    def inverted(a, wide, b, size, stride):
        way = nn.Sequential(*conv_norm(a, wide, 1), nn.ReLU(),
                            *conv_norm(wide, wide, size, stride, wide), nn.ReLU(),
                            *conv_norm(wide, b, 1))
        return Sum(way, nn.Identity(), nn.Identity()) if a == b and stride == 1 else way

    def lenet():
        return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
                             nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
                             nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(),
                             nn.Linear(84, 10))

    def cnn():
        return nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3),
                             nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1600, 10))

    def resnet18():
        rows, a = [*conv_norm(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
        for b in (64, 128, 256, 512):
            rows += [block(a, b, 1 if b == 64 else 2), block(b, b, 1)]
            a = b
        return nn.Sequential(*rows, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))

    def mobilenet():
        rows, a = [*conv_norm(3, 16, 3, 2), nn.ReLU()], 16
        for wide, b, size, stride in ((16, 16, 3, 2), (72, 24, 3, 2), (88, 24, 3, 1), (96, 40, 5, 2),
                                      (240, 40, 5, 1), (120, 48, 5, 1), (288, 96, 5, 2),
                                      (576, 96, 5, 1)):
            rows.append(inverted(a, wide, b, size, stride))
            a = b
        return nn.Sequential(*rows, *conv_norm(96, 576, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
                             nn.Flatten(), nn.Linear(576, 10))

    return {"lenet": (lenet, 1, 28), "cnn": (cnn, 1, 28), "resnet18": (resnet18, 3, 64),
            "mobilenet": (mobilenet, 3, 224)}


class Torch:
    def __init__(self, torch, name, batch, threads):
        self.torch, self.threads = torch, threads
        torch.set_num_threads(threads)
        make, channels, size = networks(torch)[name]
        self.net = make()
        self.x = torch.randn(batch, channels, size, size)
        self.y = torch.arange(batch) % 10
        self.loss = torch.nn.CrossEntropyLoss()
        self.adam = torch.optim.Adam(self.net.parameters(), lr=1e-3)
        self.run = self.net

    def compile(self):
        self.run = self.torch.compile(self.net)
        return self

    def step(self):
        self.adam.zero_grad()
        loss = self.loss(self.run(self.x), self.y)
        loss.backward()
        self.adam.step()

    def predict(self):
        with self.torch.no_grad():
            self.net(self.x)

    def time(self, n, clock, what):
        self.torch.set_num_threads(self.threads)
        best = 1e9
        for _ in range(n):
            start = clock()
            what()
            best = min(best, clock() - start)
        return best * 1e6

    def steps(self, n, clock):
        self.net.train()
        return self.time(n, clock, self.step)

    def infer(self, n, clock):
        self.net.eval()
        return self.time(n, clock, self.predict)


class TorchGan(Torch):
    def __init__(self, torch, batch, threads):
        nn = torch.nn
        self.torch, self.threads = torch, threads
        self.maker = nn.Sequential(nn.Linear(64, 7 * 7 * 64), nn.Unflatten(1, (64, 7, 7)),
                                   nn.BatchNorm2d(64), nn.ReLU(),
                                   nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.BatchNorm2d(32), nn.ReLU(),
                                   nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Tanh())
        self.judge = nn.Sequential(nn.Conv2d(1, 32, 4, 2, 1), nn.LeakyReLU(0.2),
                                   nn.Conv2d(32, 64, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(),
                                   nn.Linear(7 * 7 * 64, 1), nn.Sigmoid())
        self.net = self.judge
        self.x, self.z = torch.randn(batch, 1, 28, 28), torch.randn(batch, 64)
        self.one, self.zero = torch.ones(batch, 1), torch.zeros(batch, 1)
        self.loss = nn.BCELoss()
        self.adams = [torch.optim.Adam(m.parameters(), lr=1e-3) for m in (self.judge, self.maker)]

    def step(self):
        self.adams[0].zero_grad()
        with self.torch.no_grad():
            fake = self.maker(self.z)
        loss = self.loss(self.judge(self.x), self.one) + self.loss(self.judge(fake), self.zero)
        loss.backward()
        self.adams[0].step()
        self.adams[1].zero_grad()
        for p in self.judge.parameters():
            p.requires_grad_(False)
        self.loss(self.judge(self.maker(self.z)), self.one).backward()
        for p in self.judge.parameters():
            p.requires_grad_(True)
        self.adams[1].step()


def operations(torch, rival):
    """Of the products of one step, forward and both derivatives. PyTorch's counter takes grouped
    convolutions for full ones, so networks that have them are counted layer by layer."""
    from torch.utils.flop_counter import FlopCounterMode
    nn = torch.nn
    if any(getattr(m, "groups", 1) > 1 for m in rival.net.modules()):
        counts, each = [], lambda m, x, y: counts.append(6 * y.numel() * m.weight[0].numel())
        hooks = [m.register_forward_hook(each) for m in rival.net.modules()
                 if isinstance(m, (nn.Conv2d, nn.Linear))]
        rival.predict()
        for hook in hooks:
            hook.remove()
        return sum(counts)
    with FlopCounterMode(display=False) as counter:
        rival.step()
    return counter.get_total_flops()


def make(torch, name, batch, threads):
    return TorchGan(torch, batch, threads) if name == "dcgan" else Torch(torch, name, batch, threads)


def compare(torch, ours, name, batch, args):
    cpu = args.cpu
    arena = ours.ask(f"open {name} {batch}")[0]
    clock = time.process_time if cpu else time.perf_counter
    rivals = {t: make(torch, name, batch, t) for t in ((1,) if cpu else (1, 2))}
    work = operations(torch, rivals[1])
    if args.compile and name != "dcgan":
        rivals["compiled"] = make(torch, name, batch, max(rivals)).compile()
    best = {"ours": 1e9, "infer": 1e9, **{t: 1e9 for t in rivals}, **{-t: 1e9 for t in rivals if t != "compiled"}}
    first = min(r.steps(2, clock) for r in rivals.values())
    burst, end = max(2, int(3e5 / first)), time.time() + args.seconds
    while time.time() < end:
        best["ours"] = min(best["ours"], float(ours.ask(f"steps {3 * burst}")[0]))
        for t, rival in rivals.items():
            best[t] = min(best[t], rival.steps(burst, clock))
        if name == "dcgan":
            continue
        best["infer"] = min(best["infer"], float(ours.ask(f"infer {3 * burst}")[0]))
        for t, rival in rivals.items():
            if t == "compiled":
                continue
            best[-t] = min(best[-t], rival.infer(burst, clock))
    return best, arena, work


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
    subprocess.run(["ninja", "-C", args.build, "tests/bench/bench_conv"], check=True,
                   stdout=subprocess.DEVNULL)
    import torch
    ours = Ours(args.build / "tests/bench/bench_conv")
    print(f"ours: {ours.isa}, {ours.threads} threads; torch {torch.__version__}; one step in ms, the "
          "shortest of many" + (", one thread's processor time" if args.cpu else ""), flush=True)
    if args.cpu:
        ours.ask("cpu")
    for name, batch, goal in JOBS:
        if args.only not in name:
            continue
        best, arena, work = compare(torch, ours, name, batch, args)
        peak, triad = (float(x) for x in ours.ask("peak"))
        ways = [t for t in best if isinstance(t, int) and t > 0]
        others = "  ".join(f"torch, {t} thread{'s' * (t > 1)}: {best[t] / 1e3:.2f}" for t in ways)
        eager = min(best[t] for t in ways)
        if "compiled" in best:
            others += f"  compiled: {best['compiled'] / 1e3:.2f}"
        speed = work / best["ours"] * 1e-3
        line = (f"{name:9} {batch:4}  ours: {best['ours'] / 1e3:.2f}  {others}  ratio to eager "
                f"{eager / best['ours']:.2f} (goal {goal})  {speed:.0f} GF/s, "
                f"{100 * speed / peak:.0f} % of the peak of {peak:.0f} (triad {triad:.0f} GB/s)  {arena} MB")
        if best["infer"] < 1e9:
            there = min(best[-t] for t in ways)
            line += (f"; predicting ours: {best['infer'] / 1e3:.2f}  torch: {there / 1e3:.2f}  ratio "
                     f"{there / best['infer']:.2f}")
        print(line, flush=True)


if __name__ == "__main__":
    main()
