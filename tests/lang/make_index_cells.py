"""Writes cells/indexing.cell and cells/elementwise.cell: subscripts, reductions and elementwise
functions with what NumPy gives. The files it makes are kept."""
import itertools
import math
import pathlib
import random

import numpy as np

HERE = pathlib.Path(__file__).parent / "cells"


def expit(x):
    with np.errstate(over="ignore"):
        return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def ndtr(x):
    return np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in x])


def softmax(x):
    y = np.exp(x - x.max())
    return y / y.sum()


def literal(x):
    """A value as a program writes it, exact."""
    x = np.asarray(x)
    if x.dtype == bool:
        return str(x.tolist())
    if x.dtype.kind == "i":
        return str(x.tolist())
    if x.ndim == 0:
        v = float(x)
        return "nan" if np.isnan(v) else "inf" if v == np.inf else "-inf" if v == -np.inf else repr(v)
    return "[" + ", ".join(literal(v) for v in x) + "]"


def subscripts():
    """Every kind of subscript for one axis of length 4, and pairs of them for [3, 4]."""
    ends = ["", "0", "1", "3", "4", "9", "-1", "-3", "-4", "-9"]
    one = [str(i) for i in range(-4, 4)]
    one += [f"{a}:{b}" for a in ends for b in ends]
    one += [f"{a}:{b}:{s}" for a in ends for b in ends for s in ("2", "-1", "-2", "7")]
    one += ["[0, 2]", "[3, -1, 0]", "[[0, 1], [2, 3]]", "[True, False, True, False]", "None"]
    return one


def cell_of(title, setup, checks):
    return f"=== {title}\n{setup}\n" + "\n".join(checks) + '\nprint("as NumPy")\n--- shows\nas NumPy\n\n'


def indexing():
    x = np.arange(4) * 10
    m = np.arange(12).reshape(3, 4)
    c = np.arange(24).reshape(2, 3, 4)
    random.seed(3)
    out = "# Subscripts, with what NumPy gives; made by make_index_cells.py.\n\n"

    def check(name, value, sub):
        got = eval(f"v[{sub}]", {"v": value})
        if got.size == 0:
            return f"assert {name}[{sub}].shape == {list(got.shape)}"
        if got.ndim == 0:
            return f"assert {name}[{sub}] == {int(got)}"
        return f"assert all({name}[{sub}] == {got.tolist()}) and {name}[{sub}].shape == {list(got.shape)}"

    one = subscripts()
    out += cell_of("one axis", "x = range(4) * 10", [check("x", x, s) for s in one])
    simple = ["0", "-1", "2", ":", "1:", ":-1", "::2", "::-1", "None", "0:0"]
    pairs = [f"{a}, {b}" for a, b in itertools.product(simple, simple)]
    pairs += ["[0, 2]", "[2, 0], 1", "1, [3, 0]", ":, [3, 0]", "[0, 2], 1:", "::2, [0, -1]", "[True, False, True]",
              "[True, False, True], 1", ":, [True, False, False, True]", "None, :, None, 1",
              "[[0, 1], [2, 0]]", ":, [[0, 1], [2, 3]]"]
    out += cell_of("two axes", "m = range(12).reshape(3, 4)", [check("m", m, s) for s in pairs])
    triples = [f"{a}, {b}, {d}" for a, b, d in itertools.product(simple[:9], simple[:9], simple[:9])
               if not (a == "2" or (a == "None" and b == "2") or (a == b == "None" and d == "2"))]
    triples = random.sample(triples, 120) + ["1", "0, 2", ":, 1", ":, :, [3, 1]", ":, [0, 2]", ":, :, [0, 0]", "[1, 0]"]
    out += cell_of("three axes", "c = range(24).reshape(2, 3, 4)", [check("c", c, s) for s in triples])
    out += cell_of("masks", "m = range(12).reshape(3, 4)", [
        f"assert all(m[m > 5] == {m[m > 5].tolist()})",
        f"assert all(m[m % 2 == 0] == {m[m % 2 == 0].tolist()})",
        "assert m[m > 99].shape == [0]",
        f"assert all(m[m.sum(axis=1) > 10] == {m[m.sum(axis=1) > 10].tolist()})"])
    out += assignments(m)
    (HERE / "indexing.cell").write_text(out)


