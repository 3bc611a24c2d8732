"""interact: the widgets' messages (ipywidgets' protocol 2.1) as a front end sends and sees them, on
bare sockets; and what is left of it where there are no widgets."""
import os
import time

import pytest
from rawkernel import ROOT, Kernel

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))
VIEW = "application/vnd.jupyter.widget-view+json"
SQUARE = """def square(n, up=True, word="so", mode="b"):
    assert n < 9
    print(n, up, word, mode)
    return n * n
interact(square, n=(0, 10), up=True, word="so", mode=["a", "b"])"""


@pytest.fixture
def kernel():
    with Kernel([PROGRAM, "-f"]) as k:
        yield k


class Panel:
    """The models that one cell opened."""

    def __init__(self, kernel, code=SQUARE, cell="c1", **more):
        self.kernel = kernel
        self.reply, self.messages = kernel.run(code, metadata={"cellId": cell}, allow_stdin=True,
                                               **more)
        self.models = {m.content["comm_id"]: m.content["data"]["state"]
                       for m in self.messages if m.type == "comm_open"}

    def id(self, model):
        found = [i for i, s in self.models.items() if s["_model_name"] == model]
        assert len(found) == 1, (model, found)
        return found[0]

    def update(self, model, **state):
        return self.kernel.send("comm_msg", {"comm_id": self.id(model), "data": {
            "method": "update", "state": state, "buffer_paths": []}})


def answers(kernel, head):
    """Messages about this request up to its idle."""
    return kernel.outputs(head)


def outputs_of(messages):
    return [m.content["data"]["state"]["outputs"] for m in messages if m.type == "comm_msg"
            and m.content["data"]["method"] == "update"]


def test_models(kernel):
    p = Panel(kernel)
    assert p.reply.content["status"] == "ok"
    opened = [m for m in p.messages if m.type == "comm_open"]
    assert all(m.content["target_name"] == "jupyter.widget" for m in opened)
    assert all(m.metadata["version"] == "2.1.0" for m in opened)
    slider = p.models[p.id("IntSliderModel")]
    assert (slider["min"], slider["max"], slider["step"], slider["value"]) == (0, 10, 1, 5)
    assert slider["description"] == "n"
    assert p.models[p.id("CheckboxModel")]["value"] is True
    assert p.models[p.id("TextModel")]["value"] == "so"
    choice = p.models[p.id("DropdownModel")]
    assert choice["_options_labels"] == ["a", "b"] and choice["index"] == 1  # the function's own default
    box = p.models[p.id("VBoxModel")]
    names = [p.models[c.removeprefix("IPY_MODEL_")]["_model_name"] for c in box["children"]]
    assert names == ["IntSliderModel", "CheckboxModel", "TextModel", "DropdownModel", "OutputModel"]
    for state in p.models.values():  # what a model speaks of has been opened before it
        for key in ("layout", "style"):
            if key in state:
                assert state[key].removeprefix("IPY_MODEL_") in p.models
    out = p.models[p.id("OutputModel")]["outputs"]
    assert out[0] == {"output_type": "stream", "name": "stdout", "text": "5 True so b\n"}
    assert out[1]["data"]["text/plain"] == "25"
    shown = p.messages[-2].content["data"]
    assert shown[VIEW] == {"model_id": p.id("VBoxModel"), "version_major": 2, "version_minor": 0}
    assert shown["text/plain"] == "25"
    info = kernel.ask("comm_info_request", {"target_name": "jupyter.widget"})[0]
    assert set(info.content["comms"]) == set(p.models)


def test_a_move(kernel):
    p = Panel(kernel)
    head = p.update("IntSliderModel", value=7)
    messages = answers(kernel, head)
    assert [m.type for m in messages] == ["status", "comm_msg", "comm_msg", "status"]
    assert all(m.parent["msg_id"] == head["msg_id"] for m in messages)
    echo, update = messages[1], messages[2]
    assert echo.content["data"] == {"method": "echo_update", "state": {"value": 7},
                                    "buffer_paths": []}
    assert update.content["comm_id"] == p.id("OutputModel")
    assert update.content["data"]["state"]["outputs"][0]["text"] == "7 True so b\n"
    answers(kernel, p.update("CheckboxModel", value=False))
    answers(kernel, p.update("DropdownModel", index=0))
    (out,) = outputs_of(answers(kernel, p.update("TextModel", value="d'oh")))
    assert out[0]["text"] == "7 False d'oh a\n" and out[1]["data"]["text/plain"] == "49"


def test_many_moves_are_one(kernel):
    p = Panel(kernel, "def f(n):\n    x = randn(500, 500)\n    for i in range(20):\n"
                      "        x = x @ x * 0.001\n    print(n)\n    return n\n"
                      "interact(f, n=(0, 200))")
    heads = [p.update("IntSliderModel", value=i) for i in range(101)]
    runs = [o[0]["text"] for h in heads for o in outputs_of(answers(kernel, h))]
    assert runs[-1] == "100\n" and len(runs) < 30, runs


