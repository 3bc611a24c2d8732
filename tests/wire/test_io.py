"""Broadcasting and captured output (protocol P-*, D4, D5, R-8, R-17 … R-19)."""
import pathlib
import re
import threading
import time

import pytest
import zmq
from rawkernel import Kernel, Message, kinds, text

FLOOD = "".join(f"line {i} of the flood, with some more text\n" for i in range(20000))


def test_welcome_is_first():
    """A hundred subscribers, while the kernel talks all the time (P-1)."""
    with Kernel() as k:
        head = k.execute("pieces 3000000")
        for i in range(100):
            s = k.socket(zmq.SUB, "iopub_port")
            topic = b"" if i % 2 else b"kernel."
            s.subscribe(topic)
            assert s.poll(5000)
            m = Message(s.recv_multipart(), k.key)
            assert m.type == "iopub_welcome" and m.parent == {}
            assert m.content == {"subscription": topic.decode()} and m.ids == [topic]
            s.close()
        k.send("interrupt_request", channel="control")
        k.reply(head)


def test_subscription_that_is_not_utf8():
    with Kernel() as k:
        s = k.socket(zmq.SUB, "iopub_port")
        s.subscribe(b"\xff\xfe")
        assert not s.poll(200)
        assert k.alive()


@pytest.mark.parametrize("command", ["flood", "fdflood"])
def test_flood_to_a_late_reader(command):
    """20,000 flushed lines, read a second later: all there, in order, with idle."""
    with Kernel() as k:
        head = k.execute(f"{command} 20000")
        time.sleep(1)
        outputs = k.outputs(head, 60)
        assert text(outputs) == FLOOD
        assert k.reply(head).content["status"] == "ok"
        assert len(outputs) < 200, "stream messages were not put together"


def test_displays_to_a_late_reader():
    """Displays cannot be put together: 20,000 messages are kept until they are read."""
    with Kernel() as k:
        head = k.execute("pieces 20000")
        time.sleep(1)
        shown = [m for m in k.outputs(head, 60) if m.type == "display_data"]
        assert [m.content["data"]["text/plain"] for m in shown] == [
            f"piece {i}" for i in range(20000)]


def test_stuck_subscriber():
    """One that never reads does not hold up the other for ever."""
    with Kernel(subscribe=False) as k:
        stuck = k.socket(zmq.SUB, "iopub_port", rcvhwm=10)
        stuck.subscribe(b"")
        assert stuck.poll(5000)
        k.iopub = k.socket(zmq.SUB, "iopub_port", rcvhwm=0)
        k.iopub.subscribe(b"")
        k.get(k.iopub)
        head = k.execute("pieces 40000")
        outputs = k.outputs(head, 90)
        assert kinds(outputs)[-1] == "idle"
        assert len([m for m in outputs if m.type == "display_data"]) == 40000


def test_two_subscribers_get_the_same():
    with Kernel() as k:
        other = k.socket(zmq.SUB, "iopub_port", rcvhwm=0)
        other.subscribe(b"")
        assert k.get(other).type == "iopub_welcome"
        head = k.execute("print a\nflood 1000\nshow b")
        mine = k.outputs(head)
        theirs = []
        while not theirs or kinds(theirs)[-1] != "idle":
            m = k.get(other)
            if m.parent.get("msg_id") == head["msg_id"]:
                theirs.append(m)
        assert [m.parts for m in mine] == [m.parts for m in theirs]


def test_c_output_comes_before_idle(kernel):
    """Unflushed libc output of both streams, at the very end of a cell (L-2)."""
    for i in range(50):
        _, outputs = kernel.run(f"c tail {i}\ncerr error {i}")
        assert text(outputs) == f"tail {i}" and text(outputs, "stderr") == f"error {i}"
        assert kinds(outputs)[-1] == "idle"


def test_c_output_keeps_its_place(kernel):
    _, outputs = kernel.run("c one \nprint two\nc three \nshow x\nc four")
    assert text(outputs) == "one two\nthree four"
    assert kinds(outputs)[-3:] == ["display_data", "stream", "idle"]


