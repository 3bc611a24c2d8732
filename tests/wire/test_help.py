"""Completion and inspection through the real kernel, in places where students ask for them; | is the cursor."""
import json
import os
import subprocess

import pytest
from rawkernel import ROOT, Kernel

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))
SETUP = """weather = table(temperature=[1, 2], humidity=[3, 4], city=["a", "b"])
model Net(hidden=32):
    \"\"\"A small net.\"\"\"
    input x: [3]
    output y = x.Dense(hidden, relu).Dense(1)
net = Net()
x = zeros(sample=4, feature=3)
h = train net on x -> randn(4, 1):
    epochs: 1
    quiet: True
settings = {rate: 0.1, width: 3}
def scale(v, by=2):
    return v * by"""


@pytest.fixture(scope="module")
def kernel():
    with Kernel([PROGRAM, "-f"]) as k:
        k.run(SETUP)
        yield k


def place(code):
    at = code.index("|")
    return {"code": code.replace("|", "", 1), "cursor_pos": at}


TRAIN = "train net on x -> x:\n    "
COMPLETIONS = [
    ("wea|", ["weather"]),
    ("weather.te|", ["temperature"]),
    ("weather.filter(.|", ["temperature", "humidity", "city"]),
    ("weather.head().filter(.hum|", ["humidity"]),
    ('weather["|', ["temperature", "humidity", "city"]),
    ('weather.sort("hum|', ["humidity"]),
    ('h.plot("|', ["epoch", "loss"]),
    ('weather.filter(.city == "|', []),
    ('x.mean(axis="|', ["sample", "feature"]),
    ("x.mean(axis=|", ['"sample"', '"feature"']),
    ("x[fea|", ["feature="]),
    (TRAIN + "opt|", ["optimizer: "]),
    (TRAIN + "|", ["validate: ", "loss: ", "optimizer: "]),
    (TRAIN + "loss: m|", ["mse", "mae"]),
    (TRAIN + "metrics: [a|", ["accuracy"]),
    (TRAIN + "optimizer: |", ["SGD", "Adam"]),
    (TRAIN + "optimizer: Adam(lear|", ["learning_rate="]),
    ("model Other():\n    |", ["input ", "output ", "weight "]),
    ("Dense(3, act|", ["activation="]),
    ("scale(3, b|", ["by="]),
    ("net = Net(hid|", ["hidden="]),
    ('print(f"{weather.te|}")', ["temperature"]),
    ("x = = 3\nwea|\ny = (", ["weather"]),
    ("foo(\nwea|", ["weather"]),
    ("net.lay|", ["layers"]),
    ("plot:\n    ti|", ["title: "]),
    ("%ti|", ["time", "timeout"]),
    ("?Den|", ["Dense"]),
    ("# wea|", []),
    # values of settings
    (TRAIN + "optimizer: Ad|", ["Adam", "AdamW", "Adagrad"]),
    (TRAIN + "schedule: |", ["CosineDecay", "ExponentialDecay", "StepDecay"]),
    (TRAIN + "callbacks: [|", ["EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"]),
    (TRAIN + "callbacks: [EarlyStopping(pat|", ["patience="]),
    (TRAIN + "callbacks: [EarlyStopping(3, monitor=\"|", ["val_loss", "loss"]),
    (TRAIN + "metrics: [accuracy, |", ["accuracy", "top_k_accuracy"]),
    (TRAIN + "penalty: l|", ["l1", "l2", "l1_l2"]),
    (TRAIN + "augment: [RandomF|", ["RandomFlip"]),
    (TRAIN + "augment: RandomFlip(\"|", ["horizontal", "vertical"]),
    (TRAIN + "device: |", ['"auto"', '"cpu"', '"gpu"']),
    (TRAIN + 'device: "|', ["auto", "cpu", "gpu"]),
    (TRAIN + 'precision: "m|', ["mixed"]),
    (TRAIN + "resume: |", ["True", "False"]),
    ("runs = search:\n    |", ["trials: ", "minimize: "]),
    ("runs = search:\n    over width: |", ["choice", "uniform", "loguniform", "integers"]),
    ('runs = search:\n    method: "|', ["random", "grid", "halving"]),
    ("runs = search:\n    minimize: |", ['"val_loss"', '"loss"']),
    ("plot:\n    log: |", ['"x"', '"y"', '"xy"', '"right"']),
    ("plot:\n    grid: T|", ["True"]),
    # values of arguments
    ("Dense(3, activation=|", ["linear", "relu"]),
    ("Dense(3, re|", ["relu"]),
    ("Dense(3, init=he|", ["he_uniform", "he_normal"]),
    ("Dense(3, penalty=|", ["l1", "l2"]),
    ('Conv2D(4, 3x3, padding="|', ["valid", "same"]),
    ('Conv1D(4, 3, padding="|', ["valid", "same", "causal"]),
    ('x.resize(8x8, method="|', ["nearest", "bilinear", "bicubic", "lanczos"]),
    ('weather.fill_missing(value="me|', ["mean", "median"]),
    ('Bidirectional(GRU(4), merge="|', ["concat", "sum", "mul", "ave"]),
    ('GradientBoosting(loss="q|', ["quantile"]),
    ("evaluate(net, x -> x, metrics=[ac|", ["accuracy"]),
    ('line(x, x, color="steel|', ["steelblue"]),
    ('line(x, x, axis="|', ["left", "right"]),
    ('heatmap(x, colormap="vi|', ["viridis"]),
    ('weather.join(weather, on="city", how="|', ["inner", "left", "right", "outer"]),
    ("weather.sort(\"city\", descending=|", ["True", "False"]),
    ('load_dataset("|', ["fashion_mnist", "fashion_mnist_small"]),
    ("load_dataset(|", ["name=", '"fashion_mnist"']),
    ('x.transpose("|', ["sample", "feature"]),
    ('settings["|', ["rate", "width"]),
    ("settings.|", ["rate", "width"]),
    # arguments that are still missing
    ("Dense(3, |", ["activation=", "bias=", "init=", "penalty="]),
    ("Dense(3, relu, bias=False, |", ["init=", "penalty="]),
    ("net.predict(|", ["x=", "dropout=", "samples="]),
    ("weather.filter(|", ["condition="]),
    ("scale(3, |", ["by="]),
    # tables on their way
    ('weather.group("city").summarize(hot=.|', ["temperature", "humidity", "city"]),
    ("later = weather.head(1)\nlater.filter(.hu|", ["humidity"]),
    ('weather.group("|', ["temperature", "humidity", "city"]),
    # names of the cell itself
    ("def f(alpha, beta=2):\n    return be|", ["beta"]),
    ("f = lambda alpha: al|", ["alpha", "all"]),
    ("for alpha in range(3):\n    al|", ["alpha", "all"]),
    ("alpha, beta = 1, 2\nbe|", ["beta"]),
    ("model Other(wide=3):\n    input weights: [3]\n    output y = weights.Dense(wi|", ["wide"]),
    (TRAIN + "step left -> right:\n        minimize mse(ri|", ["right"]),
    ("scale(alpha=1)\nalp|", []),              # an argument is no name
    ("def f(x):\n    h = x\n    h.ep|", []),    # not the notebook's h, which is a history
    ("model Other():\n    input x: [3]\n    h = x.Den|", ["Dense"]),
    ("model Other():\n    input x: [3]\n    h = x.|", ["Dense", "Flatten"]),
    # the train statement's own line
    ("train |", ["net"]),
    ("history = train ne|", ["net"]),
    ("train net |", ["on "]),
    # magics
    ("%|", ["time", "%time", "again"]),
    ("%device |", ["cpu", "gpu", "auto"]),
    ("%advice o|", ["on", "off"]),
    ("%who |", []),
    ("%time wea|", ["weather"]),
    ("%time weather.te|", ["temperature"]),
    ("%explain wea|", ["weather"]),
    # where nothing belongs
    ("'text wea|", []),
    ('text = """long wea|', []),
    ("1.|", []),
    ("x = 3 # wea|", []),
    # in the middle, behind other scripts, at the start, below a mistake
    ("wea|ther.head()", ["weather"]),
    ("weather.te|mperature", ["temperature"]),
    ('print("äöü€😀", wea|)', ["weather"]),
    ("größe = 3\ngr|", ["größe"]),
    ("x = [1, 2\nwea|", ["weather"]),
    ("if:\n    y = 3\nweather.te|", ["temperature"]),
]


