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


DAYS = "t = table(day=[1, 2, 3], temp=[4, 5, 7], rain=[1, 0, 2], city=[\"a\", \"b\", \"a\"])\n"


def axes(outputs, code):
    """The names of both axes as the words of the last picture have them, and its drawing."""
    plot = outputs(DAYS + code)[-1]
    x, y = re.search(r"; (\S+) [\d−].*?; (\S+) ", plot["metadata"]["image/svg+xml"]["alt"]).groups()
    return x, y, "".join(plot["data"]["image/svg+xml"])


@pytest.mark.parametrize("code, x, y", [
    ("line(t.day, t.temp)", "day", "temp"),
    ("t.day.scatter(t[\"temp\"])", "day", "temp"),
    ("scatter(t.day[t.temp > 4], t.temp[t.temp > 4])", "day", "temp"),
    ("hist(t.temp.drop_missing(), bins=2)", "temp", "count"),
    ("line(t.temp)", "x", "temp"),
    ("r = {speed: [1, 2], force: [3, 4]}\nline(r.speed, r.force)", "speed", "force"),
    ("line(t.day, t.temp * 2)", "day", "y"),           # of an expression: no name
    ("x = t.day\nline(x, x.T)", "day", "y"),           # a name that is a column
    ("plot:\n    scatter(t.day, t.temp)\n    line([1, 3], [4, 7])\n    hline(t.rain)", "day", "temp"),
    ("plot:\n    line(t.day, t.temp)\n    line(t.day, t.rain)", "day", "y"),      # two quantities
    ("plot:\n    line(t.day, t.temp)\n    line(t.day, t.rain)\n    line(t.day, t.temp)", "day", "y"),
    ("plot:\n    x: \"hours\"\n    line(t.day, t.temp)", "hours", "temp"),
    ("plot:\n    line(t.day, t.temp)\n    y: \"degrees\"\n    line(t.day, t.rain)", "day", "degrees"),
])
def test_axes_are_called_after_columns(outputs, code, x, y):
    assert axes(outputs, code)[:2] == (x, y)


def test_other_places_of_columns(outputs):
    _, y, drawing = axes(outputs, "bar(t.city, t.temp, horizontal=True)")
    assert y == "city" and ">temp<" in drawing
    assert ">city<" in axes(outputs, "scatter(t.day, t.temp, color=t.city)")[2]   # over the legend
    right = "plot:\n    line(t.day, t.temp)\n    line(t.day, t.rain, axis=\"right\")"
    x, y, drawing = axes(outputs, right)
    assert (x, y) == ("day", "temp") and ">rain<" in drawing
    panels = outputs(DAYS + "plot:\n    columns: 2\n    line(t.day, t.temp)\n    line(t.day, t.rain)")[-1]
    drawing = "".join(panels["data"]["image/svg+xml"])
    assert ">temp<" in drawing and ">rain<" in drawing


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


def test_a_skip_from_its_input_is_inside_a_model(outputs):
    (shown,) = outputs("model Block():\n    input x: [8]\n    output y = x + x.Dense(8, relu).Dense(8)\n"
                       "model Net():\n    input x: [8]\n    first, second = Block(), Block()\n"
                       "    output y = x + second(first(x)).Dense(8)\nshow(graph(Net()))")
    outside, *insides = re.findall("<desc>(.*?)</desc>", html(shown))
    assert outside.count("add (") == 1 and "add (unit=8) from Dense 8 and x" in outside, outside
    assert re.search("first .* → second .* → Dense 8", outside)
    for inside in insides:
        assert inside.count("add (") == 1 and "from Dense 8 and what comes in" in inside, inside
    assert len(insides) == 2


KINDS = [
    ('bar(["a", "b"], [1, 3])', "Bars: a 1, b 3."),
    ('box({small: [1, 2, 3], large: [5, 6, 9]})', "small: median 2, half of the numbers 1.5 … 2.5."),
    ("hist([1, 2, 2, 4])", "4 numbers, at most 2 in a bar, that from 1.5 to 2.5."),
    ("band([0, 1], [1, 2], [3, 4])", "Band: from 1 … 3 at 0 to 2 … 4 at 1."),
    ('heatmap([[50, 3], [2, 45]], x=["no", "yes"], y=["no", "yes"])', "Row no: 50, 3. Row yes: 2, 45."),
    ('scatter([1, 2, 3], [1, 2, 3], color=["u", "v", "u"])', "3 points, 2 u, 1 v."),
    ('plot:\n    log: "y"\n    line([1, 2, 3], [0, 1, 10])', "Note: 1 point ≤ 0 is not on the log axis."),
    ('plot:\n    right: "share"\n    line([1, 2], [3, 4])\n    line([1, 2], [0, 0.5], axis="right")',
     "at the right share 0 … 0.5."),
    ('plot:\n    line([1, 2], [3, 4])\n    vline(1.5, label="now")', "now at x 1.5."),
    ("vline(range(10))", "Guide line at x 0, 1, 2, 3, 4, 5, 6, 7 and 2 more."),
    ("show_boxes(rand(60, 80), [[10, 10, 40, 50], [5, 5, 9, 9]])", "2 frames."),
    ('show_boxes(rand(60, 80), [[10, 10, 40, 50]], labels=["cat"])', "1 frame: cat."),
    ("line([])", "Note: no numbers to draw."),
    ("animate([line([1, 2], [3, 4]), line([1, 2], [3, 5])])", "Last frame: line; x 1 … 2; y 3 … 5."),
]


@pytest.mark.parametrize("code, words", KINDS, ids=[c.split("(")[0] for c, _ in KINDS])
def test_what_each_kind_says(outputs, code, words):
    (shown,) = outputs(code)
    said = shown["metadata"].get("image/svg+xml", {}).get("alt") or html(shown)
    assert words in said
