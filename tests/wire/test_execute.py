"""execute_request and the life of a request (protocol L-*, E-*, P-*)."""
import time

import pytest
from rawkernel import Kernel, kinds, text

EVERY_REQUEST = {
    "execute_request": {"code": "print x"},
    "inspect_request": {"code": "print", "cursor_pos": 2, "detail_level": 0},
    "complete_request": {"code": "pri", "cursor_pos": 3},
    "history_request": {"hist_access_type": "tail", "n": 1, "output": False, "raw": True},
    "is_complete_request": {"code": "print"},
    "connect_request": {},
    "comm_info_request": {},
    "kernel_info_request": {},
}


def states(messages):
    return [s for s in kinds(messages) if s in ("busy", "idle")]


@pytest.mark.parametrize("kind", sorted(EVERY_REQUEST))
def test_busy_and_idle_around_everything(kernel, kind):
    reply, outputs = kernel.ask(kind, EVERY_REQUEST[kind])
    assert reply.type == kind.replace("_request", "_reply")
    assert reply.content["status"] in ("ok", "complete")
    got = kinds(outputs)
    assert got[0] == "busy" and got[-1] == "idle" and states(outputs) == ["busy", "idle"]


@pytest.mark.parametrize("kind", ["interrupt_request", "usage_request", "kernel_info_request",
                                  "debug_request", "list_subshell_request", "connect_request",
                                  "is_complete_request", "execute_request", "nonsense_request"])
def test_busy_and_idle_on_control(kernel, kind):
    _, outputs = kernel.ask(kind, {"code": ""}, channel="control")
    assert kinds(outputs) == ["busy", "idle"]


def test_starting_is_said_once():
    """A client that is there before the kernel sees `starting` at most once and nothing before it."""
    with Kernel() as k:
        heads = [k.execute("print a") for _ in range(3)]
        seen = []
        for head in heads:
            k.reply(head)
        while not seen or states(seen).count("idle") < 3:
            seen.append(k.get(k.iopub))
        assert kinds(seen).count("starting") <= 1
        assert "starting" not in kinds(seen)[1:]


def test_first_in_first_out(kernel):
    heads = [kernel.execute(f"print {i}") for i in range(100)]
    assert [kernel.get(kernel.shell).parent["msg_id"] for _ in heads] == [h["msg_id"] for h in heads]
    assert "".join(text(kernel.outputs(h)) for h in heads) == "".join(f"{i}\n" for i in range(100))


def test_order_of_outputs(kernel):
    reply, outputs = kernel.run("print a\nshow b\nwarn c\nresult d")
    assert kinds(outputs) == ["busy", "execute_input", "stream", "display_data", "stream",
                              "execute_result", "idle"]
    count = reply.content["execution_count"]
    assert outputs[1].content == {"code": "print a\nshow b\nwarn c\nresult d",
                                  "execution_count": count}
    assert outputs[5].content["execution_count"] == count
    assert outputs[5].content["data"] == {"text/plain": "d"}
    assert reply.content == {"status": "ok", "execution_count": count, "payload": [],
                             "user_expressions": {}}
    assert reply.metadata["started"].endswith("Z")


def test_counts():
    with Kernel() as k:
        def count(code, **content):
            return k.run(code, **content)[0].content["execution_count"]
        assert count("", silent=True) == 0
        assert count("print 1") == 1
        assert count("print 2") == 2
        assert count("print 3", store_history=False) == 2
        assert count("print 4", silent=True) == 2
        assert count("fail") == 3
        assert count("   \n") == 3
        assert count("print 5") == 4


def test_blank_code(kernel):
    for code in ("", "  \n\t"):
        reply, outputs = kernel.run(code)
        assert reply.content["status"] == "ok"
        assert kinds(outputs) == ["busy", "execute_input", "idle"]


def test_silent(kernel):
    """Nothing but status is broadcast, also not what C libraries print (E-2)."""
    for code in ("print a\nshow b\nresult c\nc d\nclear", "fail x", "train 5"):
        _, outputs = kernel.run(code, silent=True)
        assert kinds(outputs) == ["busy", "idle"]


def test_defaults(kernel):
    """Missing fields: not silent, stored, stops on error, stdin allowed."""
    before = kernel.run("print a")[0].content["execution_count"]
    reply, outputs = kernel.ask("execute_request", {"code": "print b"})
    assert reply.content["execution_count"] == before + 1 and "stream" in kinds(outputs)
    bad = kernel.send("execute_request", {"code": "sleep 0.05\nfail"})
    next_one = kernel.send("execute_request", {"code": "print c"})
    assert kernel.reply(bad).content["status"] == "error"
    assert kernel.reply(next_one).content["status"] == "aborted"
    kernel.outputs(next_one)


def test_error_is_one_output(kernel):
    reply, outputs = kernel.run("fail because")
    assert kinds(outputs) == ["busy", "execute_input", "error", "idle"]
    error = outputs[2].content
    assert error["ename"] == "ValueError" and error["evalue"] == "failed: because"
    assert error["traceback"] and all(isinstance(line, str) for line in error["traceback"])
    assert {k: reply.content[k] for k in error} == error
    assert reply.content["status"] == "error" and reply.content["execution_count"] > 0