@pytest.mark.parametrize("code, first", COMPLETIONS, ids=[c for c, _ in COMPLETIONS])
def test_completion(kernel, code, first):
    c = kernel.ask("complete_request", place(code))[0].content
    assert c["matches"][:len(first)] == first and (first or not c["matches"])
    assert len(set(c["matches"])) == len(c["matches"])


def test_replaces_what_is_typed(kernel):
    """Positions count code points, also behind characters of more than one UTF-16 unit."""
    for code, start, end in (('print("äöü€😀", wea|)', 15, 18), ("größe = 3\ngr|öße", 10, 12), ("|", 0, 0),
                             ('x.mean(axis="fea|', 13, 16)):
        c = kernel.ask("complete_request", place(code))[0].content
        assert (c["cursor_start"], c["cursor_end"]) == (start, end), code


def test_files_and_networks(kernel, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sales.csv").write_text("a\n1\n")
    for code, first in ((f'load("{tmp_path}/da|', [f"{tmp_path}/data/"]),
                        (f'read_csv("{tmp_path}/data/sa|', [f"{tmp_path}/data/sales.csv"]),
                        (f'save(x, "{tmp_path}/data/|', [f"{tmp_path}/data/sales.csv"])):
        assert kernel.ask("complete_request", place(code))[0].content["matches"] == first
    (tmp_path / "tiny.onnx").write_text("")
    with Kernel([PROGRAM, "-f"], env={**os.environ, "AWML_PRETRAINED": str(tmp_path)}) as k:
        for code in ('pretrained("|', 'net = pretrained("ti|', 'pretrained_classes("|'):
            assert "tiny" in k.ask("complete_request", place(code))[0].content["matches"]


PAGES = [
    ("De|nse(3)", "Dense(units"),
    ("Dense?|", "Dense(units"),
    ("?Den|se", "Dense(units"),
    ("Dense(3, |", "Dense(units"),
    ("Adam(lear|ning_rate=3)", "Adam(learning_rate"),
    ("tra|in net on x -> x:\n    epochs: 3", "train MODEL on"),
    ("train ne|t on x -> x", "A small net."),
    (TRAIN + "epo|chs: 3", "A setting of `train`"),
    (TRAIN + "loss: ms|e", "Mean squared error"),
    ("mod|el Other():\n    input x: [3]", "model NAME"),
    ("model Other():\n    inp|ut x: [3]", "input NAME"),
    ("model Other():\n    h = x.De|nse(3)", "Dense(units"),
    ("inp|ut(\"name\")", "Ask the user"),
    ("sear|ch:\n    trials: 3", "search:"),
    ("search:\n    tri|als: 3", "A setting of `search`"),
    ("wea|ther", "a table, 2 rows"),
    ("weather.temp|erature", "A column of 2 rows"),
    ("weather.filter(.temp|erature > 1)", "A column of 2 rows"),
    ("weather.head().so|rt(\"city\")", "sort(t"),
    ("print(f\"{wea|ther}\")", "a table, 2 rows"),
    ("x = = 3\nDen|se(", "Dense(units"),
    ("sca|le(3)", "scale(v, by=2)"),
    ("net.lay|ers", "net.layers"),
    ("x.sha|pe", "x.shape"),
    ("for| i in range(3):", "for NAME in"),
    ("lamb|da v: v", "lambda x"),
    ("%ti|me", "%time LINE"),
    ("p|i", "3.14159"),
]


@pytest.mark.parametrize("code, words", PAGES, ids=[c for c, _ in PAGES])
def test_inspection(kernel, code, words):
    c = kernel.ask("inspect_request", {**place(code), "detail_level": 0})[0].content
    assert c["found"] and words in c["data"]["text/plain"]
    assert set(c["data"]) == {"text/plain", "text/markdown", "text/html"}


@pytest.mark.parametrize("code", ["nothing|", '"text wea|"', "3|", "|"])
def test_nothing_to_say(kernel, code):
    c = kernel.ask("inspect_request", {**place(code), "detail_level": 0})[0].content
    assert not c["found"] and not c["data"]


def words(tmp_path):
    subprocess.run([PROGRAM, "install", "--prefix", tmp_path], check=True, stdout=subprocess.DEVNULL)
    return json.loads((tmp_path / "share/jupyter/kernels/awml-c/words.json").read_text())


def test_every_word_has_a_page(kernel, tmp_path):
    """Functions, layers, statements and magics; pages of functions end with an example that runs."""
    w = words(tmp_path)
    names = w["functions"] + w["layers"]
    assert len(names) > 300
    for name in names:
        c = kernel.ask("inspect_request", {"code": name, "cursor_pos": 1, "detail_level": 0})[0].content
        assert c["found"], name
        plain, markdown, html = (c["data"][f"text/{kind}"] for kind in ("plain", "markdown", "html"))
        assert len(plain) > 20 and markdown.count("```") >= 2 and "<pre" in html, name
    for name in w["magics"]:
        if name[0].isalpha():
            c = kernel.ask("inspect_request", {"code": f"%{name}", "cursor_pos": 2, "detail_level": 0})[0].content
            assert c["found"] and f"%{name}" in c["data"]["text/plain"], name


def test_every_place_of_the_programs(kernel):
    """Whatever stands around the cursor: an answer that fits what is typed, and no broken kernel."""
    for program in sorted((ROOT / "tests/lang/programs").glob("*.awml")):
        code = program.read_text()
        for at in range(0, len(code), 31):
            c = kernel.ask("complete_request", {"code": code, "cursor_pos": at})[0].content
            typed = code[c["cursor_start"]:c["cursor_end"]]
            assert c["status"] == "ok" and c["cursor_end"] == at
            assert all(m.startswith(typed) for m in c["matches"]), (program.name, at)
            assert kernel.ask("inspect_request", {"code": code, "cursor_pos": at})[0].content["status"] == "ok"
