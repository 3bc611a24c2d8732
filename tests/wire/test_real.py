"""The real kernel: whatever a cell is, the answer is clear and the next cell runs (issue: bad input)."""
import os
import pathlib
import re
import time

import pytest
from rawkernel import ROOT, Kernel, kinds, text

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))


@pytest.fixture(scope="module")
def kernel():
    with Kernel([PROGRAM, "-f"]) as k:
        yield k


def result(kernel, code):
    reply, outputs = kernel.run(code)
    assert reply.content["status"] == "ok", reply.content
    return [m.content["data"]["text/plain"] for m in outputs if m.type == "execute_result"]


def test_hello(kernel):
    reply, outputs = kernel.run('print("hello, world")\n1 + 1')
    assert text(outputs) == "hello, world\n"
    assert kinds(outputs)[-2:] == ["execute_result", "idle"]
    assert outputs[-2].content["data"]["text/plain"] == "2"


BAD = {
    "syntax": "x = = 3",
    "unclosed": "f(1, [2, (3",
    "name": "no_such_name + 1",
    "shape": "zeros(2, 3) @ zeros(4, 5)",
    "missing file": 'read_csv("/no/such/file.csv")',
    "folder as file": 'read_npy("/tmp")',
    "deep brackets": "(" * 100_000,
    "deep lists": "x = " + "[" * 50_000 + "]" * 50_000,
    "deep minus": "x = " + "-" * 200_000 + "1",
    "deep blocks": "\n".join("    " * i + "if True:" for i in range(500)),
    "recursion": "def f(n):\n    return f(n + 1)\nf(0)",
    "too large": "zeros(1000000, 1000000, 1000)",
    "nul": "x = 1\x00 + 2",
    "odd letters": "x = \u202e3 \ufeff \ud7ff",
    "one megabyte of noise": "x = ]" * 200_000,
    "assert": "assert 1 == 2",
    "no stdin": 'input("name? ")',
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_cells(kernel, name):
    kernel.run("kept = 41")
    reply, outputs = kernel.run(BAD[name])
    c = reply.content
    assert c["status"] == "error" and c["ename"] != "InternalError", c
    assert c["evalue"] and c["traceback"]
    assert len("".join(c["traceback"])) < 20_000, "too long a message"
    assert [k for k in kinds(outputs) if k == "error"] == ["error"]
    assert result(kernel, "kept + 1") == ["42"]


def test_large_cells(kernel):
    """A megabyte of program runs."""
    line = " + ".join(str(k) for k in range(80))
    code = "\n".join(f"x{i % 100} = {i} + {line}" for i in range(4000)) + "\nx99"
    assert len(code) > 1 << 20
    assert result(kernel, code) == [str(3999 + sum(range(80)))]


@pytest.mark.parametrize("code", [
    "i = 0\nfor k in range(1000000000):\n    i = i + 1",
    "while True:\n    pass",
    "a = randn(2000, 2000)\nfor i in range(1000000):\n    b = a @ a",
    "a = randn(2000, 2000)\nfor i in range(1000000):\n    b = exp(a) * tanh(a)",
    "x = [k * k for k in range(100000000)]",
    "def f(n):\n    for k in range(1000000000):\n        n = n + k\n    return n\nf(1)"])
def test_interrupts(kernel, code):
    head = kernel.execute(code)
    kernel.wait_for(head, "execute_input")
    time.sleep(0.3)
    start = time.monotonic()
    kernel.send("interrupt_request", channel="control")
    reply = kernel.reply(head)
    assert reply.content["ename"] == "Interrupted", reply.content
    assert time.monotonic() - start < 1
    kernel.outputs(head)
    assert result(kernel, "1 + 1") == ["2"]


TRAIN = """clothes = load_dataset("fashion_mnist_small")
model Classifier:
    input image: [height, width]
    output label = image.Flatten().Dense(32, relu).Dense(10, softmax)
classifier = Classifier()
history = train classifier on clothes.train_x / 255 -> clothes.train_y:
    epochs: %d"""


def test_training_is_one_display(kernel):
    reply, outputs = kernel.run(TRAIN % 5)
    assert reply.content["status"] == "ok"
    views = [m for m in outputs if m.type.endswith("display_data")]
    assert views[0].type == "display_data" and "text/html" in views[0].content["data"]
    assert {m.type for m in views[1:]} == {"update_display_data"}
    assert "5 epochs" in views[-1].content["data"]["text/plain"]


def test_interrupted_training_keeps_what_it_has(kernel):
    head = kernel.execute(TRAIN % 100000)
    kernel.wait_for(head, "update_display_data")
    time.sleep(1.5)
    kernel.send("interrupt_request", channel="control")
    reply = kernel.reply(head)
    outputs = kernel.outputs(head)
    assert reply.content["status"] == "ok" or reply.content["ename"] == "Interrupted"
    assert kinds(outputs)[-1] == "idle"
    assert int(result(kernel, "len(history.loss)")[0]) >= 1


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_started_without_standard_files(closed):
    """What the kernel opens must not stand where its output goes: that end would be taken from it."""
    with Kernel(["sh", "-c", f'exec "$0" "$@" {closed}', PROGRAM, "-f"]) as k:
        assert text(k.run('print("a")')[1]) == "a\n"
        fds = pathlib.Path(f"/proc/{k.process.pid}/fd")
        kinds_of = [os.readlink(fds / str(i)).split(":")[0] for i in range(3)]
        assert kinds_of == ["/dev/null", "pipe", "pipe"]
        k.send("shutdown_request", {"restart": False}, channel="control")
        assert k.process.wait(5) == 0


def test_interrupted_forest_tells_its_trees(kernel):
    kernel.run("X = randn(20000, 8)\nY = X[:, 0] * 2")
    head = kernel.execute("f = RandomForest(trees=20000)\ntrain f on X -> Y")
    kernel.wait_for(head, "update_display_data")
    kernel.send("interrupt_request", channel="control")
    assert kernel.reply(head).content["ename"] == "Interrupted"
    said = [m.content["data"]["text/plain"] for m in kernel.outputs(head)
            if m.type == "update_display_data"][-1]
    assert re.match(r"stopped after \d{1,4} trees in ", said), said


def test_zero_of_a_table_has_no_sign(kernel):
    (text_of,) = result(kernel, "table(a=[-0.001, 0.2]).round(2)")
    assert text_of.splitlines()[2].split() == ["0", "0"], text_of


def test_stdin(kernel):
    head = kernel.execute('name = input("Who? ")\nprint("hello,", name)', allow_stdin=True)
    m = kernel.get(kernel.stdin)
    assert m.content == {"prompt": "Who? ", "password": False}
    kernel.send("input_reply", {"value": "Ada"}, channel="stdin")
    assert kernel.reply(head).content["status"] == "ok"
    assert text(kernel.outputs(head)) == "hello, Ada\n"


def test_queries(kernel):
    kernel.run("learning_rate = 3")
    c = kernel.ask("complete_request", {"code": "learn", "cursor_pos": 5})[0].content
    assert "learning_rate" in c["matches"] and c["cursor_start"] == 0
    c = kernel.ask("inspect_request", {"code": "zeros", "cursor_pos": 3})[0].content
    assert c["found"] and "zeros" in c["data"]["text/plain"]
    status = {code: kernel.ask("is_complete_request", {"code": code})[0].content["status"]
              for code in ("1 + 1", "for i in range(3):", "x = = 3")}
    assert status == {"1 + 1": "complete", "for i in range(3):": "incomplete", "x = = 3": "invalid"}


def test_user_expressions(kernel):
    reply, _ = kernel.run("a = 20", user_expressions={"double": "a * 2", "bad": "nope"})
    got = reply.content["user_expressions"]
    assert got["double"]["data"]["text/plain"] == "40" and got["bad"]["status"] == "error"


def test_user_expression_without_end(kernel):
    """It is interrupted like a cell, which has run."""
    kernel.run("def forever():\n    n = 0\n    while True:\n        n += 1\n    return n")
    head = kernel.execute("a = 21", user_expressions={"x": "forever()"})
    kernel.wait_for(head, "execute_input")
    time.sleep(0.2)
    kernel.send("interrupt_request", channel="control")
    c = kernel.reply(head).content
    assert c["status"] == "ok" and c["user_expressions"]["x"]["ename"] == "Interrupted"
    kernel.outputs(head)
    assert result(kernel, "a * 2") == ["42"]


def test_shell_lines(kernel):
    assert text(kernel.run("!echo out; echo err >&2")[1]) == "out\n"
    head = kernel.execute("!sleep 60")
    kernel.wait_for(head, "execute_input")
    time.sleep(0.1)
    kernel.send("interrupt_request", channel="control")
    assert kernel.reply(head).content["ename"] == "Interrupted"
    kernel.outputs(head)


def test_shell_lines_end_with_the_kernel(tmp_path):
    with Kernel([PROGRAM, "-f"]) as k:
        head = k.execute(f"!sleep 61 & echo $! > {tmp_path}/pid; wait")
        k.wait_for(head, "execute_input")
        time.sleep(0.3)
        pid = int((tmp_path / "pid").read_text())
        k.send("shutdown_request", {"restart": False}, channel="control")
        assert k.process.wait(5) == 0
        time.sleep(0.1)
        state = pathlib.Path(f"/proc/{pid}/stat")
        assert not state.exists() or state.read_text().split()[2] == "Z"


def test_help_is_a_page(kernel):
    reply, _ = kernel.run("?zeros")
    assert reply.content["payload"][0]["source"] == "page"


def resident_mb(kernel):
    status = pathlib.Path(f"/proc/{kernel.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def test_memory_is_flat():
    """1,000 cells, also failing ones, leave nothing behind."""
    cells = ["x = randn(100, 100)\nx @ x", "nope", "def f(a):\n    return a + 1\nf(3)",
             "[str(i) for i in range(100)]", "x = = 1", 'print("text" * 100)',
             'plot:\n    line([1, 2, 3], [3, 2, 5])']
    with Kernel([PROGRAM, "-f"]) as k:
        def run(n):
            for i in range(n):
                head = k.execute(cells[i % len(cells)], stop_on_error=False)
                k.reply(head)
                k.outputs(head)
        run(300)
        before = resident_mb(k)
        run(1000)
        assert resident_mb(k) - before < 3