def test_mistakes(kernel):
    p = Panel(kernel)
    (out,) = outputs_of(answers(kernel, p.update("IntSliderModel", value=9)))
    assert out[-1]["output_type"] == "error" and out[-1]["ename"] == "AssertError"
    for state in ({"value": 99}, {"value": "x"}, {"value": None}, {"value": [1]}, {}):
        answers(kernel, p.update("IntSliderModel", **state))
    answers(kernel, p.update("DropdownModel", index=77))
    answers(kernel, p.update("DropdownModel", index=None))
    (out,) = outputs_of(answers(kernel, p.update("IntSliderModel", value=2)))
    assert out[0]["text"] == "2 True so b\n"
    for content in ({"comm_id": p.id("IntSliderModel")},
                    {"comm_id": p.id("IntSliderModel"), "data": {"method": 3}},
                    {"comm_id": "nobody", "data": {"method": "update", "state": {"value": 1}}}):
        assert not outputs_of(answers(kernel, kernel.send("comm_msg", content)))
    reply, _ = kernel.run("1 + 1")
    assert reply.content["status"] == "ok"
    failed = Panel(kernel, "interact(lambda n: log(n) if n > 1 else zeros(2)[n - 5], n=(-4, 5))",
                   cell="c2")
    assert failed.reply.content["status"] == "error" and not failed.models


def test_states(kernel):
    p = Panel(kernel)
    answers(kernel, p.update("IntSliderModel", value=3))
    head = kernel.send("comm_msg", {"comm_id": p.id("IntSliderModel"),
                                    "data": {"method": "request_state"}})
    (state,) = [m.content["data"]["state"] for m in answers(kernel, head) if m.type == "comm_msg"]
    assert state["value"] == 3 and state["_view_name"] == "IntSliderView"
    answers(kernel, kernel.send("comm_open", {"comm_id": "all", "data": {},
                                              "target_name": "jupyter.widget.control"}))
    head = kernel.send("comm_msg", {"comm_id": "all", "data": {"method": "request_states"}})
    (data,) = [m.content["data"] for m in answers(kernel, head) if m.type == "comm_msg"]
    assert data["method"] == "update_states" and set(data["states"]) == set(p.models)
    slider = data["states"][p.id("IntSliderModel")]
    assert slider["model_name"] == "IntSliderModel" and slider["state"]["value"] == 3
    assert slider["model_module"] == "@jupyter-widgets/controls"


def test_closing(kernel):
    p = Panel(kernel)
    again = Panel(kernel)  # the cell runs again: its old models are closed
    closed = {m.content["comm_id"] for m in again.messages if m.type == "comm_close"}
    assert closed == set(p.models) and not closed & set(again.models)
    info = kernel.ask("comm_info_request", {"target_name": "jupyter.widget"})[0]
    assert set(info.content["comms"]) == set(again.models)
    assert not outputs_of(answers(kernel, p.update("IntSliderModel", value=1)))
    for comm in again.models:
        answers(kernel, kernel.send("comm_close", {"comm_id": comm, "data": {}}))
    assert kernel.ask("comm_info_request", {})[0].content["comms"] == {}
    assert not outputs_of(answers(kernel, again.update("IntSliderModel", value=1)))
    head = kernel.send("comm_open", {"comm_id": "x", "target_name": "jupyter.widget", "data": {}})
    assert [m.type for m in answers(kernel, head)] == ["status", "comm_close", "status"]


def test_a_move_waits_for_the_running_cell(kernel):
    p = Panel(kernel)
    subshell = kernel.ask("create_subshell_request", {}, channel="control")[0].content["subshell_id"]
    busy = kernel.execute("n = 0\nfor i in range(20_000_000):\n    n += 1\nprint(n)")
    time.sleep(0.1)
    header = kernel.header("comm_msg", subshell_id=subshell)
    head = kernel.send("comm_msg", {"comm_id": p.id("IntSliderModel"), "data": {
        "method": "update", "state": {"value": 4}}}, header=header)
    (out,) = outputs_of(answers(kernel, head))
    assert out[0]["text"] == "4 True so b\n"
    assert kernel.reply(busy).content["status"] == "ok"


@pytest.mark.parametrize("options", [{"metadata": {"cellId": "a"}, "allow_stdin": False},
                                     {"allow_stdin": True}])
def test_without_widgets(kernel, options):
    reply, messages = kernel.run(SQUARE, **options)
    assert reply.content["status"] == "ok"
    assert [m.type for m in messages] == ["status", "execute_input", "stream", "display_data",
                                          "status"]
    assert messages[3].content["data"] == {"text/plain": "25"}
