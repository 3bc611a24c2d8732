"""inspect, complete, is_complete, comm_info, kernel_info, comms (protocol Q-*, M-*)."""
import uuid

import pytest
from rawkernel import kinds


def test_kernel_info(kernel):
    c = kernel.ask("kernel_info_request")[0].content
    assert c["protocol_version"] == "5.5" and c["implementation"] == "awml-c"
    language = c["language_info"]
    assert language["name"] == "awml" and language["file_extension"] == ".awml"
    assert language["mimetype"] == "text/x-cython"
    assert language["codemirror_mode"] == {"name": "awml", "mime": "text/x-cython"}
    assert c["supported_features"] == ["kernel subshells"] and c["debugger"] is False
    assert c["banner"] and isinstance(c["help_links"], list)


def test_connect(kernel):
    c = kernel.ask("connect_request")[0].content
    assert {p: c[p] for p in ("shell_port", "hb_port")} == {
        p: kernel.connection[p] for p in ("shell_port", "hb_port")}


def test_cursor_is_in_code_points(kernel):
    """Q-2: neither bytes nor UTF-16 units."""
    c = kernel.ask("complete_request", {"code": "😀ü pr x", "cursor_pos": 5})[0].content
    assert (c["matches"], c["cursor_start"], c["cursor_end"]) == (["print"], 3, 5)
    types = c["metadata"]["_jupyter_types_experimental"]
    assert types == [{"text": "print", "type": "function", "signature": "print X", "start": 3,
                      "end": 5}]


@pytest.mark.parametrize("cursor", [-5, 0, 10**6])
def test_cursor_outside(kernel, cursor):
    c = kernel.ask("complete_request", {"code": "pr", "cursor_pos": cursor})[0].content
    assert c["status"] == "ok" and 0 <= c["cursor_start"] <= c["cursor_end"] <= 2


@pytest.mark.parametrize("kind", ["complete_request", "inspect_request"])
@pytest.mark.parametrize("content", [{}, {"code": 1}, {"code": "x", "cursor_pos": "1"}])
def test_wrong_fields(kernel, kind, content):
    assert kernel.ask(kind, content)[0].content["status"] == "error"


def test_inspect(kernel):
    c = kernel.ask("inspect_request", {"code": "print", "cursor_pos": 3, "detail_level": 1})[0].content
    assert c == {"status": "ok", "found": True, "metadata": {},
                 "data": {"text/plain": "print X", "text/markdown": "**print** X"}}
    c = kernel.ask("inspect_request", {"code": "zzz", "cursor_pos": 1})[0].content
    assert c == {"status": "ok", "found": False, "metadata": {}, "data": {}}


def test_is_complete(kernel):
    def ask(code):
        return kernel.ask("is_complete_request", {"code": code})[0].content
    assert ask("x") == {"status": "complete"}
    assert ask("def:") == {"status": "incomplete", "indent": "    "}
    assert ask(")") == {"status": "invalid"}
    assert ask(3)["status"] == "error"


def test_comms(kernel):
    def info(**content):
        return kernel.ask("comm_info_request", content)[0].content["comms"]
    comm = uuid.uuid4().hex
    head = kernel.send("comm_open", {"comm_id": comm, "target_name": "awml.echo", "data": {}})
    kernel.outputs(head)
    assert info() == {comm: {"target_name": "awml.echo"}}
    assert info(target_name="awml.echo") == info() and info(target_name="other") == {}
    head = kernel.send("comm_close", {"comm_id": comm, "data": {}})
    assert kinds(kernel.outputs(head)) == ["busy", "idle"]
    assert info() == {}


def test_unknown_comms(kernel):
    """An unknown target is closed again; messages to unknown comms are ignored (M-1)."""
    head = kernel.send("comm_open", {"comm_id": "c1", "target_name": "nobody", "data": {}})
    outputs = kernel.outputs(head)
    assert kinds(outputs) == ["busy", "comm_close", "idle"]
    assert outputs[1].content["comm_id"] == "c1"
    for kind in ("comm_msg", "comm_close"):
        head = kernel.send(kind, {"comm_id": "c1", "data": {}})
        assert kinds(kernel.outputs(head)) == ["busy", "idle"]
    for content in ({}, {"comm_id": 3}, {"comm_id": "x", "target_name": 4}):
        kernel.outputs(kernel.send("comm_open", content))
    assert kernel.alive()
