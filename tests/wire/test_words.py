"""What is said of pictures to those who cannot see them: alternative texts, roles and labels."""
import json
import os
import re
import subprocess

import pytest
from rawkernel import ROOT

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))
BLOCK = """model Block():
    input x: [time=10, unit=8]
    a = x + x.LayerNorm().Dense(8)
    output y = a + a.LayerNorm().Dense(16, gelu).Dense(8)
model Net():
    input tokens: [time=10]
    first, second = Block(), Block()
    output next = second(first(tokens.Embedding(20, 8))).Dense(20, softmax)
"""


@pytest.fixture
def outputs(tmp_path):
    def run(code):
        (tmp_path / "a.awml").write_text(code)
        subprocess.run([PROGRAM, "run", tmp_path / "a.awml", "--output", tmp_path / "a.ipynb"],
                       check=True, stdout=subprocess.DEVNULL, timeout=60)
        return json.loads((tmp_path / "a.ipynb").read_text())["cells"][0]["outputs"]
    return run


def html(output):
    return "".join(output["data"]["text/html"])


def test_plots(outputs):
    (plot,) = outputs('plot:\n    title: "Growth"\n    x: "year"\n'
                      '    line([1, 2, 4], [10, 30, 20], label="sales")')
    alt = plot["metadata"]["image/svg+xml"]["alt"]
    assert alt.startswith("Growth: line; year 1 … 4; y 10 … 30.")
    assert "sales begins at 10 and ends at 20; lowest 10 at 1, highest 30 at 2." in alt
    assert "<desc>" in "".join(plot["data"]["image/svg+xml"])


def test_a_training(outputs):
    (shown,) = outputs("model Net():\n    input x: [2]\n    output y = x.Dense(1)\nnet = Net()\n"
                       "x = randn(50, 2)\ntrain net on x -> x[:, 0:1]:\n    epochs: 4")
    (alt,) = re.findall(r'<img[^>]* alt="([^"]*)"', html(shown))
    assert alt.startswith("learning curve: line; epoch 1 … 4; y ") and "ends at" in alt


def test_a_step_has_a_curve_of_what_it_minimises(outputs):
    (shown,) = outputs("model Net():\n    input x: [2]\n    output y = x.Dense(1)\na, b = Net(), Net()\n"
                       "x = randn(50, 2)\ntrain a, b on x:\n    epochs: 3\n    step u:\n"
                       "        minimize (a(u) ** 2).mean() over a\n"
                       "        minimize (b(u) ** 2).mean() over b")
    (alt,) = re.findall(r'<img[^>]* alt="([^"]*)"', html(shown))
    assert alt.startswith("learning curve: 2 lines;") and "a begins at" in alt and "b begins at" in alt


def test_a_player(outputs):
    (shown,) = outputs("animate(rand(4, 6, 6))")
    page = html(shown)
    assert 'role="group" aria-label="animation"' in page and 'aria-live="off"' in page
    assert page.count("<button type=\"button\" aria-label=") == 3 and "prefers-reduced-motion" in page
    assert 'alt="animation of 4 frames' in page


def test_models_inside_are_folded_whole(outputs):
    """Their skips and sums are theirs: outside there is a chain, inside there are branches."""
    (shown,) = outputs(BLOCK + "show(graph(Net()))")
    assert shown["data"]["text/plain"].count("add") == 0
    outside, first, second = re.findall("<desc>(.*?)</desc>", html(shown))
    assert re.search("first .* → second .* → Dense 20", outside) and ";" not in outside
    for inside in (first, second):
        assert inside.count("add (") == 2 and "from Dense 8 and what comes in" in inside, inside
    assert html(shown).count("<details>") == 2
    (whole,) = outputs(BLOCK + "show(graph(Net(), unfold=True))")
    assert html(whole).count(">add</text>") == 4 and "<details>" not in html(whole)
