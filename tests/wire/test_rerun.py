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
