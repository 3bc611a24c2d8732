"""Reference values for tests/nn: PyTorch's layers, losses, optimizers and trainings on small data.

Writes reference.h beside this file. Run it with a Python that has torch and numpy:

    python tests/nn/reference.py

Data and first weights are formulas (values()), so that the C tests make the same ones. The order of
the examples in a training is drawn by runtime/rng.c itself, which is compiled and called.
"""

import ctypes
import math
import pathlib
import subprocess
import tempfile

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
lines = ["/* Reference values by PyTorch %s; written by reference.py. */" % torch.__version__.split("+")[0],
         "#pragma once", ""]


def emit(name, x):
    x = np.asarray(x.detach() if torch.is_tensor(x) else x, dtype=np.float64).ravel()
    numbers = ", ".join("%.17g" % v for v in x)
    lines.append("static const double %s[] = {%s};" % (name, numbers))


def values(n, salt):
    """n numbers between -1 and 1: sin of a growing angle."""
    return np.array([math.sin(0.7 * i + 1.3 * salt + 0.001 * i * i) for i in range(n)])


def table(rows, columns, salt):
    return torch.tensor(values(rows * columns, salt).reshape(rows, columns))


# ---- activations and layers ----

x = torch.tensor([-3, -1, -0.5, -0.1, 0, 0.1, 0.5, 1, 3.0])
emit("activation_x", x)
for name, f in {
    "linear": lambda v: v, "relu": F.relu, "leaky_relu": lambda v: F.leaky_relu(v, 0.01),
    "elu": F.elu, "gelu": F.gelu, "softplus": F.softplus, "sigmoid": torch.sigmoid,
    "tanh": torch.tanh, "softmax": lambda v: F.softmax(v, 0), "silu": F.silu, "exp": torch.exp,
    "hard_sigmoid": F.hardsigmoid,
}.items():
    emit("activation_" + name, f(x))
emit("layer_leaky_relu", F.leaky_relu(x, 0.1))
emit("layer_elu", F.elu(x, 0.5))
emit("layer_softmax", F.softmax(table(4, 3, 1), 1))
emit("layer_rescaling", x * 0.25 - 1)

rows = table(6, 4, 2)
dense_w, dense_b = table(4, 3, 3), torch.tensor(values(3, 4))
emit("layer_dense", torch.tanh(rows @ dense_w + dense_b))
norm = torch.nn.LayerNorm(4, eps=1e-3)
norm.weight.data, norm.bias.data = torch.tensor(values(4, 5)), torch.tensor(values(4, 6))
emit("layer_layer_norm", norm(rows))
batch = torch.nn.BatchNorm1d(4, eps=1e-3)
batch.weight.data, batch.bias.data = torch.tensor(values(4, 5)), torch.tensor(values(4, 6))
batch.running_mean, batch.running_var = torch.tensor(values(4, 7)), torch.tensor(values(4, 8)) ** 2
batch.eval()
emit("layer_batch_norm", batch(rows))

# ---- losses, on plain numbers ----

y, yhat = table(5, 3, 9), table(5, 3, 10)
p, q = torch.sigmoid(2 * yhat), (y > 0).double()
dist, truth = F.softmax(yhat, 1), F.softmax(3 * y, 1)
classes = torch.tensor([0, 2, 1, 2, 0])
emit("loss_mse", F.mse_loss(yhat, y))
emit("loss_mae", F.l1_loss(yhat, y))
emit("loss_huber", F.huber_loss(3 * yhat, y))
emit("loss_huber_half", F.huber_loss(3 * yhat, y, delta=0.5))
emit("loss_bce", F.binary_cross_entropy(p, q))
emit("loss_crossentropy", F.nll_loss(torch.log(dist), classes))
emit("loss_crossentropy_soft", -(truth * torch.log(dist)).sum(1).mean())
emit("loss_kl_divergence", F.kl_div(torch.log(dist), truth, reduction="batchmean"))
emit("loss_poisson", (p - 4 * q * torch.log(p + 1e-7)).mean())
emit("loss_hinge", torch.clamp(1 - (2 * q - 1) * yhat, min=0).mean())
emit("loss_cosine", (1 - F.cosine_similarity(yhat, y, dim=1)).mean())

# ---- metrics, from their definitions ----


def auc(truth_, score):
    positive, negative = score[truth_ > 0], score[truth_ <= 0]
    pairs = [(a > b) + 0.5 * (a == b) for a in positive for b in negative]
    return float(np.mean(pairs))


