"""Control requests: interrupt, subshells, usage, debug (protocol C-*)."""
import signal
import time

import pytest
import zmq
from rawkernel import Kernel, kinds, text


def test_control_answers_during_a_computation(kernel):
    head = kernel.execute("deaf 1")
    kernel.wait_for(head, "execute_input")
    for kind in ("kernel_info_request", "usage_request", "connect_request"):
        start = time.monotonic()
        request = kernel.send(kind, channel="control")
        assert kernel.reply(request, "control").content["status"] == "ok"
        assert time.monotonic() - start < 0.1
    request = kernel.send("is_complete_request", {"code": "x"}, channel="control")
    assert kernel.reply(request, "control").content == {"status": "unknown"}
    assert kernel.reply(head).content["status"] == "ok"
    kernel.outputs(head)


def test_control_answers_during_a_flood_that_nobody_reads():
    with Kernel(subscribe=False) as k:
        lazy = k.socket(zmq.SUB, "iopub_port", rcvhwm=10)
        lazy.subscribe(b"")
        assert lazy.poll(5000)
        head = k.execute("pieces 100000000")
        end = time.monotonic() + 5
        while time.monotonic() < end:
            start = time.monotonic()
            k.reply(k.send("kernel_info_request", channel="control"), "control")
            assert time.monotonic() - start < 0.5
            time.sleep(0.05)
        start = time.monotonic()
        k.send("interrupt_request", channel="control")
        assert k.reply(head).content["ename"] == "Interrupted"
        assert time.monotonic() - start < 3


def test_execute_is_refused_on_control(kernel):
    head = kernel.execute("print x", channel="control")
    assert kernel.reply(head, "control").content["ename"] == "WrongChannel"


@pytest.mark.parametrize("ms", [0, 5, 10, 50])
@pytest.mark.parametrize("by", ["message", "signal"])
def test_interrupt(kernel, ms, by):
    head = kernel.execute("print x\nsleep 20")
    kernel.wait_for(head, "execute_input")
    time.sleep(ms / 1000)
    start = time.monotonic()
    if by == "signal":
        kernel.process.send_signal(signal.SIGINT)
    else:
        reply, _ = kernel.ask("interrupt_request", channel="control")
        assert reply.content == {"status": "ok"}
    reply = kernel.reply(head)
    assert reply.content["status"] == "error" and reply.content["ename"] == "Interrupted"
    assert time.monotonic() - start < 0.3
    assert kernel.run("sleep 0.05\nprint ok")[0].content["status"] == "ok"


def test_interrupt_when_idle_is_harmless(kernel):
    for _ in range(20):
        kernel.process.send_signal(signal.SIGINT)
        kernel.ask("interrupt_request", channel="control")
        assert kernel.run("sleep 0.01")[0].content["status"] == "ok"


def test_interrupt_aborts_the_queue(kernel):
    head = kernel.execute("sleep 20")
    after = kernel.execute("print x")
    kernel.wait_for(head, "execute_input")
    kernel.send("interrupt_request", channel="control")
    assert kernel.reply(head).content["ename"] == "Interrupted"
    assert kernel.reply(after).content["status"] == "aborted"
    kernel.outputs(after)


def test_impatient_user(kernel):
    head = kernel.execute("deaf 0.4\nprint never")
    kernel.wait_for(head, "execute_input")
    for _ in range(5):
        kernel.ask("interrupt_request", channel="control")
    assert kernel.reply(head).content["ename"] == "Interrupted"
    assert kernel.run("print ok")[0].content["status"] == "ok"


def test_usage(kernel):
    kernel.ask("usage_request", channel="control")
    time.sleep(0.1)
    start = time.monotonic()
    reply, _ = kernel.ask("usage_request", channel="control")
    assert time.monotonic() - start < 0.2
    c = reply.content
    assert c["status"] == "ok" and c["pid"] == kernel.process.pid
    assert 100_000 < c["kernel_memory"] < 1_000_000_000 and c["kernel_cpu"] >= 0
    assert c["cpu_count"] >= 1 and 0 <= c["host_cpu_percent"] <= 100
    memory = c["host_virtual_memory"]
    assert 0 < memory["available"] <= memory["total"] and 0 <= memory["percent"] <= 100


def test_debug_request_is_declined(kernel):
    reply, _ = kernel.ask("debug_request", {"type": "request", "command": "initialize", "seq": 7},
                          channel="control")
    c = reply.content
    assert c["type"] == "response" and c["success"] is False and c["request_seq"] == 7
    assert c["command"] == "initialize" and c["message"]


