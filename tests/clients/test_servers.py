"""Web servers between the kernel and the user: kernel gateway and Jupyter Server."""
import contextlib
import json
import subprocess
import sys
import uuid

import pytest
import requests
import websocket
from client import KERNEL, free_port, wait_for

SERVERS = {
    "gateway": ["kernel_gateway", "--KernelGatewayApp.port={port}",
                "--KernelGatewayApp.default_kernel_name=" + KERNEL],
    "server": ["jupyter_server", "--ServerApp.port={port}", "--ServerApp.token=",
               "--ServerApp.disable_check_xsrf=True", "--allow-root", "--no-browser"],
}


@contextlib.contextmanager
def serving(words, folder):
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", *(w.format(port=port) for w in words)],
                               cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers():
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"http://127.0.0.1:{port}/api", timeout=5).ok

    try:
        wait_for(answers)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def message(kind, content, channel="shell"):
    return json.dumps({"channel": channel, "content": content, "metadata": {}, "parent_header": {},
                       "buffers": [],
                       "header": {"msg_id": uuid.uuid4().hex, "msg_type": kind, "version": "5.3",
                                  "username": "", "session": uuid.uuid4().hex, "date": ""}})


def ask(socket, code):
    """Outputs and reply of one cell over a websocket."""
    text = message("execute_request", {"code": code, "silent": False, "store_history": True,
                                       "user_expressions": {}, "allow_stdin": False,
                                       "stop_on_error": True})
    wanted, outputs, reply, idle = json.loads(text)["header"]["msg_id"], [], None, False
    socket.send(text)
    while not (reply and idle):
        got = json.loads(socket.recv())
        if got["parent_header"].get("msg_id") != wanted:
            continue
        if got["channel"] == "shell":
            reply = got["content"]
        else:
            outputs.append(got)
            idle = got["content"].get("execution_state") == "idle"
    return reply, outputs


def wait_for_kind(socket, sent, kind):
    wanted = json.loads(sent)["header"]["msg_id"]
    while True:
        got = json.loads(socket.recv())
        if got["parent_header"].get("msg_id") == wanted and got["msg_type"] == kind:
            return got


@pytest.mark.parametrize("name", SERVERS)
def test_kernel_over_websocket(name, tmp_path):
    with serving(SERVERS[name], tmp_path) as port:
        base = f"http://127.0.0.1:{port}/api/kernels"
        made = requests.post(base, json={"name": KERNEL}, timeout=60).json()
        socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}/api/kernels/{made['id']}/channels", timeout=60)
        reply, outputs = ask(socket, 'print("over the wire")\n6 * 7')
        assert reply["status"] == "ok" and reply["execution_count"] == 1
        by_kind = {o["msg_type"]: o["content"] for o in outputs}
        assert by_kind["stream"]["text"] == "over the wire\n"
        assert by_kind["execute_result"]["data"]["text/plain"] == "42"
        reply, _ = ask(socket, "missing")
        assert reply["status"] == "error"
        loop = message("execute_request", {"code": 'print("on")\nwhile True:\n    pass'})
        socket.send(loop)
        wait_for_kind(socket, loop, "stream")
        assert requests.post(f"{base}/{made['id']}/interrupt", timeout=60).status_code == 204
        assert wait_for_kind(socket, loop, "error")["content"]["ename"] == "Interrupted"
        question = message("execute_request", {"code": 'input("who? ")', "allow_stdin": True})
        socket.send(question)
        assert wait_for_kind(socket, question, "input_request")["content"]["prompt"] == "who? "
        socket.send(message("input_reply", {"value": "Ada", "status": "ok"}, "stdin"))
        got = wait_for_kind(socket, question, "execute_result")
        assert got["content"]["data"]["text/plain"] == '"Ada"'
        assert requests.post(f"{base}/{made['id']}/restart", timeout=60).ok
        socket.close()
        socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}/api/kernels/{made['id']}/channels", timeout=60)
        reply, _ = ask(socket, "1 + 1")
        assert reply["status"] == "ok" and reply["execution_count"] == 1
        socket.close()
        assert requests.delete(f"{base}/{made['id']}", timeout=60).status_code == 204


@pytest.mark.parametrize("name", SERVERS)
def test_spec_is_listed_with_logos(name, tmp_path):
    with serving(SERVERS[name], tmp_path) as port:
        base = f"http://127.0.0.1:{port}"
        spec = requests.get(f"{base}/api/kernelspecs", timeout=60).json()["kernelspecs"][KERNEL]
        assert spec["spec"]["display_name"] == "awml-c" and spec["spec"]["language"] == "awml"
        assert spec["spec"]["interrupt_mode"] == "message"
        for logo in ("logo-32x32", "logo-64x64", "logo-svg"):
            assert requests.get(base + spec["resources"][logo], timeout=60).ok