def test_characters_are_not_cut(kernel):
    for _ in range(5):
        assert text(kernel.run("split")[1]) == "a€b\n"


def test_all_bytes(kernel):
    shown = text(kernel.run("bytes")[1])
    assert shown[:128] == "".join(map(chr, range(128))) and set(shown[128:]) == {"\ufffd"}


def test_child_process(kernel):
    assert text(kernel.run("child hello from a child")[1]) == "hello from a child"


def test_background_child_does_not_hold_the_cell():
    with Kernel() as k:
        start = time.monotonic()
        k.run("background 5")
        assert time.monotonic() - start < 1
        assert text(k.run("c after")[1]) == "after"


def test_late_output_of_a_thread(kernel):
    """It belongs to the cell that ran last, whoever's it is (R-18)."""
    head = kernel.execute("late after idle")
    kernel.reply(head)
    assert text(kernel.outputs(head)) == ""
    m = kernel.get(kernel.iopub)
    assert m.parent == head and m.content["text"] == "after idle"


def test_too_much_output_goes_to_a_file(tmp_path):
    """After 8 MB the rest is in a file that the output names, and the end is shown."""
    with Kernel(env={"TMPDIR": str(tmp_path)}) as k:
        head = k.execute("flood 400000")
        outputs = k.outputs(head, 60)
        shown = text(outputs)
        full = "".join(f"line {i} of the flood, with some more text\n" for i in range(400000))
        assert len(shown) < 9 << 20 and shown.startswith(full[:1 << 20])
        assert shown.endswith(full[-1000:])
        files = list(tmp_path.glob("awml-output-*"))
        assert len(files) == 1 and str(files[0]) in shown
        assert full.endswith(files[0].read_text()) and files[0].stat().st_mode & 0o077 == 0


def test_too_much_output_without_the_usual_folder(tmp_path):
    with Kernel(env={"TMPDIR": str(tmp_path / "none")}) as k:
        head = k.execute("flood 250000")
        shown = text(k.outputs(head, 60))
        file = pathlib.Path(re.search(r"bytes more are in (/tmp/awml-output-\w+)\.", shown)[1])
        size = file.stat().st_size
        file.unlink()
        assert f"{size} bytes more" in shown


def test_rate_of_stream_messages(kernel):
    """Text that comes in small pieces is sent 20 times a second (R-19)."""
    code = "\n".join("print x\nsleep 0.002" for _ in range(250))
    start = time.monotonic()
    _, outputs = kernel.run(code)
    seconds = time.monotonic() - start
    n = kinds(outputs).count("stream")
    assert text(outputs) == "x\n" * 250
    assert 2 <= n <= 22 * seconds + 3


def test_first_text_is_not_held_back(kernel):
    head = kernel.execute("print now\nsleep 0.5")
    start = time.monotonic()
    kernel.wait_for(head, "stream")
    assert time.monotonic() - start < 0.2
    kernel.outputs(head)
    kernel.reply(head)


def test_heartbeat_echoes_anything(kernel):
    head = kernel.execute("deaf 0.3")
    for payload in ([b"ping"], [b""], [b"a", b"", b"\xff" * 100000]):
        start = time.monotonic()
        kernel.heart.send_multipart(payload)
        assert kernel.heart.poll(1000)
        assert kernel.heart.recv_multipart() == payload
        assert time.monotonic() - start < 0.1
    kernel.reply(head)
    kernel.outputs(head)


def test_first_request_waits_for_the_subscriber():
    """A client whose iopub connection comes a moment later still sees the first outputs (D9)."""
    with Kernel(subscribe=False) as k:
        k.iopub = k.socket(zmq.SUB, "iopub_port")
        timer = threading.Timer(0.05, lambda: k.iopub.subscribe(b""))
        timer.start()
        head = k.execute("print seen")
        assert text(k.outputs(head)) == "seen\n"
        k.reply(head)
