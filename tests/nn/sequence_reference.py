"""Reference values for tests/nn/test_sequences.c: trainings of PyTorch's recurrent layers, attention
and norms, ten epochs of losses each. Writes sequence_reference.h beside this file.

    python tests/nn/sequence_reference.py

The weights lie as ours (Keras' layout and order of gates) and are laid out as PyTorch wants them
inside the network, so that its own cells and their derivatives are what is compared.
"""

import pathlib
import subprocess

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
source = (HERE / "reference.py").read_text()
# the tools of reference.py, without its own values
exec(compile(source[:source.index("# ---- activations and layers ----")], "reference.py", "exec"))
tools = source[source.index("MASK = (1 << 64) - 1"):source.index('images = f32(')]
O = torch.optim
exec(compile(tools, "reference.py", "exec"))
lines[0] = lines[0].replace("reference.py", "sequence_reference.py")


def f32(t):
    return t.float()


def weights(salt, *shapes):
    """One weight for each shape, drawn by the formula with salts that count up."""
    out = []
    for i, shape in enumerate(shapes):
        n = int(np.prod(shape))
        v = (values(n, salt + i) * 0.4).astype(np.float32).reshape(shape)
        out.append(torch.tensor(v, requires_grad=True))
    return out


def call(layer, x, **parameters):
    layer = layer.float()
    return torch.func.functional_call(layer, parameters, (x,))[0]


def turned(w):
    """Columns z r a of a GRU as PyTorch's r z n."""
    n = w.shape[-1] // 3
    return torch.cat([w[..., n:2 * n], w[..., :n], w[..., 2 * n:]], -1)


def rnn(x, w, u, b):
    layer = torch.nn.RNN(w.shape[0], u.shape[0], batch_first=True)
    return call(layer, x, weight_ih_l0=w.T, weight_hh_l0=u.T, bias_ih_l0=b,
                bias_hh_l0=torch.zeros_like(b))


def gru(x, w, u, b):
    layer = torch.nn.GRU(w.shape[0], u.shape[0], batch_first=True)
    return call(layer, x, weight_ih_l0=turned(w).T, weight_hh_l0=turned(u).T,
                bias_ih_l0=turned(b[0]), bias_hh_l0=turned(b[1]))


def lstm(x, w, u, b):
    layer = torch.nn.LSTM(w.shape[0], u.shape[0], batch_first=True)
    return call(layer, x, weight_ih_l0=w.T, weight_hh_l0=u.T, bias_ih_l0=b,
                bias_hh_l0=torch.zeros_like(b))


def adam(w):
    return O.Adam(w, 0.01, eps=1e-7)


x = f32(table(70, 12, 20)).reshape(70, 3, 4)
y = f32(table(70, 2, 21))


def pair(name, cell, gates, biases, salt):
    """Two layers of 5 and 3 units, the last state, and a dense layer of 2."""
    shape = lambda i, n: [(i, gates * n), (n, gates * n), biases + (gates * n,)]
    w = weights(salt, *shape(4, 5), *shape(5, 3), (3, 2), (2,))
    net = lambda v: cell(cell(v, *w[:3]), *w[3:6])[:, -1] @ w[6] + w[7]
    train(name, net, w, F.mse_loss, adam, x, y)


pair("rnn", rnn, 1, (), 30)
pair("gru", gru, 3, (2,), 40)
pair("lstm", lstm, 4, (), 50)

# one block: two heads, norms after the sums, then groups
w = weights(60, *[(4, 4), (4,)] * 4, (4,), (4,), (4, 7), (7,), (7, 4), (4,), (4,), (4,), (4,), (4,),
            (12, 2), (2,))


def block(v):
    attention = torch.nn.MultiheadAttention(4, 2, batch_first=True).float()
    a = torch.func.functional_call(
        attention, {"in_proj_weight": torch.cat([w[0].T, w[2].T, w[4].T]),
                    "in_proj_bias": torch.cat([w[1], w[3], w[5]]),
                    "out_proj.weight": w[6].T, "out_proj.bias": w[7]},
        (v, v, v), {"need_weights": False})[0]
    a = F.layer_norm(v + a, (4,), w[8], w[9], 1e-3)
    h = F.gelu(a @ w[10] + w[11]) @ w[12] + w[13]
    h = F.layer_norm(a + h, (4,), w[14], w[15], 1e-3)
    h = F.group_norm(h.transpose(1, 2), 2, w[16], w[17], 1e-3).transpose(1, 2)
    return h.flatten(1) @ w[18] + w[19]


train("block", block, w, F.mse_loss, adam, x, y)

(HERE / "sequence_reference.h").write_text("\n".join(lines) + "\n")
subprocess.run(["clang-format", "-i", HERE / "sequence_reference.h"], check=True)
