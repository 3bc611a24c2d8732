"""Frames, signatures, replays, damaged messages (protocol W-*, R-1 … R-7)."""
import json
import random
import re
import time
import uuid

import pytest
import zmq
from rawkernel import DELIMITER, ROOT, Kernel, Message, kinds, text


def silent(kernel, socket, seconds=0.15):
    return not socket.poll(int(seconds * 1000))


@pytest.mark.parametrize("n", [0, 1, 3])
def test_identities_are_echoed(kernel, n):
    """Further identity frames before the delimiter come back as they were (W-2, W-3)."""
    ids = [b"route-%d" % i for i in range(n)]
    head, frames = kernel.frames("kernel_info_request")
    kernel.shell.send_multipart(ids + frames)
    m = kernel.get(kernel.shell)
    assert m.ids == ids and m.parent == head
    kernel.outputs(head)


def test_replies_are_signed_and_well_formed(kernel):
    reply, outputs = kernel.ask("kernel_info_request")
    seen = set()
    for m in [reply, *outputs]:
        h = m.header
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", h["date"])
        assert h["version"] == "5.5" and h["session"] != kernel.session
        assert set(h) >= {"msg_id", "session", "username", "msg_type"}
        assert h["msg_id"] not in seen
        seen.add(h["msg_id"])
        assert isinstance(m.metadata, dict) and isinstance(m.parent, dict)
    assert outputs[0].ids[0].startswith(b"kernel.")


def test_parent_header_is_the_exact_copy(kernel):
    """Unknown fields of the header come back too (W-8, W-10)."""
    header = kernel.header("kernel_info_request", later={"x": [1, "ü"]})
    reply, _ = kernel.ask("kernel_info_request", header=header)
    assert reply.parent == header


def wrong(name, good):
    return {"wrong": b"0" * 64, "short": good[:-2], "long": good + b"00", "empty": b"",
            "not hex": b"z" * 64, "other": good[::-1]}[name]


@pytest.mark.parametrize("name", ["wrong", "short", "long", "empty", "not hex", "other"])
def test_wrong_signatures_are_dropped(kernel, name):
    _, frames = kernel.frames("kernel_info_request")
    frames[1] = wrong(name, frames[1])
    kernel.shell.send_multipart(frames)
    assert silent(kernel, kernel.shell)
    assert kernel.alive()


def test_upper_case_signature_is_a_signature(kernel):
    head, frames = kernel.frames("kernel_info_request")
    frames[1] = frames[1].upper()
    kernel.shell.send_multipart(frames)
    assert kernel.reply(head).content["status"] == "ok"
    kernel.outputs(head)


def test_replay_is_dropped(kernel):
    head, frames = kernel.frames("execute_request", {"code": "print once"})
    kernel.shell.send_multipart(frames)
    kernel.reply(head)
    kernel.outputs(head)
    kernel.shell.send_multipart(frames)
    kernel.control.send_multipart(frames)
    assert silent(kernel, kernel.shell)
    assert kernel.alive()


def test_empty_key():
    """No key: unsigned messages are taken and sent (W-5)."""
    with Kernel(key=b"") as k:
        reply, _ = k.ask("kernel_info_request")
        assert reply.signature == b"" and reply.content["status"] == "ok"
        assert "no key" in k.log.read_text()
    with Kernel(key=b"", transport="ipc") as k:
        assert k.alive() and k.log.read_text() == ""


def test_sha512():
    import hashlib
    import hmac
    with Kernel(connection={"signature_scheme": "hmac-sha512"}, client=False) as k:
        k.wait_ports()
        s = k.socket(zmq.DEALER, "shell_port")
        parts = [json.dumps(p).encode() for p in (k.header("kernel_info_request"), {}, {}, {})]
        mac = hmac.new(k.key, b"".join(parts), hashlib.sha512).hexdigest().encode()
        s.send_multipart([DELIMITER, mac, *parts])
        assert s.poll(5000)
        assert Message(s.recv_multipart(), k.key, "sha512").content["status"] == "ok"


@pytest.mark.parametrize("scheme", ["hmac-md5", "none"])
def test_unsupported_scheme_is_refused(scheme):
    with Kernel(connection={"signature_scheme": scheme}, client=False) as k:
        assert k.process.wait(10) != 0
        assert scheme in k.log.read_text()


def test_too_few_frames_and_no_delimiter(kernel):
    _, frames = kernel.frames("kernel_info_request")
    for bad in ([b""], [b"hello"], [DELIMITER], frames[:3], frames[:5], frames[1:],
                [b"x"] * 2000):
        kernel.shell.send_multipart(bad)
        kernel.control.send_multipart(bad)
        kernel.stdin.send_multipart(bad)
    assert kernel.alive()


def signed(kernel, header, content=b"{}", metadata=b"{}", parent=b"{}"):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return kernel.sign([header, parent, metadata, content])


@pytest.mark.parametrize("header", [b"[]", b"null", b"{", b"\xff\xfe", b"", b"12", b'"x"',
                                    b'{"msg_id": 1, "msg_type": "x"}', b'{"msg_id": "a"}'])
def test_unusable_headers_are_dropped(kernel, header):
    kernel.shell.send_multipart(signed(kernel, header))
    assert silent(kernel, kernel.shell, 0.05)
    assert kernel.alive()


@pytest.mark.parametrize("content", [b"[]", b"null", b"{", b"", b"NaN", b'{"code": 1e999}',
                                     b"[" * 5000 + b"]" * 5000])