def assignments(m):
    checks = []
    for sub, value in [("0", 5), ("1, 2", 7), (":, 1", [1, 2, 3]), ("::2", 0), ("1:, ::2", [[1, 2], [3, 4]]),
                       ("-1", [9, 8, 7, 6]), ("m > 5", -1), ("[0, 2]", 1), ("::-1", np.arange(12).reshape(3, 4).tolist()),
                       (":, -1", 100), ("[2, 0], 1", [50, 60]), ("m % 2 == 0", 0), (":", 3), ("0, ::-1", [1, 2, 3, 4])]:
        n = m.copy()
        exec(f"n[{sub}] = value", {"n": n, "value": np.asarray(value), "m": m})
        checks += ["n = m", f"n[{sub}] = {value}", f"assert all(n == {n.tolist()}) and all(m == range(12).reshape(3, 4))"]
    return cell_of("assignment to parts leaves the original alone", "m = range(12).reshape(3, 4)", checks) + parts_of_three()


def parts_of_three():
    """Assignments to three axes, the values counting up in the shape of the part."""
    checks = []
    for sub in ["1, :, 2", "::2, 1, -1", "0", ":, ::-1, 1:3", "[1, 0], 2", "1, [2, -1]", "1, [0, -2], 1:3", ":, :, [3, 0]",
                "None, 1, :, ::3", "-1, -1, -1", "0:0", "1, 2:0:-1, ::-2"]:
        n = np.zeros((2, 3, 4), int)
        part = n[eval(f"np.s_[{sub}]", {"np": np})]
        value = np.arange(part.size).reshape(part.shape) + 1
        n[eval(f"np.s_[{sub}]", {"np": np})] = value
        written = value.tolist() if value.size else f"zeros({', '.join(map(str, value.shape))})"
        checks += ["n = zeros(2, 3, 4)", f"n[{sub}] = {written}", f"assert all(n == {n.tolist()})"]
    return cell_of("assignment to parts of three axes", "", checks).replace("axes\n\n", "axes\n")


