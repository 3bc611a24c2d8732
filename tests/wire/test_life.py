"""Start, connection files, shutdown, restart, death of the parent (protocol T-*, C-1 … C-5, R-*)."""
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

import pytest
import zmq
from rawkernel import PORTS, Kernel, kinds, stub, text


def free_ports(n=5):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return dict(zip(PORTS, ports))


def test_chosen_ports_are_written_back():
    with Kernel(connection={"kernel_name": "kept"}) as k:
        assert k.connection["kernel_name"] == "kept" and k.connection["key"] == k.wanted["key"]
        assert stat.S_IMODE(k.file.stat().st_mode) == 0o600
        assert len({k.connection[p] for p in PORTS}) == 5


def test_given_ports_as_texts():
    ports = free_ports()
    with Kernel(connection={p: str(n) for p, n in ports.items()}) as k:
        assert k.alive()
        assert json.loads(k.file.read_text()) == k.wanted


def test_ipc():
    with Kernel(transport="ipc") as k:
        assert text(k.run("print hello")[1]) == "hello\n"


def test_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Kernel(connection={"ip": "::1"}) as k:
        assert k.alive()


def test_all_interfaces():
    with Kernel(connection={"ip": "0.0.0.0"}, client=False) as k:
        k.wait_ports()
        k.connection["ip"] = "127.0.0.1"
        k.connect()
        assert k.alive()


def test_curve():
    """With keys every socket is encrypted, and clients without keys get nothing (T-4)."""
    public, secret = zmq.curve_keypair()
    extra = {"curve_publickey": public.decode(), "curve_secretkey": secret.decode()}
    with Kernel(connection=extra, client=False) as k:
        k.wait_ports()
        plain = k.socket(zmq.DEALER, "shell_port")
        _, frames = k.frames("kernel_info_request")
        plain.send_multipart(frames)
        assert not plain.poll(300)
        mine, my_secret = zmq.curve_keypair()
        k.socket_plain = k.socket

        def curved(kind, port, **options):
            return k.socket_plain(kind, port, curve_serverkey=public, curve_publickey=mine,
                                  curve_secretkey=my_secret, **options)
        k.socket = curved
        k.connect()
        assert k.alive()
        k.heart.send(b"x")
        assert k.heart.poll(2000) and k.heart.recv() == b"x"


def test_bad_curve_keys_are_refused():
    with Kernel(connection={"curve_publickey": "short", "curve_secretkey": "short"},
                client=False) as k:
        assert k.process.wait(5) != 0 and "CURVE" in k.log.read_text()


@pytest.mark.parametrize("content", ["", "[]", "{", "{}", '{"shell_port": "x"}',
                                     '{"transport": "carrier pigeon"}'])
def test_damaged_connection_files(tmp_path, content):
    """A sentence on stderr and a status, no crash."""
    file = tmp_path / "c.json"
    file.write_text(content)
    done = subprocess.run([stub(), str(file)], capture_output=True, timeout=10, text=True)
    assert done.returncode in (2, 3) and done.stderr.startswith("awml-c: ")
    done = subprocess.run([stub(), str(tmp_path / "none")], capture_output=True, timeout=10, text=True)
    assert done.returncode == 2 and "none" in done.stderr


def test_registration_files_are_named(tmp_path):
    """The other kind of start-up file (T-6) is recognised by what is in it."""
    file = tmp_path / "registration.json"
    file.write_text(json.dumps({"transport": "tcp", "ip": "127.0.0.1", "registration_port": 5555,
                                "key": "k", "signature_scheme": "hmac-sha256"}))
    done = subprocess.run([stub(), str(file)], capture_output=True, timeout=10, text=True)
    assert done.returncode == 2 and "registration file" in done.stderr