def test_malformed_content_is_answered(kernel, content):
    """The sender is known, so it gets an error between busy and idle (D8)."""
    head = kernel.header("execute_request")
    kernel.shell.send_multipart(signed(kernel, head, content))
    reply = kernel.reply(head)
    assert reply.content["status"] == "error" and reply.content["ename"] == "MalformedRequest"
    assert kinds(kernel.outputs(head)) == ["busy", "idle"]


@pytest.mark.parametrize("code", [b"print \xed\xa0\x80 x", b"print \xff x", b"print \\ud800 x"])
def test_broken_unicode_is_repaired(kernel, code):
    """Lone surrogates and stray bytes arrive as U+FFFD (R-5)."""
    head = kernel.header("execute_request")
    kernel.shell.send_multipart(signed(kernel, head, b'{"code": "' + code + b'"}'))
    assert kernel.reply(head).content["status"] == "ok"
    assert "\ufffd" in text(kernel.outputs(head))


def test_whole_pairs_are_not_repaired(kernel):
    head = kernel.header("execute_request")
    code = b'{"code": "print \\ud83d\\ude00 \\ud800"}'
    kernel.shell.send_multipart(signed(kernel, head, code))
    assert text(kernel.outputs(head)) == "\U0001f600 \ufffd\n"
    kernel.reply(head)


def test_big_integers(kernel):
    head = kernel.header("execute_request")
    kernel.shell.send_multipart(signed(kernel, head, b'{"code": "print 1", "x": %d}' % 10**40))
    assert kernel.reply(head).content["status"] == "ok"
    kernel.outputs(head)


@pytest.mark.parametrize("content", [{}, {"code": 1}, {"code": None}, {"code": ["x"]},
                                     {"code": "", "silent": 1}, {"code": "", "store_history": "no"},
                                     {"code": "", "allow_stdin": 0}, {"code": "", "stop_on_error": []},
                                     {"code": "", "user_expressions": []}])
def test_wrong_fields_are_answered(kernel, content):
    reply, outputs = kernel.ask("execute_request", content)
    assert reply.content["status"] == "error" and kinds(outputs) == ["busy", "idle"]
    assert "execute_request" in reply.content["evalue"]


@pytest.mark.parametrize("channel", ["shell", "control"])
def test_unknown_types(kernel, channel):
    """Busy, an error reply for requests, idle (R-6)."""
    reply, outputs = kernel.ask("frobnicate_request", channel=channel)
    assert reply.type == "frobnicate_reply" and reply.content["status"] == "error"
    assert kinds(outputs) == ["busy", "idle"]
    head = kernel.send("frobnicate", channel=channel)
    assert kinds(kernel.outputs(head)) == ["busy", "idle"]


def test_huge_code(kernel):
    code = "#" * (100 << 20)
    start = time.monotonic()
    head = kernel.execute(code)
    assert kernel.reply(head, timeout=60).content["status"] == "ok"
    assert len(kernel.outputs(head, 60)[1].content["code"]) == len(code)
    assert time.monotonic() - start < 60
    assert kernel.alive()


def test_message_ids_are_unique(kernel):
    ids = set()
    for _ in range(50):
        heads = [kernel.send("kernel_info_request") for _ in range(20)]
        for head in heads:
            ids.add(kernel.reply(head).header["msg_id"])
            ids.update(m.header["msg_id"] for m in kernel.outputs(head))
    assert len(ids) == 50 * 20 * 3


def test_buffers_pass_both_ways(kernel):
    """A comm echoes a megabyte of binary data (W-9, M-2)."""
    comm, data = uuid.uuid4().hex, bytes(range(256)) * 4096
    head = kernel.send("comm_open", {"comm_id": comm, "target_name": "awml.echo", "data": {}})
    assert kinds(kernel.outputs(head)) == ["busy", "idle"]
    head = kernel.send("comm_msg", {"comm_id": comm, "data": {"a": 1}}, buffers=[data, b"", b"x"])
    echo = kernel.outputs(head)[1]
    assert echo.type == "comm_msg" and echo.content == {"comm_id": comm, "data": {"a": 1}}
    assert echo.buffers == [data, b"", b"x"]
    kernel.send("comm_close", {"comm_id": comm, "data": {}})
    assert kernel.alive()


TYPES = re.findall(r"^(?:SESSION|KERNEL)\((\w+), (\w+), (\w+)",
                   (ROOT / "kernel/wire/messages.list").read_text(), re.M)
VALUES = [None, True, 0, -1, 2**70, 1e300, "", "x", "print a", "\u0000", [], [1], {}, {"a": {}}, "tail"]
FIELDS = ["code", "cursor_pos", "detail_level", "silent", "store_history", "user_expressions",
          "allow_stdin", "stop_on_error", "hist_access_type", "n", "pattern", "session", "start",
          "stop", "unique", "output", "target_name", "comm_id", "data", "subshell_id", "command",
          "seq", "type"]


@pytest.mark.parametrize("channel", ["shell", "control"])
def test_random_contents(channel):
    """Whatever the fields hold, busy and idle come once, and a reply when one is due (L-1)."""
    assert len(TYPES) >= 15
    chance = random.Random(7)
    with Kernel() as k:
        for i in range(400):
            kind, reply, _ = chance.choice(TYPES)
            if kind == "shutdown_request":
                continue
            fields = chance.sample(FIELDS, chance.randint(0, 6))
            content = {f: chance.choice(VALUES) for f in fields}
            head = k.send(kind, content, channel)
            got = [x for x in kinds(k.outputs(head)) if x in ("busy", "idle")]
            assert got == ["busy", "idle"], (kind, content)
            if reply == "REPLY":
                answer = k.reply(head, channel)
                assert answer.type == kind.replace("_request", "_reply")
                assert "status" in answer.content or kind == "debug_request", (kind, content)
        assert k.alive()
