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
from steps import Rival, main

JOBS = [("lenet", 128, 3), ("cnn", 128, 2.5), ("dcgan", 64, 2), ("resnet18", 8, 1.2),
        ("mobilenet", 8, 2)]


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


class Torch(Rival):
    def __init__(self, torch, name, batch, threads):
        super().__init__(torch, threads)
        make, channels, size = networks(torch)[name]
        self.run = self.net = make()
        self.x = torch.randn(batch, channels, size, size)
        self.y = torch.arange(batch) % 10
        self.loss = torch.nn.CrossEntropyLoss()
        self.adam = torch.optim.Adam(self.net.parameters(), lr=1e-3)


class TorchGan(Rival):
    def __init__(self, torch, batch, threads):
        super().__init__(torch, threads)
        nn = torch.nn
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


def operations(torch, name, rival):
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


if __name__ == "__main__":
    main(__doc__, "bench_conv", JOBS, make, operations)
