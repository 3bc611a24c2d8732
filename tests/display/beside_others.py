"""The same content drawn by us and by matplotlib, seaborn and pandas, side by side, to be looked at. Not a
test: run by hand, with a Python that has those libraries.

    python3 tests/display/beside_others.py build/kernel/awml-c OUT_FOLDER
"""
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import pandas as pd  # noqa: E402
import seaborn as sns  # noqa: E402
from PIL import Image  # noqa: E402

random = np.random.default_rng(1)
DATA = {"n": random.normal(size=2000), "e": np.exp(0.5 * random.normal(size=500)),
        "a": random.normal(size=(3, 120)), "walk": np.cumsum(random.normal(size=(12, 300)), 1),
        "conf": random.integers(0, 900, (10, 10)) + 5000 * np.eye(10, dtype=int),
        "corr": np.corrcoef(random.normal(size=(8, 40))), "img": random.random((12, 28, 28)),
        "big": 1e9 + np.arange(50) * 0.01}
COLUMNS = ["price", "size", "rooms", "age", "distance", "income", "crime", "tax"]
NAMES = ["Ankle boot", "Bag", "Coat", "Dress", "Pullover", "Sandal", "Shirt", "Sneaker", "T-shirt/top", "Trouser"]
EPOCH = np.arange(1, 101)


def curves(f, ax):
    x = np.linspace(-5, 5, 400)
    for y, name in ((1 / (1 + np.exp(-x)), "sigmoid"), (np.tanh(x), "tanh"), (np.maximum(x, 0), "relu")):
        ax.plot(x, y, label=name)
    ax.legend()
    ax.grid()


def walks(f, ax):
    for k, w in enumerate(DATA["walk"]):
        ax.plot(w, color=plt.cm.viridis(k / 11))
    f.colorbar(plt.cm.ScalarMappable(plt.Normalize(0, 11)), ax=ax, label="k")


def bowl(f, ax):
    x, y = np.meshgrid(np.linspace(-2, 4, 100), np.linspace(-3, 3, 100))
    ax.clabel(ax.contour(x, y, (x - 1) ** 2 + 3 * y ** 2 + np.sin(3 * x), 12))


def twin(f, ax):
    ax.plot(EPOCH, np.exp(-EPOCH / 20), label="loss")
    ax.twinx().plot(EPOCH, 1 - 0.9 * np.exp(-EPOCH / 20), "C1", label="accuracy")
    f.legend()


def band(f, ax):
    t = np.linspace(0, 10, 60)
    ax.fill_between(t, np.sin(t) - 0.2 - t / 20, np.sin(t) + 0.2 + t / 20, alpha=0.25, label="90 %")
    ax.plot(t, np.sin(t), label="median")
    ax.legend()


def pictures(f, ax):
    ax.axis("off")
    for i, picture in enumerate(DATA["img"]):
        part = f.add_subplot(2, 6, i + 1)
        part.imshow(picture, cmap="gray")
        part.axis("off")