def test_memory_error_is_survived(kernel):
    reply, _ = kernel.run("memory")
    assert reply.content["ename"] == "MemoryError"
    assert kernel.run("print ok")[0].content["status"] == "ok"


def test_user_expressions(kernel):
    reply, _ = kernel.run("print x", user_expressions={"good": "1+1", "bad": "nope", "worse": 3})
    got = reply.content["user_expressions"]
    assert reply.content["status"] == "ok"
    assert got["good"] == {"status": "ok", "data": {"text/plain": "2"}, "metadata": {}}
    for key in ("bad", "worse"):
        assert got[key]["status"] == "error" and {"ename", "evalue", "traceback"} <= set(got[key])
    assert not kernel.run("fail", user_expressions={"a": "1+1"})[0].content.get("user_expressions")


def test_stop_on_error(kernel):
    """What was queued is aborted, other requests run, later cells run (E-13 … E-16)."""
    bad = kernel.execute("sleep 0.1\nfail")
    queued = [kernel.execute(f"print {i}") for i in range(3)]
    info = kernel.send("kernel_info_request")
    count = kernel.reply(bad).content["execution_count"]
    for head in queued:
        assert kernel.reply(head).content == {"status": "aborted"}
        assert kinds(kernel.outputs(head)) == ["busy", "idle"]
    assert kernel.reply(info).content["status"] == "ok"
    reply, outputs = kernel.run("print later")
    assert reply.content["execution_count"] == count + 1 and text(outputs) == "later\n"


def test_fast_failure_aborts_a_burst(kernel):
    """Cells sent in one go with one that fails at once are aborted too; what is sent after the reply
    runs. Many times, because it is a race."""
    for _ in range(20):
        made = [kernel.frames("execute_request", {"code": c}) for c in ["fail"] + ["print x"] * 10]
        for _, frames in made:
            kernel.shell.send_multipart(frames)
        heads = [head for head, _ in made]
        states = [kernel.reply(h).content["status"] for h in heads]
        assert states == ["error"] + ["aborted"] * 10
        assert kernel.run("print x")[0].content["status"] == "ok"


def test_a_hundred_aborts_are_quick(kernel):
    bad = kernel.execute("sleep 0.2\nfail")
    heads = [kernel.execute("print x") for _ in range(100)]
    kernel.reply(bad)
    start = time.monotonic()
    assert all(kernel.reply(h).content["status"] == "aborted" for h in heads)
    assert time.monotonic() - start < 0.5
    kernel.outputs(heads[-1])


def test_errors_that_do_not_stop(kernel):
    bad = kernel.execute("sleep 0.05\nfail", stop_on_error=False)
    then = kernel.execute("print x")
    kernel.reply(bad)
    assert kernel.reply(then).content["status"] == "ok"
    quiet = kernel.execute("sleep 0.05\nfail", silent=True)
    then = kernel.execute("print x")
    kernel.reply(quiet)
    assert kernel.reply(then).content["status"] == "ok"
    kernel.outputs(then)


def test_payloads(kernel):
    payload = kernel.run("page some help")[0].content["payload"]
    assert len(payload) == 1 and payload[0]["source"] == "page"
    assert payload[0]["data"]["text/plain"] == "some help"
    assert kernel.run("exit")[0].content["payload"][0]["source"] == "ask_exit"


def test_clear_output(kernel):
    _, outputs = kernel.run("print a\nclear\nprint b")
    assert kinds(outputs)[2:5] == ["stream", "clear_output", "stream"]
    assert outputs[3].content == {"wait": False}


def test_training_is_one_display(kernel):
    """display_data, then updates at most ten times a second, the last state always (P-4)."""
    start = time.monotonic()
    _, outputs = kernel.run("train 200")
    seconds = time.monotonic() - start
    views = [m for m in outputs if m.type.endswith("display_data")]
    assert views[0].type == "display_data"
    assert {m.type for m in views[1:]} == {"update_display_data"}
    assert len({m.content["transient"]["display_id"] for m in views}) == 1
    assert 3 <= len(views) <= 3 + 10 * seconds
    assert views[-1].content["data"]["text/plain"].startswith("end")
    picture = views[-1].content["metadata"]["image/svg+xml"]
    assert (picture["width"], picture["height"]) == (300, 200)
    assert picture["alt"] == views[-1].content["data"]["text/plain"]


def test_cell_metadata_is_accepted(kernel):
    head = kernel.execute("print a", metadata={"cellId": "abc", "deletedCells": ["x", 3],
                                               "recordTiming": True})
    assert kernel.reply(head).content["status"] == "ok"
    kernel.outputs(head)


@pytest.mark.parametrize("code, metadata, leaves", [
    ("exit", {}, True), (" quit \n", {}, True), ("quit", {"cellId": "a"}, False), ("exits", {}, False)])
def test_a_terminal_is_left_by_one_word(kernel, code, metadata, leaves):
    reply, _ = kernel.run(code, metadata=metadata, allow_stdin=True)
    assert [p["source"] for p in reply.content.get("payload", [])] == ["ask_exit"] * leaves