def create(kernel):
    reply, _ = kernel.ask("create_subshell_request", channel="control")
    assert reply.content["status"] == "ok"
    return reply.content["subshell_id"]


def delete(kernel, subshell):
    return kernel.ask("delete_subshell_request", {"subshell_id": subshell},
                      channel="control")[0].content


def listed(kernel):
    return set(kernel.ask("list_subshell_request", channel="control")[0].content["subshell_id"])


def test_subshells_are_made_listed_and_deleted(kernel):
    assert listed(kernel) == set()
    a, b = create(kernel), create(kernel)
    assert a != b and listed(kernel) == {a, b}
    assert delete(kernel, a) == {"status": "ok"} and listed(kernel) == {b}
    assert delete(kernel, a)["status"] == "error"
    assert delete(kernel, b) == {"status": "ok"} and listed(kernel) == set()


def on(kernel, subshell, kind, content):
    header = kernel.header(kind, subshell_id=subshell)
    return kernel.send(kind, content, header=header)


def test_subshell_answers_during_a_computation(kernel):
    """All answers come before that of the running cell: `reply` would have passed over that one."""
    subshell = create(kernel)
    head = kernel.execute("sleep 2")
    kernel.wait_for(head, "execute_input")
    for kind, content in (("kernel_info_request", {}), ("comm_info_request", {}),
                          ("history_request", {"hist_access_type": "tail", "n": 1}),
                          ("complete_request", {"code": "pr", "cursor_pos": 2})):
        request = on(kernel, subshell, kind, content)
        reply = kernel.reply(request)
        assert reply.content["status"] == "ok" and reply.parent == request
    assert kernel.reply(head).content["status"] == "ok"
    delete(kernel, subshell)


@pytest.mark.parametrize("channel", ["subshell", "control"])
def test_the_last_status_beside_a_cell_is_busy(kernel, channel):
    """Front ends show it as the kernel's, and servers end kernels that look idle."""
    subshell = create(kernel)
    head = kernel.execute("sleep 0.5")
    kernel.wait_for(head, "execute_input")
    if channel == "subshell":
        request = on(kernel, subshell, "comm_info_request", {})
    else:
        request = kernel.send("usage_request", {}, "control")
    statuses = []
    while not statuses or statuses[-1] != ("idle", head["msg_id"]):
        m = kernel.get(kernel.iopub)
        if m.type == "status":
            statuses.append((m.content["execution_state"], m.parent["msg_id"]))
    assert statuses == [("busy", request["msg_id"]), ("idle", request["msg_id"]),
                        ("busy", head["msg_id"]), ("idle", head["msg_id"])]
    kernel.reply(request, "shell" if channel == "subshell" else "control")
    assert kernel.reply(head).content["status"] == "ok"
    delete(kernel, subshell)


def test_cells_of_subshells_run_one_at_a_time(kernel):
    """The engine is one: the cell of a subshell starts when the other ends; the counter is shared."""
    subshell = create(kernel)
    head = kernel.execute("sleep 0.2\nprint a")
    kernel.wait_for(head, "execute_input")
    other = on(kernel, subshell, "execute_request", {"code": "print b"})
    first = kernel.reply(head).content["execution_count"]
    reply = kernel.reply(other)
    assert reply.content["execution_count"] == first + 1
    assert text(kernel.outputs(other)) == "b\n"
    delete(kernel, subshell)


def test_subshell_has_its_own_abort_scope(kernel):
    subshell = create(kernel)
    bad = on(kernel, subshell, "execute_request", {"code": "sleep 0.2\nfail"})
    kernel.wait_for(bad, "execute_input")
    queued = on(kernel, subshell, "execute_request", {"code": "print x"})
    parent = kernel.execute("print y")
    assert kernel.reply(bad).content["status"] == "error"
    statuses = {}
    for _ in range(2):
        m = kernel.get(kernel.shell)
        statuses[m.parent["msg_id"]] = m.content["status"]
    assert statuses == {queued["msg_id"]: "aborted", parent["msg_id"]: "ok"}
    delete(kernel, subshell)


def test_unknown_subshell(kernel):
    request = on(kernel, "nobody", "execute_request", {"code": "print x"})
    reply = kernel.reply(request)
    assert reply.content["status"] == "error"
    assert kinds(kernel.outputs(request)) == ["busy", "idle"]


def test_subshell_null_is_the_parent_shell(kernel):
    request = on(kernel, None, "kernel_info_request", {})
    assert kernel.reply(request).content["status"] == "ok"
    kernel.outputs(request)
