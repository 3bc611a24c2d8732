"""input() (protocol I-*)."""
import time

import pytest
import zmq
from rawkernel import Kernel, kinds, text


def question(kernel, head, timeout=10):
    m = kernel.get(kernel.stdin, timeout)
    assert m.type == "input_request" and m.parent == head
    return m.content


def answer(kernel, value):
    kernel.send("input_reply", {"value": value, "status": "ok"}, channel="stdin")


def test_question_and_answer(kernel):
    head = kernel.execute("print first\nask Your name? ", allow_stdin=True)
    assert question(kernel, head) == {"prompt": "Your name? ", "password": False}
    assert text(kernel.wait_for(head, "stream")) == "first\n"
    answer(kernel, "Ada ü")
    assert kernel.reply(head).content["status"] == "ok"
    assert text(kernel.outputs(head)) == "Ada ü\n"


def test_text_comes_before_the_question(kernel):
    """Streams are not held back while the user is asked (I-2)."""
    head = kernel.execute("print one\nsleep 0.01\nprint two\nask x", allow_stdin=True)
    question(kernel, head)
    time.sleep(0.02)
    shown = []
    while kernel.iopub.poll(0):
        shown.append(kernel.get(kernel.iopub))
    assert text(shown) == "one\ntwo\n"
    answer(kernel, "x")
    kernel.reply(head)
    kernel.outputs(head)


def test_secret(kernel):
    head = kernel.execute("secret Word: ", allow_stdin=True)
    assert question(kernel, head)["password"] is True
    answer(kernel, "x")
    kernel.reply(head)
    kernel.outputs(head)


def test_not_allowed(kernel):
    reply, outputs = kernel.run("ask x", allow_stdin=False)
    assert reply.content["ename"] == "InputError" and "error" in kinds(outputs)
    assert not kernel.stdin.poll(50)


def test_stale_answers_are_dropped(kernel):
    answer(kernel, "stale")
    time.sleep(0.1)
    head = kernel.execute("ask x", allow_stdin=True)
    question(kernel, head)
    answer(kernel, "fresh")
    kernel.reply(head)
    assert text(kernel.outputs(head)) == "fresh\n"


@pytest.mark.parametrize("value", [None, 3, ["x"]])
def test_odd_answers(kernel, value):
    head = kernel.execute("ask x", allow_stdin=True)
    question(kernel, head)
    answer(kernel, value)
    answer(kernel, "then this")
    assert kernel.reply(head).content["status"] == "ok"
    kernel.outputs(head)


def test_end_of_file(kernel):
    head = kernel.execute("ask x", allow_stdin=True)
    question(kernel, head)
    answer(kernel, "\x04")
    assert kernel.reply(head).content["ename"] == "InputError"
    kernel.outputs(head)


def test_interrupt_while_waiting(kernel):
    head = kernel.execute("ask x", allow_stdin=True)
    question(kernel, head)
    start = time.monotonic()
    kernel.ask("interrupt_request", channel="control")
    assert kernel.reply(head).content["ename"] == "Interrupted"
    assert time.monotonic() - start < 0.5
    kernel.outputs(head)
    assert kernel.run("print ok")[0].content["status"] == "ok"


def test_shutdown_while_waiting():
    with Kernel() as k:
        head = k.execute("ask x", allow_stdin=True)
        question(k, head)
        start = time.monotonic()
        k.send("shutdown_request", {"restart": False}, channel="control")
        assert k.process.wait(5) == 0
        assert time.monotonic() - start < 1


def test_client_without_stdin():
    """The asking client has no stdin socket: an error, no endless wait (I-3)."""
    with Kernel() as k:
        other = k.socket(zmq.DEALER, "shell_port", identity=b"somebody-else")
        head, frames = k.frames("execute_request", {"code": "ask x", "allow_stdin": True})
        other.send_multipart(frames)
        m = k.get(other)
        assert m.content["status"] == "error" and m.content["ename"] == "InputError"


def test_question_goes_to_the_asking_client(kernel):
    shell = kernel.socket(zmq.DEALER, "shell_port", identity=b"second")
    stdin = kernel.socket(zmq.DEALER, "stdin_port", identity=b"second")
    time.sleep(0.2)
    head, frames = kernel.frames("execute_request", {"code": "ask who? ", "allow_stdin": True})
    shell.send_multipart(frames)
    m = kernel.get(stdin)
    assert m.parent == head and not kernel.stdin.poll(50)
    _, frames = kernel.frames("input_reply", {"value": "me"})
    stdin.send_multipart(frames)
    assert kernel.get(shell).content["status"] == "ok"
    kernel.outputs(head)