def macro(found, there, k):
    out = []
    for c in range(k):
        tp = np.sum((found == c) & (there == c))
        fp, fn = np.sum((found == c) & (there != c)), np.sum((found != c) & (there == c))
        out.append([tp / (tp + fp) if tp + fp else 0, tp / (tp + fn) if tp + fn else 0,
                    2 * tp / (2 * tp + fp + fn)])
    return np.mean(out, axis=0)


many = table(40, 4, 11).numpy()
there = (np.abs(values(40, 12)) * 3.99).astype(int)
binary, score = (values(40, 13) > 0.2).astype(float), np.round(values(40, 14) * 0.5 + 0.5, 1)
soft = F.softmax(torch.tensor(2 * many), 1).numpy()
found = soft.argmax(1)
emit("metric_accuracy_classes", np.mean(found == there))
emit("metric_top_k", np.mean([t in np.argsort(-r)[:2] for t, r in zip(there, soft)]))
emit("metric_macro", macro(found, there, 4))
emit("metric_auc_classes", np.mean([auc(there == c, soft[:, c]) for c in range(4)]))
yes = score > 0.5
tp, fp, fn = np.sum(yes & (binary > 0)), np.sum(yes & (binary == 0)), np.sum(~yes & (binary > 0))
emit("metric_binary", [np.mean(yes == (binary > 0)), tp / (tp + fp), tp / (tp + fn),
                       2 * tp / (2 * tp + fp + fn), auc(binary, score)])
a, b = many, table(40, 4, 15).numpy() * 0.3 + many
emit("metric_rmse", np.sqrt(np.mean((a - b) ** 2)))
emit("metric_mape", 100 * np.mean(np.abs(a - b) / np.maximum(np.abs(a), 1e-7)))
emit("metric_bias", np.mean(b - a))
emit("metric_r2", np.mean(1 - ((a - b) ** 2).sum(0) / ((a - a.mean(0)) ** 2).sum(0)))

# ---- optimizers on a free vector ----


def path(make, clip=None):
    w = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)
    opt, out = make([w]), []
    for _ in range(6):
        opt.zero_grad()
        (w ** 2 * torch.tensor([1.0, 3.0, 10.0])).sum().backward()
        if clip:
            clip(w)
        opt.step()
        out.append(w.detach().clone())
    return torch.stack(out)


O = torch.optim
emit("path_sgd", path(lambda w: O.SGD(w, 0.05)))
emit("path_momentum", path(lambda w: O.SGD(w, 0.05, momentum=0.9)))
emit("path_nesterov", path(lambda w: O.SGD(w, 0.05, momentum=0.9, nesterov=True)))
emit("path_adam", path(lambda w: O.Adam(w, 0.1, eps=1e-7)))
emit("path_adamw", path(lambda w: O.AdamW(w, 0.1, weight_decay=0.2, eps=1e-7)))
emit("path_rmsprop", path(lambda w: O.RMSprop(w, 0.1, alpha=0.9, eps=1e-7)))
emit("path_adagrad", path(lambda w: O.Adagrad(w, 0.5, initial_accumulator_value=0.1, eps=0)))
emit("path_clipnorm", path(lambda w: O.SGD(w, 0.05),
                           lambda w: torch.nn.utils.clip_grad_norm_([w], 2.0)))
emit("path_clipvalue", path(lambda w: O.SGD(w, 0.05),
                            lambda w: torch.nn.utils.clip_grad_value_([w], 1.5)))

# ---- trainings: ten epochs of losses ----

MASK = (1 << 64) - 1


def hash_mix(v):
    v = (v + 0x9E3779B97F4A7C15) & MASK
    v = ((v ^ (v >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    v = ((v ^ (v >> 27)) * 0x94D049BB133111EB) & MASK
    return v ^ (v >> 31)


def hash_add(h, v):
    return hash_mix(h ^ hash_mix(v))


class Key(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint64) for n in ("seed", "stream", "step")]


def load_rng():
    folder = tempfile.mkdtemp()
    library = folder + "/rng.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-ffp-contract=off", "-I", ROOT / "runtime",
                    "-I", ROOT, "-o", library, ROOT / "runtime/rng.c", "-lm"], check=True)
    lib = ctypes.CDLL(library)
    lib.rng_permutation.argtypes = [Key, ctypes.c_void_p, ctypes.c_int64]
    return lib


rng = load_rng()