def test_taken_port():
    """Tries for a second, then ends with its own status and one line."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        with Kernel(connection={"control_port": s.getsockname()[1]}, client=False) as k:
            start = time.monotonic()
            assert k.process.wait(10) == 3
            assert 0.5 < time.monotonic() - start < 5
            assert k.log.read_text().count("\n") == 1 and "control_port" in k.log.read_text()


def test_nothing_on_stderr_at_start():
    with Kernel() as k:
        k.run("print x")
        assert k.log.read_text() == ""


@pytest.mark.parametrize("restart", [False, True])
def test_shutdown(restart):
    with Kernel() as k:
        k.run("print x")
        start = time.monotonic()
        head = k.send("shutdown_request", {"restart": restart}, channel="control")
        reply = k.reply(head, "control")
        outputs = k.outputs(head)
        assert reply.content == {"status": "ok", "restart": restart}
        assert kinds(outputs) == ["busy", "shutdown_reply", "idle"]
        assert outputs[1].header["msg_id"] != reply.header["msg_id"]
        assert k.process.wait(5) == 0
        assert time.monotonic() - start < 0.5


def test_shutdown_on_shell():
    with Kernel() as k:
        head = k.send("shutdown_request", {"restart": False})
        assert k.reply(head).content["status"] == "ok"
        assert k.process.wait(5) == 0


@pytest.mark.parametrize("code", ["sleep 60", "deaf 60", "flood 1000000000"])
def test_shutdown_while_busy(code):
    with Kernel() as k:
        head = k.execute(code)
        k.wait_for(head, "execute_input")
        start = time.monotonic()
        k.send("shutdown_request", {"restart": True}, channel="control")
        assert k.process.wait(5) == 0
        assert time.monotonic() - start < 1.5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it(number):
    with Kernel() as k:
        k.process.send_signal(number)
        assert k.process.wait(5) == 0


@pytest.mark.parametrize("ms", [0, 1, 2, 5, 10, 20])
def test_interrupt_signal_during_start(ms):
    """Launchers interrupt before they shut down, whenever that is, from main's first statement on
    (T-7, C-5)."""
    with Kernel(client=False) as k:
        status = pathlib.Path(f"/proc/{k.process.pid}/status")
        while not int(status.read_text().split("SigBlk:")[1].split()[0], 16) & 2:
            pass
        time.sleep(ms / 1000)
        k.process.send_signal(signal.SIGINT)
        k.wait_ports()
        k.connect()
        assert k.alive()


def test_restart_on_the_same_ports():
    ports = free_ports()
    sessions = set()
    for i in range(20):
        with Kernel(connection=ports) as k:
            reply, _ = k.ask("kernel_info_request")
            sessions.add(reply.header["session"])
            if i % 2:
                k.process.kill()
            else:
                k.send("shutdown_request", {"restart": True}, channel="control")
            k.process.wait(5)
    assert len(sessions) == 20


def test_requests_that_wait_at_the_door():
    """Clients connect before the kernel is there; what they sent is answered from the first moment on."""
    for _ in range(15):
        with Kernel(client=False, connection=free_ports(), start=False) as k:
            k.connection = k.wanted
            heads = []
            for channel in ("control", "shell"):
                setattr(k, channel, k.socket(zmq.DEALER, f"{channel}_port", identity=k.identity,
                                             reconnect_ivl=1))
                for subshell in (None, "nobody"):
                    header = k.header("kernel_info_request", subshell_id=subshell)
                    heads.append((channel, k.send("kernel_info_request", channel=channel, header=header)))
            k.start()
            got = {}
            for channel, _ in heads:
                m = k.get(getattr(k, channel), 10)
                got[m.parent["msg_id"]] = m.content["status"]
            assert [got[head["msg_id"]] for _, head in heads] == ["ok", "ok", "ok", "error"]
            assert k.process.poll() is None


PARENT = """
import os, subprocess, sys, time
p = subprocess.Popen(sys.argv[1:], env={**os.environ, "JPY_PARENT_PID": str(os.getpid())})
print(p.pid, flush=True)
time.sleep(60)
"""


def gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_parent_dies(tmp_path):
    """The kernel ends with the process of JPY_PARENT_PID (R-16)."""
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"transport": "tcp", "ip": "127.0.0.1", "key": "k",
                                **{p: 0 for p in PORTS}}))
    parent = subprocess.Popen([sys.executable, "-c", PARENT, stub(), str(file)],
                              stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    time.sleep(0.3)
    assert not gone(pid)
    parent.kill()
    parent.wait()
    end = time.monotonic() + 5
    while not gone(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert gone(pid)


def test_parent_thread_ends_and_process_lives():
    """Servers start kernels from threads that end; that is not the parent's death (R-16)."""
    made = []
    thread = threading.Thread(target=lambda: made.append(Kernel()))
    thread.start()
    thread.join()
    with made[0] as k:
        time.sleep(0.3)
        assert k.alive()


def test_foreign_parent_number_is_ignored():
    with Kernel(env={"JPY_PARENT_PID": "999999999"}) as k:
        time.sleep(0.2)
        assert k.alive()


def test_children_end_with_the_kernel():
    with Kernel() as k:
        k.run("background 60")
        children = pathlib.Path(f"/proc/{k.process.pid}/task/{k.process.pid}/children")
        pid = int(children.read_text().split()[0])
        k.send("shutdown_request", {"restart": False}, channel="control")
        assert k.process.wait(5) == 0
        end = time.monotonic() + 3
        while not gone(pid) and time.monotonic() < end:
            time.sleep(0.02)
        assert gone(pid)


def test_idle_kernel_sleeps():
    """No thread wakes up when nothing happens (R-24)."""
    def switches(pid):
        total = 0
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            status = (task / "status").read_text()
            total += int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])
        return total
    with Kernel() as k:
        k.run("print x")
        time.sleep(1)
        before = switches(k.process.pid)
        time.sleep(1)
        assert switches(k.process.pid) - before <= 2


def test_reconnecting_client_with_the_same_identity():
    """Replies follow the newer connection (R-12)."""
    with Kernel() as k:
        k.alive()
        for _ in range(3):
            again = k.socket(zmq.DEALER, "shell_port", identity=k.identity)
            time.sleep(0.1)
            head, frames = k.frames("kernel_info_request")
            again.send_multipart(frames)
            assert k.get(again, 3).parent == head


def test_log_file(tmp_path):
    log = tmp_path / "log"
    with Kernel(env={"AWML_LOG": str(log)}) as k:
        k.shell.send_multipart([b"nonsense"])
        k.alive()
        assert "delimiter" in log.read_text() and k.log.read_text() == ""
