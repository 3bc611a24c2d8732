"""Completion and inspection through the real kernel, in places where students ask for them; | is the cursor."""
import os

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
]


@pytest.mark.parametrize("code, first", COMPLETIONS, ids=[c for c, _ in COMPLETIONS])
def test_completion(kernel, code, first):
    c = kernel.ask("complete_request", place(code))[0].content
    assert c["matches"][:len(first)] == first and (first or not c["matches"])
    assert len(set(c["matches"])) == len(c["matches"])


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
