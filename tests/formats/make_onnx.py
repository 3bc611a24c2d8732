"""Makes files/*.onnx: small networks as PyTorch exports them, each with an input and PyTorch's output.

    python tests/formats/make_onnx.py      (needs torch and onnx; written once, the files are kept)

Images go into the .npy files with their channels last, as the language has them.
"""
import pathlib
import sys
import warnings

import numpy as np
import torch
from torch import nn

FILES = pathlib.Path(__file__).resolve().parent / "files"


class Residual(nn.Module):
    """What ResNet is made of: odd padding, a pool with padding, batch normalisation, a shortcut."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(8),
                                  nn.ReLU(), nn.MaxPool2d(3, stride=2, padding=1))
        self.body = nn.Sequential(nn.Conv2d(8, 12, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(12),
                                  nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1), nn.BatchNorm2d(12))
        self.side = nn.Conv2d(8, 12, 1, stride=2)
        self.head = nn.Linear(12, 5)

    def forward(self, x):
        h = self.stem(x)
        h = torch.relu(self.body(h) + self.side(h))
        return self.head(torch.flatten(nn.functional.adaptive_avg_pool2d(h, 1), 1)).softmax(1)


class Mobile(nn.Module):
    """What MobileNetV3 is made of: depthwise convolution, squeeze and excitation, hard swish, ReLU6."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(4, 12, 1)
        self.deep = nn.Conv2d(12, 12, 3, stride=2, padding=1, groups=12)
        self.squeeze = nn.Conv2d(12, 3, 1)
        self.excite = nn.Conv2d(3, 12, 1)
        self.thin = nn.Conv2d(12, 6, 1)
        self.norm = nn.GroupNorm(1, 6)
        self.head = nn.Linear(6 * 4 * 3, 3)

    def forward(self, x):
        h = nn.functional.hardswish(self.deep(nn.functional.relu6(self.wide(x))))
        s = nn.functional.hardsigmoid(self.excite(torch.relu(self.squeeze(h.mean((2, 3), keepdim=True)))))
        h = nn.functional.leaky_relu(self.thin(h * s), 0.1)
        return self.head(h.view(h.size(0), -1))  # channel by channel: rows of the matrix are moved


class Joined(nn.Module):
    """Branches side by side, pooling with a last window that is cut, enlarging, transposed convolution."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 4, 3, padding=1)
        self.b = nn.Conv2d(3, 4, (1, 3), padding=(0, 1), dilation=1)
        self.up = nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1)
        self.slope = nn.PReLU(3)

    def forward(self, x):
        h = torch.cat([torch.sigmoid(self.a(x)), torch.tanh(self.b(x))], 1)
        h = nn.functional.max_pool2d(h, 2, stride=2, ceil_mode=True)
        h = nn.functional.interpolate(h, scale_factor=2, mode="nearest")
        h = nn.functional.avg_pool2d(h, 3, stride=2, padding=1)
        return self.slope(self.up(h))


class Sequence(nn.Module):
    """A convolution over time, two recurrent layers, the last step, gelu."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 6, 3, padding=1)
        self.lstm = nn.LSTM(6, 5, batch_first=True)
        self.gru = nn.GRU(5, 4, batch_first=True)
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        h = torch.relu(self.conv(x)).transpose(1, 2)
        h, _ = self.lstm(h)
        h, _ = self.gru(h)
        return self.head(nn.functional.gelu(self.norm(h[:, -1])))


class Alone(nn.Module):
    """Each channel normalised by itself, in the newer exporter's way; a transposed convolution in it."""

    def __init__(self):
        super().__init__()
        self.norm = nn.InstanceNorm2d(3, affine=True)
        self.up = nn.ConvTranspose2d(3, 4, 3, stride=2)
        self.group = nn.GroupNorm(2, 4)

    def forward(self, x):
        return self.group(torch.relu(self.up(self.norm(x)))).amax((2, 3))


class Both(nn.Module):
    """Recurrent layers in both directions: all states, last states of two layers, time first."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 3, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(6, 3, num_layers=2, bidirectional=True)
        self.back = nn.LSTM(4, 2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(16, 2)

    def forward(self, x):
        all_states, _ = self.lstm(x)
        steps, h = self.gru(all_states.transpose(0, 1))
        _, (last, cell) = self.back(x)
        return self.head(torch.cat([steps[-1], h[-2], h[-1], last[0], cell[1]], 1))


class Dense(nn.Module):
    """Matrices alone, with a bias apart from the product."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, 8), nn.ELU(), nn.BatchNorm1d(8), nn.Linear(8, 4), nn.SELU(),
                                    nn.Dropout(0.3))
        self.w = nn.Parameter(torch.randn(4, 3))
        self.b = nn.Parameter(torch.randn(3))

    def forward(self, x):
        return nn.functional.log_softmax(self.layers(x) @ self.w + self.b, dim=1)


def attention():
    """heads.onnx, which is not read: the error says why."""
    torch.manual_seed(1)
    net, x = nn.MultiheadAttention(4, 2, batch_first=True).eval(), torch.randn(3, 5, 4)
    torch.onnx.export(net, (x, x, x), str(FILES / "heads.onnx"), dynamo=False, input_names=["x"],
                      output_names=["y", "weights"], dynamic_axes={"x": {0: "batch"}})


def strip(path):
    """Without the traces of the program that the newer exporter leaves in a file."""
    import onnx
    m = onnx.load(path)
    del m.metadata_props[:], m.graph.metadata_props[:], m.graph.value_info[:]
    for x in [*m.graph.node, *m.graph.input, *m.graph.output, *m.graph.initializer]:
        del x.metadata_props[:]
        x.doc_string = ""
    onnx.save(m, path)


NETS = [("residual", Residual, (3, 25, 22)), ("mobile", Mobile, (4, 8, 6)), ("joined", Joined, (3, 9, 7)),
        ("sequence", Sequence, (4, 7)), ("dense", Dense, (6,)), ("both", Both, (7, 4)),
        ("both_new", Both, (7, 4)), ("alone_new", Alone, (3, 5, 4))]  # "new": by PyTorch's newer exporter


def main():
    warnings.filterwarnings("ignore")
    torch.manual_seed(1)
    FILES.mkdir(exist_ok=True)
    for name, make, shape in NETS:
        net = make().eval()
        for m in net.modules():
            if isinstance(m, (nn.BatchNorm2d, nn.BatchNorm1d)):
                m.running_mean.uniform_(-0.3, 0.3)
                m.running_var.uniform_(0.5, 1.5)
        x = torch.randn(3, *shape)
        y = net(x).detach()
        if name.endswith("_new"):
            torch.onnx.export(net, (x,), str(FILES / f"{name}.onnx"), dynamo=True, input_names=["x"],
                              output_names=["y"], dynamic_shapes=({0: torch.export.Dim("batch")},),
                              external_data=False, verbose=False)
            strip(FILES / f"{name}.onnx")
        else:
            torch.onnx.export(net, (x,), str(FILES / f"{name}.onnx"), dynamo=False, input_names=["x"],
                              output_names=["y"], dynamic_axes={"x": {0: "batch"}},
                              do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE)
        last = [x, y] if len(shape) == 1 or name.startswith("both") else [torch.movedim(t, 1, -1) if t.ndim == x.ndim else t for t in (x, y)]
        for end, t in zip("xy", last):
            np.save(FILES / f"{name}_{end}.npy", t.numpy().copy())
    attention()


if __name__ == "__main__":
    sys.exit(main())
