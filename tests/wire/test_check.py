"""The comm awml.check: what the checker finds in a cell that is being written."""
import os
import uuid

import pytest
from rawkernel import ROOT, Kernel

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))


class Writer:
    """A comm, and questions over it."""

    def __init__(self, kernel):
        self.kernel, self.comm, self.asked = kernel, uuid.uuid4().hex, 0
        head = kernel.send("comm_open", {"comm_id": self.comm, "target_name": "awml.check",
                                         "data": {}})
        assert not [m for m in kernel.outputs(head) if m.type == "comm_close"]

    def send(self, data):
        return self.kernel.send("comm_msg", {"comm_id": self.comm, "data": data})

    def answers(self, data):
        return [m.content["data"] for m in self.kernel.outputs(self.send(data))
                if m.type == "comm_msg"]

    def finding(self, code, above=(), cell="mine"):
        """The only one, or None."""
        found = self.findings(code, above, cell)
        assert len(found) < 2, found
        return found[0] if found else None

    def findings(self, code, above=(), cell="mine"):
        self.asked += 1
        above = [{"cell": f"above {i}", "code": text} for i, text in enumerate(above)]
        answer, = self.answers({"id": self.asked, "cell": cell, "code": code, "above": above})
        assert answer["id"] == self.asked
        return answer["findings"]


@pytest.fixture(scope="module")
def real():
    with Kernel([PROGRAM, "-f"]) as k:
        yield Writer(k)


def marked(code, finding):
    return code[finding["start"]:finding["end"]]


def test_places_are_code_points(kernel):
    writer = Writer(kernel)
    found = writer.finding('"😀ü" wrong', above=["1", "2"])
    assert (found["start"], found["end"]) == (5, 10)
    assert found["message"] == "wrong below 2 cells"
    assert writer.finding("right") is None


@pytest.mark.parametrize("data", [None, 3, [], {}, {"code": 3}, {"code": "x", "above": 3},
                                  {"code": "wrong", "above": [None, {"code": 2}], "id": {}},
                                  {"code": "", "id": "a"}])
def test_odd_questions(kernel, data):
    for answer in Writer(kernel).answers(data):
        assert set(answer) == {"id", "findings"}
    assert kernel.alive()


def test_a_wrong_name_and_its_correction(real):
    code = "width = 3\nheight = widht * 2"
    found = real.finding(code)
    assert marked(code, found) == "widht"
    assert "NameError" in found["message"] and "width" in found["message"]
    assert real.finding(code.replace("widht", "width")) is None
    assert real.kernel.run("width")[0].content["ename"] == "NameError", "a check has run something"


def test_shapes_are_checked(real):
    code = "a = zeros(2, 3)\nb = a @ zeros(4, 5)"
    found = real.finding(code)
    assert found and found["start"] > code.index("b =") and "4" in found["message"]


def test_names_of_cells_that_have_not_run(real):
    assert real.finding("y = later + 1", above=["later = 3\nlater"]) is None
    assert real.finding("y = later + 1", above=["early = 3"]) is not None
    code = "y = later.Dense"
    assert real.finding("later @ zeros(7)", above=["later = zeros(2, 3)"]) is not None
    # a mistake above is not told here, and hides what depends on it
    assert real.finding(code, above=["later = nonsense"]) is None
    assert real.finding(code, above=["later = ("]) is None
    # but a cell that cannot be read is wrong by itself
    assert real.finding("y = ]", above=["later = ("]) is not None


def test_a_cell_that_has_run_counts_by_its_values(real):
    kernel = real.kernel
    kernel.reply(kernel.execute("size = 4", metadata={"cellId": "above 0"}))
    assert real.finding("zeros(size) @ zeros(4)", above=["size = 5"]) is None


@pytest.mark.parametrize("code", ["", "   \n", "model Net:", "f(1,", 'x = """', "train x on"])
def test_unfinished_is_not_wrong(real, code):
    assert real.finding(code) is None or not code.endswith((":", ",", '"""')), code


def test_no_answer_while_a_cell_runs(real):
    kernel = real.kernel
    head = kernel.send("create_subshell_request", {}, "control")
    subshell = kernel.reply(head, "control").content["subshell_id"]
    kernel.outputs(head)
    cell = kernel.execute("n = 0\nwhile n < 400_000_000:\n    n = n + 1")
    kernel.wait_for(cell, "execute_input")
    question = kernel.header("comm_msg", subshell_id=subshell)
    kernel.send("comm_msg", {"comm_id": real.comm, "data": {"id": 1, "code": "nope"}},
                header=question)
    assert not [m for m in kernel.outputs(question) if m.type == "comm_msg"]
    kernel.send("interrupt_request", {}, "control")
    assert kernel.reply(cell).content["status"] == "error"
    assert real.finding("nope") is not None, "the stop of the cell stops checks too"


TWO = "a = zeros(2, 3)\nb = a @ zeros(4, 5)\nc = b + 1\nd = undefined_thing * 2\nprint(c, d)"
THREE = """def half(x):
    y = x.nosuch()
    return y / 2
for i in range(3):
    v = i +* 2
    print(v)
if v = 3:
    k = 1
else:
    k = 2
print(k, half(3))"""
MODEL = """x = randn(10, 3)
model Net:
    input x: [3]
    h = x.Dence(10)
    output y = h.Dense(1)
net = Net()
train net on x -> x[:, 0:1]:
    optimiser: Adam(0.1)
net.predict(x)
t = x.reshape(7)
t @ zeros(3)"""


@pytest.mark.parametrize("code, marks", [
    (TWO, ["a @ zeros(4, 5)", "undefined_thing"]),
    (THREE, ["nosuch", "*", "="]),
    (MODEL, ["Dence", "optimiser", "reshape(7)"]),
    ("a = nope\nb = nope + 1\nc = a + b + missing", ["nope", "missing"]),  # one name, told once
    ("a = zeros(2) @ zeros(3)\nb = \"abc\nc = nope", ["zeros(2) @ zeros(3)", '"']),  # nothing is safe behind
    ("x = zeros(3)\nx[7] = 2\ny = x @ zeros(4)", ["7"]),  # x is unknown behind its mistake
    ("train, test = zeros(9) split(80%)\ntrain @ test\nwrong_one", ["split", "wrong_one"]),
])
def test_mistakes_that_do_not_follow_from_each_other(real, code, marks):
    assert [marked(code, f) for f in real.findings(code)] == marks


def test_those_of_cells_above_are_not_told():
    with Kernel([PROGRAM, "-f"]) as k:
        found = Writer(k).findings("y = later + nope", above=["x = zeros(2) @ zeros(3)\nlater = 2"])
    assert len(found) == 1 and "nope" in found[0]["message"]


def test_at_most_ten(real):
    assert len(real.findings("\n".join(f"x{i} = nope{i}" for i in range(20)))) == 10