def elementwise():
    x = np.array([-750., -30., -3.5, -1., -0.5, -1e-9, 0., 1e-9, 0.5, 1., 2.5, 30., 700.])
    p = np.array([1e-300, 1e-9, 0.5, 1., 2., 1e9])
    small = np.array([-3., -1., -0.25, 0., 0.25, 1., 3.])
    table = [
        ("abs(x)", x, np.abs(x)), ("sign(x)", x, np.sign(x)), ("exp(x)", x, np.exp(x)),
        ("log(x)", p, np.log(p)), ("sqrt(x)", p, np.sqrt(p)), ("sin(x)", x, np.sin(x)), ("cos(x)", x, np.cos(x)),
        ("sigmoid(x)", x, expit(x)), ("tanh(x)", x, np.tanh(x)), ("relu(x)", x, np.maximum(x, 0)),
        ("gelu(x)", small, small * ndtr(small)), ("softplus(x)", x, np.logaddexp(0, x)),
        ("tan(x)", small, np.tan(small)), ("asin(x)", small / 3, np.arcsin(small / 3)), ("acos(x)", small / 3, np.arccos(small / 3)),
        ("atan(x)", x, np.arctan(x)), ("atan2(x, 0.5)", x, np.arctan2(x, 0.5)), ("atan2(x, -2)", x, np.arctan2(x, -2)),
        ("sinh(x)", small, np.sinh(small)), ("cosh(x)", small, np.cosh(small)), ("expm1(x)", small * 1e-9, np.expm1(small * 1e-9)),
        ("log2(x)", p, np.log2(p)), ("log10(x)", p, np.log10(p)), ("log1p(x)", p, np.log1p(p)), ("ceil(x)", x, np.ceil(x)),
        ("floor(x)", x, np.floor(x)), ("erf(x)", small, np.array([math.erf(v) for v in small])), ("round(x)", x, np.round(x)),
        ("round(x, 1)", small, np.round(small, 1)), ("clip(x, -1, 2)", x, np.clip(x, -1, 2)),
        ("maximum(x, 0.5)", x, np.maximum(x, 0.5)), ("minimum(x, 0.5)", x, np.minimum(x, 0.5)),
        ("leaky_relu(x)", x, np.where(x > 0, x, 0.01 * x)), ("leaky_relu(x, 0.3)", x, np.where(x > 0, x, 0.3 * x)),
        ("elu(x)", x, np.where(x > 0, x, np.expm1(x))), ("elu(x, 2)", small, np.where(small > 0, small, 2 * np.expm1(small))),
        ("silu(x)", small, small * expit(small)), ("normal_cdf(x)", small, ndtr(small)),
        ("normal_pdf(x)", small, np.exp(-small ** 2 / 2) / np.sqrt(2 * np.pi)),
        ("softmax(x)", small, softmax(small)), ("softmax(x)", x, softmax(x)),
        ("where(x < 0, -x, 2 * x)", x, np.where(x < 0, -x, 2 * x)),
        ("x ** 2", x, x ** 2), ("x ** 3", small, small ** 3), ("2 ** x", small, 2 ** small), ("x // 0.75", small, small // 0.75),
        ("x % 0.75", small, small % 0.75), ("x % -0.75", small, small % -0.75), ("1 / (1 + exp(-x))", small, expit(small)),
        ("cumsum(x)", small, np.cumsum(small)), ("flip(x)", small, small[::-1]), ("to_int(x)", small, small.astype(int)),
    ]
    checks = []
    for expression, values, expected in table:
        checks += [f"x = {literal(values)}", f"assert close({expression}, {literal(expected)}, 1e-12)"]
        if "softmax" not in expression and "cumsum" not in expression and "flip" not in expression:
            checks += [f"x = {literal(values[2])}", f"assert close({expression}, {literal(expected[2])}, 1e-12)"]
    out = "# Elementwise functions and reductions, with what NumPy give; made by make_index_cells.py.\n\n"
    out += cell_of("elementwise", "", checks)
    out += reductions()
    (HERE / "elementwise.cell").write_text(out)


def reductions():
    rng = np.random.default_rng(5)
    m = rng.normal(size=(2, 3, 4)).round(3)
    checks = []
    for name, f in [("sum", np.sum), ("mean", np.mean), ("max", np.max), ("min", np.min), ("std", np.std), ("var", np.var)]:
        checks.append(f"assert close(m.{name}(), {literal(f(m))}, 1e-12)")
        for axis in (0, 1, 2, -1):
            checks.append(f"assert close(m.{name}(axis={axis}), {literal(f(m, axis=axis))}, 1e-12)")
        for axis in ((0, 1), (0, 2), (1, 2), (0, 1, 2)):
            checks.append(f"assert close(m.{name}(axis={list(axis)}), {literal(f(m, axis=axis))}, 1e-12)")
        checks.append(f"assert close(m.{name}(axis=1, keepdims=True), {literal(f(m, axis=1, keepdims=True))}, 1e-12)")
        for axis, word in ((0, "a"), (1, "b"), (2, "c")):
            checks.append(f'assert close(named.{name}(axis="{word}").axes("u", "v"), {literal(f(m, axis=axis))}.axes("u", "v"), 1e-12)')
    for axis in (0, 1, 2):
        checks.append(f"assert all(m.argmax(axis={axis}) == {np.argmax(m, axis=axis).tolist()})")
        checks.append(f"assert all(m.argmin(axis={axis}) == {np.argmin(m, axis=axis).tolist()})")
        checks.append(f"assert close(m.cumsum(axis={axis}), {literal(np.cumsum(m, axis=axis))}, 1e-12)")
        checks.append(f"assert close(median(m, axis={axis}), {literal(np.median(m, axis=axis))}, 1e-12)")
        checks.append(f"assert all(any(m > 1, axis={axis}) == {np.any(m > 1, axis=axis).tolist()})")
        checks.append(f"assert all(all(m > -1, axis={axis}) == {np.all(m > -1, axis=axis).tolist()})")
    flat = m.reshape(-1)
    checks += [f"assert m.argmax() == {int(np.argmax(m))} and m.argmin() == {int(np.argmin(m))}",
               f"assert close(median(m), {literal(np.median(m))}, 1e-12)",
               f"assert count(m > 0) == {int((m > 0).sum())}",
               f"assert close(norm(m), {literal(np.linalg.norm(flat))}, 1e-12)",
               f"assert close(norm(m, 1), {literal(np.abs(flat).sum())}, 1e-12)"]
    for q in (0, 0.05, 0.5, 0.77, 1):
        checks.append(f"assert close(quantile(m, {q}), {literal(np.quantile(m, q))}, 1e-12)")
    checks.append(f"assert close(quantile(m, [0.1, 0.9]), {literal(np.quantile(m, [0.1, 0.9]))}, 1e-12)")
    w = np.sin(0.7 * np.arange(24)).reshape(2, 3, 4)
    checks.append("w = sin(0.7 * range(24)).reshape(a=2, b=3, c=4)")
    checks.append('assert quantile(w, [0.1, 0.5], axis="b").shape == [2, 2, 4]')
    low = literal(np.quantile(w, [0.1, 0.5], axis=1)[0, 1])
    checks.append(f"assert close(quantile(w, [0.1, 0.5], axis=1)[0, 1], {low}, 1e-12)")
    high = literal(np.quantile(w, 0.8, axis=2)[1])
    checks.append(f'assert close(quantile(w, 0.8, axis="c")[1], {high}, 1e-12)')
    checks.append(f"assert close(median(w, axis=0)[2], {literal(np.median(w, axis=0)[2])}, 1e-12)")
    a, b = m[0], m[1].T
    checks += [f"assert close(m[0] @ m[1].T, {literal(a @ b)}, 1e-12)",
               f"assert close(m[0] @ m[1, 0], {literal(a @ m[1, 0])}, 1e-12)",
               f"assert close(m[0, 0] @ m[1].T, {literal(m[0, 0] @ b)}, 1e-12)",
               f"assert close(m[0, 0] @ m[1, 1], {literal(m[0, 0] @ m[1, 1])}, 1e-12)",
               f"assert close(corrcoef(m[0]), {literal(np.corrcoef(m[0]))}, 1e-9)",
               f"assert close(corrcoef(m[0, 0], m[0, 1]), {literal(np.corrcoef(m[0, 0], m[0, 1])[0, 1])}, 1e-9)",
               f"assert close(cov(m[0]), {literal(np.cov(m[0]))}, 1e-9)",
               f"assert close(cov(m[0, 0], m[0, 1]), {literal(np.cov(m[0, 0], m[0, 1])[0, 1])}, 1e-9)",
               f"assert close(diag(m[0]), {literal(np.diag(m[0]))}) and close(diag(m[0, 0]), {literal(np.diag(m[0, 0]))})",
               f"assert close(trace(m[0, :, :3]), {literal(np.trace(m[0, :, :3]))})",
               f"assert close(polyfit(m[0, 0], m[0, 1], 2), {literal(np.polyfit(m[0, 0], m[0, 1], 2))}, 1e-9)",
               f"assert close(polyval(m[0, 0], m[0]), {literal(np.polyval(m[0, 0], m[0]))}, 1e-9)",
               f"assert all(argsort(m[1, 1]) == {np.argsort(m[1, 1]).tolist()})",
               f"assert all(sort(m[1, 1]) == {np.sort(m[1, 1]).tolist()})"]
    setup = f"m = {literal(m)}\nnamed = m.axes(\"a\", \"b\", \"c\")"
    return cell_of("reductions", setup, checks)


if __name__ == "__main__":
    indexing()
    elementwise()
