"""Reference values for tests/nn/test_images.c: PyTorch's convolutions and pooling with TensorFlow's
padding, and ten training losses of networks on images. Writes image_reference.h beside this file:

    python tests/nn/image_reference.py

Weight number i of a network is values(count, i) / sqrt(count / last size), biases a tenth of values;
normalisations begin with 1 and 0.
"""
import math
import pathlib
import subprocess

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
lines = ["/* Reference values by PyTorch %s; written by image_reference.py. */"
         % torch.__version__.split("+")[0], "#pragma once", ""]


def emit(name, x):
    numbers = ", ".join("%.8g" % v for v in np.asarray(x, dtype=np.float64).ravel())
    lines.append("static const double %s[] = {%s};" % (name, numbers))


def values(n, salt):
    return np.array([math.sin(0.7 * i + 1.3 * salt + 0.001 * i * i) for i in range(n)])


def tensor(shape, salt, scale=1.0):
    return torch.tensor(values(math.prod(shape), salt).reshape(shape) * scale)


def first(x):  # NHWC -> NCHW
    return x.permute(0, 3, 1, 2)


def last(x):
    return x.permute(0, 2, 3, 1)


def same(x, size, stride, dilation=(1, 1), value=0.0):
    """x (NCHW) padded as TensorFlow does it."""
    pads = []
    for i in (1, 0):
        n = x.shape[2 + i]
        total = max((-(-n // stride[i]) - 1) * stride[i] + (size[i] - 1) * dilation[i] + 1 - n, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


def conv(x, k, b=None, stride=(1, 1), padding="valid", dilation=(1, 1), groups=1):
    x = first(x)
    if padding == "same":
        x = same(x, k.shape[:2], stride, dilation)
    y = F.conv2d(x, k.permute(3, 2, 0, 1), None, stride, 0, dilation, groups)
    return last(y) if b is None else last(y) + b


def transposed(x, k, b=None, stride=(1, 1), padding="valid"):
    """Keras' kernel (height, width, out, in)."""
    y = F.conv_transpose2d(first(x), k.permute(3, 2, 0, 1), None, stride)
    if padding == "same":
        cut = [max(k.shape[i] - stride[i], 0) for i in range(2)]
        h, w = x.shape[1] * stride[0], x.shape[2] * stride[1]
        y = y[:, :, cut[0] // 2:cut[0] // 2 + h, cut[1] // 2:cut[1] // 2 + w]
    for i in range(2):  # a stride wider than the kernel leaves zeros behind
        if padding == "valid" and stride[i] > k.shape[i]:
            y = F.pad(y, [0, stride[1] - k.shape[1]] if i else [0, 0, 0, stride[0] - k.shape[0]])
    return last(y) if b is None else last(y) + b


def depthwise(x, k, b=None, stride=(1, 1), padding="valid"):
    c, m = k.shape[2], k.shape[3]
    return conv(x, k.reshape(k.shape[0], k.shape[1], 1, c * m), b, stride, padding, groups=c)


x = tensor((2, 5, 4, 4), 1)
bias = lambda n: tensor((n,), 3, 0.1)
emit("conv_same", torch.relu(conv(x, tensor((3, 3, 4, 5), 2, 0.3), bias(5), (2, 2), "same")))
emit("conv_holes", conv(x, tensor((3, 2, 4, 3), 2, 0.3), bias(3), dilation=(2, 3)))
emit("conv_groups", conv(x, tensor((2, 2, 2, 6), 2, 0.3), bias(6), padding="same", groups=2))
emit("transposed_same", transposed(x, tensor((4, 4, 3, 4), 2, 0.3), bias(3), (2, 2), "same"))
emit("transposed_valid", transposed(x, tensor((2, 3, 3, 4), 2, 0.3), bias(3), (3, 2)))
emit("depthwise_same", depthwise(x, tensor((3, 3, 4, 2), 2, 0.3), bias(8), (2, 2), "same"))
emit("separable", conv(depthwise(x, tensor((3, 3, 4, 1), 2, 0.3)), tensor((1, 1, 4, 5), 4, 0.3), bias(5)))
emit("max_pool_same", last(F.max_pool2d(same(first(x), (3, 3), (2, 2), value=-math.inf), 3, 2)))
ones = same(first(torch.ones_like(x)), (3, 3), (2, 2))
emit("avg_pool_same", last(F.avg_pool2d(same(first(x), (3, 3), (2, 2)), 3, 2) / F.avg_pool2d(ones, 3, 2)))
emit("max_pool_plain", last(F.max_pool2d(first(x), (2, 2))))
emit("global_avg", x.mean((1, 2)))
emit("global_max", x.amax((1, 2)))
emit("up_sampling", x.repeat_interleave(2, 1).repeat_interleave(3, 2))
series = tensor((2, 9, 3), 1)
k1 = tensor((3, 3, 4), 2, 0.3)
emit("conv1d_causal", F.conv1d(F.pad(series.transpose(1, 2), [4, 0]), k1.permute(2, 1, 0),
                               dilation=2).transpose(1, 2) + bias(4))
emit("max_pool1d", F.max_pool1d(series.transpose(1, 2), 3, 2).transpose(1, 2))
emit("conv1d_transposed", F.conv_transpose1d(series.transpose(1, 2), tensor((3, 4, 3), 2, 0.3).permute(2, 1, 0),
                                             stride=2).transpose(1, 2) + bias(4))

# ---- networks ----


class Weights:
    def __init__(self):
        self.n, self.list = 0, []

    def add(self, x):
        self.n += 1
        x = x.clone().requires_grad_(True)
        self.list.append(x)
        return x

    def matrix(self, *shape):
        return self.add(tensor(shape, self.n, 1 / math.sqrt(math.prod(shape[:-1]))))

    def bias(self, n):
        return self.add(tensor((n,), self.n, 0.1))

    def norm(self, n):
        pair = self.add(torch.ones(n)), self.add(torch.zeros(n))
        self.n += 2  # the moving averages
        return pair


def batch_norm(x, pair):
    flat = x.reshape(-1, x.shape[-1])
    mean, var = flat.mean(0), flat.var(0, unbiased=False)
    return (x - mean) / torch.sqrt(var + 1e-3) * pair[0] + pair[1]


def pool(x, f):
    return last(f(first(x), 2))


def lenet(w):
    c1, b1, c2, b2 = w.matrix(5, 5, 1, 6), w.bias(6), w.matrix(5, 5, 6, 16), w.bias(16)
    d = [(w.matrix(a, b), w.bias(b)) for a, b in ((400, 120), (120, 84), (84, 10))]

    def run(x):
        x = pool(torch.tanh(conv(x, c1, b1, padding="same")), F.avg_pool2d)
        x = pool(torch.tanh(conv(x, c2, b2)), F.avg_pool2d).flatten(1)
        for i, (k, b) in enumerate(d):
            x = x @ k + b if i == 2 else torch.tanh(x @ k + b)
        return x
    return run


def cnn(w):
    c1, b1, c2, b2 = w.matrix(3, 3, 1, 32), w.bias(32), w.matrix(3, 3, 32, 64), w.bias(64)
    k, b = w.matrix(1600, 10), w.bias(10)

    def run(x):
        x = pool(torch.relu(conv(x, c1, b1)), F.max_pool2d)
        return pool(torch.relu(conv(x, c2, b2)), F.max_pool2d).flatten(1) @ k + b
    return run


def generator(w):
    k, b, n0 = w.matrix(64, 7 * 7 * 64), w.bias(7 * 7 * 64), w.norm(64)
    t1, b1, n1 = w.matrix(4, 4, 32, 64), w.bias(32), w.norm(32)
    t2, b2 = w.matrix(4, 4, 1, 32), w.bias(1)

    def run(z):
        x = torch.relu(batch_norm((z @ k + b).reshape(-1, 7, 7, 64), n0))
        x = torch.relu(batch_norm(transposed(x, t1, b1, (2, 2), "same"), n1))
        return torch.tanh(transposed(x, t2, b2, (2, 2), "same"))
    return run


def discriminator(w):
    c = [(w.matrix(4, 4, a, b), w.bias(b)) for a, b in ((1, 32), (32, 64))]
    k, b0 = w.matrix(3136, 1), w.bias(1)

    def run(x):
        for kernel, b in c:
            x = F.leaky_relu(conv(x, kernel, b, (2, 2), "same"), 0.2)
        return x.flatten(1) @ k + b0
    return run


def normed_conv(w, *shape):
    return w.matrix(*shape), w.norm(shape[-1])


def residual(w):
    def block(a, b, stride):
        p, q = normed_conv(w, 3, 3, a, b), normed_conv(w, 3, 3, b, b)
        short = None if a == b and stride == 1 else normed_conv(w, 1, 1, a, b)

        def run(x):
            y = torch.relu(batch_norm(conv(x, p[0], None, (stride, stride), "same"), p[1]))
            y = batch_norm(conv(y, q[0], None, padding="same"), q[1])
            if short:
                x = batch_norm(conv(x, short[0], None, (stride, stride), "same"), short[1])
            return torch.relu(x + y)
        return run
    one, two, k, b = block(4, 4, 1), block(4, 6, 2), w.matrix(6, 3), w.bias(3)
    return lambda x: two(one(x)).mean((1, 2)) @ k + b


def inverted(w):
    def block(a, wide, b, size, stride):
        p = normed_conv(w, 1, 1, a, wide)
        d, dn = w.add(tensor((size, size, wide, 1), w.n, 1 / math.sqrt(size * size * wide))), w.norm(wide)
        q = normed_conv(w, 1, 1, wide, b)

        def run(x):
            y = torch.relu(batch_norm(conv(x, p[0], None, padding="same"), p[1]))
            y = torch.relu(batch_norm(depthwise(y, d, None, (stride, stride), "same"), dn))
            y = batch_norm(conv(y, q[0], None, padding="same"), q[1])
            return x + y if a == b and stride == 1 else y
        return run
    one, two, k, b = block(3, 6, 3, 3, 1), block(3, 9, 5, 5, 2), w.matrix(5, 3), w.bias(3)
    return lambda x: two(one(x)).mean((1, 2)) @ k + b


def heavy(w):  # few positions, kernels of megabytes
    c1, b1, c2, b2 = w.matrix(3, 3, 8, 260), w.bias(260), w.matrix(3, 3, 260, 200), w.bias(200)
    c3, b3, k, b = w.matrix(2, 2, 200, 150), w.bias(150), w.matrix(600, 3), w.bias(3)

    def run(x):
        x = torch.relu(conv(x, c1, b1, padding="same"))
        x = torch.relu(conv(x, c2, b2, (2, 2), "same"))
        return torch.relu(conv(x, c3, b3, padding="same")).flatten(1) @ k + b
    return run


def train(name, make, x, y, loss):
    w = Weights()
    net = make(w)
    adam, losses = torch.optim.Adam(w.list, 1e-3, eps=1e-7), []
    for _ in range(10):
        adam.zero_grad()
        value = loss(net(x), y)
        value.backward()
        adam.step()
        losses.append(value.item())
    emit("train_" + name, losses)


digits, classes = tensor((6, 28, 28, 1), 5), torch.arange(6) % 3
train("lenet", lenet, digits, classes, F.cross_entropy)
train("cnn", cnn, digits, classes, F.cross_entropy)
train("generator", generator, tensor((6, 64), 6), digits, F.mse_loss)
train("discriminator", discriminator, digits, (classes[:, None] > 0).double(),
      F.binary_cross_entropy_with_logits)
train("residual", residual, tensor((6, 9, 8, 4), 5), classes, F.cross_entropy)
train("inverted", inverted, tensor((6, 9, 8, 3), 5), classes, F.cross_entropy)
train("heavy", heavy, tensor((6, 4, 3, 8), 5), classes, F.cross_entropy)

(HERE / "image_reference.h").write_text("\n".join(lines) + "\n")
subprocess.run(["clang-format", "-i", HERE / "image_reference.h"], check=True)