# name: our statement, their function of (figure, axes)
PAIRS = {
    "curves": ("plot:\n    grid: True\n    line(u, 1 / (1 + exp(-u)), label=\"sigmoid\")\n"
               "    line(u, tanh(u), label=\"tanh\")\n    line(u, relu(u), label=\"relu\")", curves),
    "loss": ("plot:\n    log: \"y\"\n    grid: True\n    line(epoch, exp(-epoch / 12) + 0.002)",
             lambda f, ax: (ax.semilogy(EPOCH, np.exp(-EPOCH / 12) + 0.002), ax.grid())),
    "twin": ("plot:\n    line(epoch, exp(-epoch / 20), label=\"loss\")\n"
             "    line(epoch, 1 - 0.9 * exp(-epoch / 20), label=\"accuracy\", axis=\"right\")", twin),
    "walks": ("plot:\n    legend: \"k\"\n    for k in range(12):\n        line(range(300), walk[k], color=[k])", walks),
    "numbers": ("scatter(a[0], a[1], color=a[2])",
                lambda f, ax: f.colorbar(ax.scatter(*DATA["a"][:2], c=DATA["a"][2]))),
    "hist": ("hist(n)", lambda f, ax: sns.histplot(DATA["n"], ax=ax)),
    "densities": ("plot:\n    hist(n, curve=True, label=\"a\")\n    hist(e, curve=True, label=\"b\")",
                  lambda f, ax: [sns.histplot(DATA[k], stat="density", kde=True, ax=ax, color=c)
                                 for k, c in (("n", "C0"), ("e", "C1"))]),
    "bars": (f"bar({NAMES}, range(1, 11) ** 2)".replace("'", '"'),
             lambda f, ax: (ax.bar(NAMES, np.arange(1, 11) ** 2), plt.xticks(rotation=40, ha="right"))),
    "boxes": ("box({small: a[0], large: 2 + 2 * a[1], skewed: exp(a[2])})",
              lambda f, ax: sns.boxplot({"small": DATA["a"][0], "large": 2 + 2 * DATA["a"][1],
                                         "skewed": np.exp(DATA["a"][2])}, ax=ax)),
    "confusion": ("heatmap(conf, annotate=True, colormap=\"Blues\")",
                  lambda f, ax: sns.heatmap(DATA["conf"], annot=True, fmt="d", cmap="Blues", ax=ax)),
    "correlation": (f"heatmap(corr, x={COLUMNS}, y={COLUMNS}, center=0, annotate=True)".replace("'", '"'),
                    lambda f, ax: sns.heatmap(pd.DataFrame(DATA["corr"], COLUMNS, COLUMNS), annot=True,
                                              fmt=".2f", cmap="RdBu_r", center=0, ax=ax)),
    "contour": ("contour(lambda v: (v[0] - 1) ** 2 + 3 * v[1] ** 2 + sin(3 * v[0]), x=[-2, 4], y=[-3, 3], "
                "annotate=True)", bowl),
    "band": ("plot:\n    band(t, sin(t) - 0.2 - t / 20, sin(t) + 0.2 + t / 20, label=\"90 %\")\n"
             "    line(t, sin(t), label=\"median\")", band),
    "offset": ("line(big)", lambda f, ax: ax.plot(DATA["big"])),
    "pictures": ("grid(img, columns=6)", pictures),
}


def ours(kernel, folder):
    lines = [f'{name} = load("{name}.npy")' for name in DATA]
    lines += ["u = linspace(-5, 5, 400)", "t = linspace(0, 10, 60)", "epoch = range(1, 101)"]
    for name, (code, _) in PAIRS.items():
        lines += [f"p = {code}", f'save(p, "{name}_ours.png", dpi=100)']
    for name, x in DATA.items():
        np.save(folder / f"{name}.npy", x)
    (folder / "ours.awml").write_text("\n".join(lines) + "\n")
    subprocess.run([kernel, "run", "ours.awml"], cwd=folder, check=True)


def beside(folder, name, theirs):
    figure, axes = plt.subplots(figsize=(6.4, 4), dpi=100, layout="tight")
    theirs(figure, axes)
    figure.savefig(folder / f"{name}_theirs.png")
    plt.close(figure)
    left, right = (Image.open(folder / f"{name}_{who}.png").convert("RGB") for who in ("ours", "theirs"))
    pair = Image.new("RGB", (left.width + right.width + 10, max(left.height, right.height)), "gray")
    pair.paste(left, (0, 0))
    pair.paste(right, (left.width + 10, 0))
    pair.save(folder / f"{name}.png")


def main():
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    ours(str(Path(sys.argv[1]).resolve()), folder)
    for name, (_, theirs) in PAIRS.items():
        beside(folder, name, theirs)
    print(f"{len(PAIRS)} pairs in {folder}")


if __name__ == "__main__":
    main()
