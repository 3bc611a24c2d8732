"""Long work as a front end with widgets is told of it, on bare sockets: a bar of ipywidgets that moves,
and nothing of it left at the end, however it ends. Who has not shown that it draws widgets gets none."""
import os
import threading
import time

import pytest
from rawkernel import ROOT, Kernel

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))
VIEW = "application/vnd.jupyter.widget-view+json"
NET = """model Net(hidden):
    input x: [20]
    output y = x.Dense(hidden, relu).Dense(1)
x = randn(4000, 20)
"""
# Longer than a moment on any machine, and ended by the cell itself.
FAIL = """net = Net(20)
history = train net on x -> x[:, 0:1]:
    epochs: 1000000
    each epoch:
        n = 0
        for i in range(400_000):
            n = n + i
        assert epoch < 60
"""
SEARCH = """runs = search:
    over lr: loguniform(1e-4, 1e-2)
    trials: 8
    minimize: "loss"
    trial:
        m = Net(20)
        train m on x -> x[:, 0:1]:
            optimizer: Adam(lr)
            epochs: 150
"""
FOREVER = "net = Net(20)\nhistory = train net on x -> x[:, 0:1]:\n    epochs: 100000000\n"


@pytest.fixture
def kernel():
    with Kernel([PROGRAM, "-f"]) as k:
        greet(k)
        k.run(NET)
        yield k


def greet(kernel, comm="control"):
    """What the widget manager of a page does when it connects."""
    kernel.outputs(kernel.send("comm_open", {"comm_id": comm, "data": {},
                                             "target_name": "jupyter.widget.control"}))
    kernel.outputs(kernel.send("comm_close", {"comm_id": comm, "data": {}}))


class Shown:
    """What the messages of one cell leave on the page."""

    def __init__(self, messages):
        self.models, self.displays, self.order, self.moves = {}, {}, [], []
        self.bars, self.live = 0, None
        for m in messages:
            c = m.content
            if m.type == "comm_open":
                self.models[c["comm_id"]] = dict(c["data"]["state"])
            elif m.type == "comm_close":
                assert VIEW not in str(self.displays), "a model goes after its view"
                del self.models[c["comm_id"]]
            elif m.type == "comm_msg":
                self.moves.append(c["data"]["state"])
                self.models[c["comm_id"]].update(c["data"]["state"])
            elif m.type in ("display_data", "update_display_data"):
                self.display(m)

    def display(self, m):
        id = m.content["transient"].get("display_id", m.header["msg_id"])
        assert (m.type == "display_data") == (id not in self.displays)
        self.displays[id] = m.content
        view = m.content["data"].get(VIEW)
        if view:
            self.bars += 1
            assert self.models[view["model_id"]]["_model_name"] == "VBoxModel"
            assert m.content["metadata"]["awml_live"] and "text/html" in m.content["data"]

    def plain(self):
        return [c["data"]["text/plain"] for c in self.displays.values()]

    def is_settled(self):
        """Nothing moves and nothing refers to what is gone."""
        assert not self.models and VIEW not in str(self.displays)
        assert "<progress" not in str(self.displays) and "awml_live" not in str(self.displays)
        return True


def run(kernel, code, cell="a", **more):
    reply, messages = kernel.run(code, metadata={"cellId": cell}, allow_stdin=True, **more)
    return reply.content, Shown(messages)


def begin(kernel, code=FOREVER):
    """A cell whose bar has just been shown: its request, and the messages until then."""
    head = kernel.execute(code, metadata={"cellId": "a"}, allow_stdin=True)
    found = kernel.wait_for(head, "update_display_data")
    assert VIEW in found[-1].content["data"]
    return head, found


def interrupt(kernel, head):
    """Without reading what the cell says meanwhile."""
    kernel.reply(kernel.send("interrupt_request", channel="control"), channel="control")
    return kernel.reply(head).content


def test_a_failed_training(kernel):
    content, shown = run(kernel, FAIL)
    assert content["ename"] == "AssertError" and shown.bars == 1 and shown.is_settled()
    assert shown.plain()[0].startswith("stopped after ") and "loss" in shown.plain()[0]
    shares = [s["value"] for s in shown.moves if isinstance(s["value"], float)]
    assert shares == sorted(shares) and len(shares) >= 2
    assert kernel.ask("comm_info_request", {})[0].content["comms"] == {}


def test_interrupted(kernel):
    head, found = begin(kernel)
    interrupt(kernel, head)
    shown = Shown(found + kernel.outputs(head))
    assert shown.bars == 1 and shown.is_settled()
    assert shown.plain()[0].startswith("interrupted after ")
    assert "<img" in str(shown.displays) and len(shown.displays) == 2


