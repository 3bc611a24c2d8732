"""Cells with ids as front ends send them: reruns, cells out of date, deleted and moved cells, through the real kernel."""
import os

import pytest
from rawkernel import ROOT, Kernel, text

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))


@pytest.fixture()
def run():
    with Kernel([PROGRAM, "-f"]) as k:
        def cell(name, code, deleted=None):
            metadata = {"cellId": name}
            if deleted is not None:
                metadata["deletedCells"] = deleted
            head = k.execute(code, metadata=metadata)
            reply = k.reply(head)
            outputs = k.outputs(head)
            shown = text(outputs)
            if reply.content["status"] == "error":
                shown += f"{reply.content['ename']}: " + "\n".join(reply.content["traceback"])
            return shown
        cell.plain = lambda code: text(k.run(code)[1])
        yield cell


def test_twice_is_once(run):
    run("a", "x = 3")
    assert run("b", "x = x * 2\nprint(x)") == "6\n"
    assert run("b", "x = x * 2\nprint(x)").endswith("\n6\n")
    assert run("b", "x = x * 2\nprint(x)") == "6\n"
    assert run("b", "%again\nx = x * 2\nprint(x)") == "12\n"


def test_who_used_the_old_one(run):
    run("a", "hidden = 64")
    run("b", "width = hidden * 2")
    run("c", "print(hidden)")
    assert run("a", "hidden = 32") == "note: `hidden` changed: cells [2] and [3] used the old one.\n"
    shown = run("d", "print(width)")
    assert shown.startswith("note: `width` is out of date: cell [2]") and shown.endswith("\n128\n")
    assert "cell [2]" in run("e", "%stale")
    run("b", "width = hidden * 2")
    run("c", "print(hidden)")
    assert run("d", "print(width)") == "64\n"
    assert run("e", "%stale") == "Nothing is out of date.\n"


def test_deleted_and_moved(run):
    run("a", "x = 3")
    run("b", "y = x + 1")
    run("c", "x = x * 10")
    assert "has been deleted since" in run("d", "print(y)", deleted=["b"])
    assert run("e", "print(x)", deleted=["c"]) == "3\n"
    run("f", "z = 1")
    assert run("g", "z = 1", deleted=["f"]) == ""
    assert run("h", "print(z)", deleted=[]) == "1\n"


def test_no_ids_is_a_plain_notebook(run):
    run.plain("x = 3")
    run.plain("x = x * 2")
    assert run.plain("x = x * 2\nprint(x)") == "12\n"


def test_odd_metadata(run):
    assert run("a", "x = 1", deleted="nonsense") == ""
    assert run("", "print(1)", deleted=[1, None, "", "a"]) == "1\n"
    assert "has been deleted since" in run("b", "print(x)")


NET = """model Net():
    input x: [3]
    output y = x.Dense(2, tanh).Dense(1)
net = Net()
x, y = randn(64, 3), randn(64, 1)"""
TRAIN = """h = train net on x -> y:
    epochs: 2
    quiet: True
before = net
print(h.loss[-1])"""
MORE = """g = train net on x -> y:
    resume: True
    epochs: 1
    quiet: True
print(g.loss[-1])"""


def last(shown):
    return shown.splitlines()[-1]


def test_training_again_starts_where_it_started(run):
    run("a", NET)
    first = run("b", TRAIN)
    assert last(run("b", TRAIN)) == last(first)
    assert run("c", MORE.replace("    resume: True\n", "")).startswith("TrainError: ")
    more = run("c", MORE)
    assert last(run("c", MORE)) == last(more)
    assert last(run("b", TRAIN)) == last(first)
    further = run("c", "%again\n" + MORE)
    assert last(further) != last(more)
    assert last(run("b", TRAIN)) == last(first)  # also what %again made goes back to this cell
    assert last(run("c", MORE)) == last(more)


def test_versions_are_kept(run):
    run("a", NET)
    run("b", TRAIN)
    mse = "print(evaluate({a: before, b: net}, x -> y, metrics=[mse]).mse)"
    a, b = map(float, last(run("c", mse)).strip("[]").split(", "))
    run("d", MORE)
    c, d = map(float, last(run("c", mse)).strip("[]").split(", "))
    assert a == b == c and d != c


def test_streams_of_random_numbers(run):
    run("a", NET)
    draw = "a = randn(3)\nb = randn(3)\nprint(a, b)"
    first = run("b", draw)
    assert first.split("] [")[0].strip("[") != first.split("] [")[1].strip("]\n")
    nets = last(run("c", "ms = [Net() for i in range(3)]\nprint([m.weights for m in ms])"))
    assert len(set(nets.split("Dense.bias"))) == 4
    assert run("b", draw) == first and last(run("b", "%again\n" + draw)) != last(first)
    assert run("b", draw) == first
    run("s", "%seed 7")
    assert run("b", draw) != first
    weights = "net = Net()\nprint(net.weights)"
    before = run("w", weights)
    run("b", "x1 = randn(1000)")
    assert run("w", weights) == before


def test_the_newer_value_counts(run):
    run("a", "t = table(x=[1, nan, 3])")
    clean = "t = t.drop_missing()\nprint(len(t))"
    assert run("b", clean) == "2\n" and last(run("b", clean)) == "2"
    run("a", "t = table(x=[1, nan, 3, 4])")
    assert last(run("b", clean)) == "3"


def test_files_that_changed(run, tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("a\n1\n")
    read = f't = read_csv("{path}")\nprint(len(t))'
    assert run("a", read) == "1\n" and run("a", read) == "1\n"
    path.write_text("a\n1\n2\n")
    shown = run("a", read)
    assert shown.startswith("note: ") and "has changed since" in shown and last(shown) == "2"
    run("b", f'save(table(a=[1, 2, 3]), "{path}")')
    assert run("a", read) == "3\n"


def test_same_bits_on_one_and_two_threads():
    cell = NET.replace("randn(64", "randn(3000") + "\n" + TRAIN.replace("print(h.loss[-1])", "print(net.weights)") + \
        "\nprint((x @ x.T).sum(), x.std(), softmax(x).mean(axis=0))"
    shown = []
    for cores in ({0}, os.sched_getaffinity(0)):
        usual = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores & usual or usual)
        try:
            with Kernel([PROGRAM, "-f"]) as k:
                shown.append(text(k.run(cell)[1]))
        finally:
            os.sched_setaffinity(0, usual)
    assert shown[0] == shown[1] and "Dense.kernel" in shown[0]
