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
from steps import Rival, main

JOBS = [("gru", 100, 8), ("lstm", 100, 1.5), ("transformer", 32, 2)]
# of a step: products only, forward and both gradients
OPERATIONS = {"gru": 6 * 100 * 24 * (4 * 96 + 32 * 96 + 32 * 48 + 16 * 48),
              "lstm": 6 * 100 * 24 * (32 * 512 + 128 * 512),
              "transformer": 6 * 32 * 64 * (4 * 64 * 64 + 2 * 64 * 256 + 2 * 64 * 64)}


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


class Torch(Rival):
    def __init__(self, torch, name, batch, threads):
        super().__init__(torch, threads)
        make, shape, out = networks(torch)[name]
        self.run = self.net = make()
        self.x, self.y = torch.randn(batch, *shape), torch.randn(batch, *out)
        self.loss = torch.nn.MSELoss()
        self.adam = torch.optim.Adam(self.net.parameters(), lr=1e-3)


if __name__ == "__main__":
    main(__doc__, "bench_sequence", JOBS, Torch, lambda torch, name, rival: OPERATIONS[name])