def test_search_has_a_bar(kernel):
    content, shown = run(kernel, SEARCH)
    assert content["status"] == "ok" and shown.bars == 1 and shown.is_settled()
    assert "Best, run" in shown.plain()[0] and "lr" in shown.plain()[1]


def test_short_work_has_none(kernel):
    content, shown = run(kernel, NET + "net = Net(2)\nh = train net on x[:50] -> x[:50, 0:1]:\n"
                                       "    epochs: 2\n")
    assert content["status"] == "ok" and not shown.bars and len(shown.displays) == 1


def test_who_has_not_greeted(kernel):
    other = Kernel.__new__(Kernel)
    other.__dict__.update(kernel.__dict__)
    other.session = "another"
    _, shown = run(other, FAIL)
    assert not shown.bars and shown.is_settled() and len(shown.displays) == 1
    other.ask("comm_info_request", {"target_name": "somebody"})
    assert not run(other, FAIL)[1].bars
    other.ask("comm_info_request", {"target_name": "jupyter.widget"})
    assert run(other, FAIL)[1].bars == 1


@pytest.mark.parametrize("said", ["0", "1"])
def test_said_by_the_environment(said):
    with Kernel([PROGRAM, "-f"], env={"AWML_WIDGETS": said}) as k:
        if said == "0":
            greet(k)
        _, messages = k.run(NET + FAIL, allow_stdin=False)
        assert Shown(messages).bars == int(said)


def test_a_terminal_beside_the_page(kernel):
    other = Kernel.__new__(Kernel)
    other.__dict__.update(kernel.__dict__)
    other.session = "a terminal"
    _, messages = other.run(FAIL, allow_stdin=True)
    assert not Shown(messages).bars and any(m.type == "stream" for m in messages)


def test_a_page_that_closes_its_models(kernel):
    subshell = kernel.ask("create_subshell_request", channel="control")[0].content["subshell_id"]
    head, found = begin(kernel)
    for m in found:
        if m.type == "comm_open":
            id = m.content["comm_id"]
            kernel.send("comm_msg", {"comm_id": id, "data": {"method": "update", "state": {"value": 7}}},
                        header=kernel.header("comm_msg", subshell_id=subshell))
            kernel.send("comm_close", {"comm_id": id, "data": {}},
                        header=kernel.header("comm_close", subshell_id=subshell))
    time.sleep(0.5)
    interrupt(kernel, head)
    last = [m for m in kernel.outputs(head) if m.type == "update_display_data"]
    assert any(m.content["data"]["text/plain"].startswith("interrupted after ") for m in last)
    assert kernel.ask("comm_info_request", {})[0].content["comms"] == {}


def test_states_for_a_page_opened_anew(kernel):
    subshell = kernel.ask("create_subshell_request", channel="control")[0].content["subshell_id"]
    head, found = begin(kernel)
    there = {m.content["comm_id"] for m in found if m.type == "comm_open"}
    kernel.send("comm_open", {"comm_id": "c2", "data": {}, "target_name": "jupyter.widget.control"},
                header=kernel.header("comm_open", subshell_id=subshell))
    asked = kernel.send("comm_msg", {"comm_id": "c2", "data": {"method": "request_states"}},
                        header=kernel.header("comm_msg", subshell_id=subshell))
    (states,) = [m.content["data"]["states"] for m in kernel.outputs(asked) if m.type == "comm_msg"]
    assert set(states) == there
    bar = [s for s in states.values() if s["model_name"] == "FloatProgressModel"]
    assert len(bar) == 1 and 0 <= bar[0]["state"]["value"] <= 1
    interrupt(kernel, head)


ANSWERS = """x = randn(20000, 10)
y = x[:, 0] + x[:, 1]
near = KNeighbors(k=5)
train near on x -> y
"""


@pytest.mark.parametrize("code, said", [
    ("p = near.predict(x)", "KNeighbors on 20000 examples"),
    ("show(evaluate(near, x -> y, metrics=[mse]))", "evaluating the model"),
    ("both = Voting([KNeighbors(k=3), KNeighbors(k=4)])\ntrain both on x -> y\n"
     "show(evaluate({\"one\": near, \"two\": both}, x[:9000] -> y[:9000], metrics=[mse]))",
     "evaluating the models")])
def test_answers_that_take_long(kernel, code, said):
    """One display for all of it: the models of an evaluation and their members are parts."""
    run(kernel, ANSWERS, cell="data")
    content, shown = run(kernel, code, cell="b")
    assert content["status"] == "ok" and shown.is_settled()
    told = [p for p in shown.plain() if p.startswith(said + ": done in ")]
    assert len(told) == 1 and not [p for p in shown.plain() if "%" in p], shown.plain()
