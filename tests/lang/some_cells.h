/* A little of everything that a cell can hold, in an order in which it runs; seven of them fail. */
#pragma once

static const char *const some_cells[] = {
    "x = randn(50, 3)\ny = x.sum(axis=1, keepdims=True)",
    "x = x * 2\nx[x > 1] = 0\nx[0] = [1, 2, 3]",
    "def f(a, b=[1, 2]):\n    c = [a * k for k in b]\n    return {sum: c, text: f\"{a:.2f}\"}\nr = "
    "f(3.0)\nr.more = [r, r]\nr",
    "t = table(a=range(20), b=range(20) * 2)\nt.c = t.a + "
    "t.b\nd = t.describe()\nt[t.a > 3].sort(\"b\", descending=True).head()",
    "g = grad(lambda w: (w ** 3).sum() + softmax(w).max(), [1.0, 2.0, 3.0])\nh = grad(lambda v: "
    "grad(lambda u: u ** 3, v), 2.0)",
    "model Net(hidden=4):\n    \"\"\"Tiny.\"\"\"\n    input x: [3]\n    h = x.Dense(hidden, "
    "relu).Dropout(10%).BatchNorm()\n    output y = h.Dense(1)\nm = Net()",
    "history = train m on x -> y:\n    validate: x -> y\n    epochs: 2\n    metrics: [mae]\n    "
    "callbacks: [EarlyStopping(patience=1 epoch)]\np = m.predict(x)",
    "def own(y, yhat):\n    return ((y - yhat) ** 2).mean()\nn = Net(hidden=2)\ntrain n on x -> "
    "y:\n    loss: own\n    epochs: 1\n    penalty: l2(0.1)\nevaluate({m: m, n: n}, x -> y, "
    "metrics=[mse])",
    "plot:\n    title: \"lines\"\n    for k in [1, 2]:\n        line(range(5), range(5) * k, "
    "label=f\"{k}\")\n    hist(x[:, 0])",
    "grid(scatter([1, 2], [3, 4]), heatmap(eye(3)), image(rand(4, 4)))",
    "show(rand(2, 8, 8), title=\"two\")\nprint(x, r, t, m, own)",
    "undefined_name + 1",
    "zeros(3) + zeros(4)",
    "def bad(v):\n    return v[99]\nbad([1, 2])",
    "m(zeros(2, 7))",
    "train m on x -> y:\n    epoch: 3",
    "z = 1\nfor i in range(3):\n    z = z + i\n    if z > 2:\n        error(\"enough\")",
    "x = [1, 2",
    "a, b = x.split(50%, 50%)\nw = 0.0\nwhile w < 5:\n    w += rand() + 0.5",
    "?Dense",
    "%who",
};

enum { N_SOME_CELLS = sizeof some_cells / sizeof some_cells[0] };