def order(seed, stream, epoch, n):
    out = np.zeros(n, dtype=np.int64)
    rng.rng_permutation(Key(seed, hash_add(stream, 1), epoch), out.ctypes.data, n)
    return torch.tensor(out)


def train(name, net, params, loss, make, data, targets, penalty=None, clip=None, weights=None,
          batch_size=32):
    """Seed 7, stream 3, batches of 32, ten epochs, in float32 as awml's models are."""
    opt, losses = make(params), []
    for epoch in range(1, 11):
        rows_, total = order(7, 3, epoch, len(data)), 0.0
        for i in range(0, len(data), batch_size):
            pick = rows_[i:i + batch_size]
            opt.zero_grad()
            value = loss(net(data[pick]), targets[pick])
            if weights is not None:
                value = (value * weights[pick]).mean()
            if penalty:
                value = value + penalty()
            value.backward()
            if clip:
                torch.nn.utils.clip_grad_norm_(params, clip)
            opt.step()
            total += value.item() * len(pick)
        losses.append(total / len(data))
    emit("train_" + name, losses)


def parameter(rows_, columns, salt, scale=0.4):
    shape = (rows_, columns) if rows_ else (columns,)
    v = values((rows_ or 1) * columns, salt).reshape(shape) * scale
    return torch.tensor(v.astype(np.float32), requires_grad=True)


def f32(t):
    return t.float()


images = f32(table(70, 12, 20) * 0.5 + 0.5)
digits = torch.tensor((np.abs(values(70, 21)) * 4.99).astype(np.int64))


def dense2(salt, sizes):
    w = []
    for i, (m, n) in enumerate(zip(sizes, sizes[1:])):
        w += [parameter(m, n, salt + 2 * i), parameter(0, n, salt + 2 * i + 1)]
    return w


def adam(w):
    return O.Adam(w, 0.01, eps=1e-7)


w = dense2(30, [12, 16, 5])
mlp = lambda v: torch.relu(v @ w[0] + w[1]) @ w[2] + w[3]
train("mlp", mlp, w, F.cross_entropy, adam, images, digits)

w_ae = dense2(40, [12, 4, 12])
ae = lambda v: torch.sigmoid(F.elu(v @ w_ae[0] + w_ae[1]) @ w_ae[2] + w_ae[3])
train("autoencoder", ae, w_ae, F.mse_loss, adam, images, images)

w_bn = dense2(50, [12, 8, 1])
gamma = torch.ones(8, dtype=torch.float32, requires_grad=True)
beta = torch.zeros(8, dtype=torch.float32, requires_grad=True)


def normed(v):
    z = v @ w_bn[0] + w_bn[1]
    z = F.batch_norm(z, None, None, gamma, beta, training=True, eps=1e-3)
    return (F.gelu(z) @ w_bn[2] + w_bn[3])[:, 0]


yes_no = f32((images.sum(1) > images.sum(1).mean()).double())
train("batch_norm", normed, w_bn + [gamma, beta], F.binary_cross_entropy_with_logits,
      lambda v: O.RMSprop(v, 0.01, alpha=0.9, eps=1e-7), images, yes_no)

w_l2 = dense2(60, [12, 6, 1])
line = lambda v: (torch.tanh(v @ w_l2[0] + w_l2[1]) @ w_l2[2] + w_l2[3])[:, 0]
train("penalty", line, w_l2, F.huber_loss,
      lambda v: O.SGD(v, 0.1, momentum=0.9, nesterov=True), images, f32(3 * images[:, 0]),
      penalty=lambda: 0.01 * w_l2[0].abs().sum() + 0.02 * (w_l2[0] ** 2).sum()
      + 0.02 * (w_l2[2] ** 2).sum(), clip=0.5)

w_cw = dense2(70, [12, 5])
class_weight = torch.tensor([1, 2, 0.5, 1, 3], dtype=torch.float32)
sample_weight = f32(torch.tensor(np.abs(values(70, 22))))
train("weighted", lambda v: v @ w_cw[0] + w_cw[1], w_cw,
      lambda a_, b_: F.cross_entropy(a_, b_, reduction="none"),
      lambda v: O.AdamW(v, 0.02, weight_decay=0.1, eps=1e-7), images, digits,
      weights=class_weight[digits] * sample_weight)

(HERE / "reference.h").write_text("\n".join(lines) + "\n")
subprocess.run(["clang-format", "-i", HERE / "reference.h"], check=True)
