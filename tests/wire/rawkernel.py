"""A Jupyter client of our own, on bare sockets: it can say what no proper client would say."""
import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import tempfile
import time
import uuid

import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
DELIMITER = b"<IDS|MSG>"
PORTS = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"]


def stub():
    """The kernel with the stand-in engine (tests/wire/stub_engine.c)."""
    return os.environ.get("AWML_STUB", str(ROOT / "build/tests/wire/awml-c-stub"))


class Message:
    def __init__(self, frames, key, scheme="sha256"):
        at = frames.index(DELIMITER)
        self.frames = frames
        self.ids, self.signature = frames[:at], frames[at + 1]
        self.parts, self.buffers = frames[at + 2:at + 6], frames[at + 6:]
        self.header, self.parent, self.metadata, self.content = map(json.loads, self.parts)
        expected = hmac.new(key, b"".join(self.parts), scheme).hexdigest() if key else ""
        assert self.signature.decode() == expected, "the kernel signed wrongly"
        self.type = self.header["msg_type"]

    def __repr__(self):
        return f"<{self.type} {self.content}>"


class Kernel:
    """A kernel process with one connected client. Ports are chosen by the kernel itself."""

    def __init__(self, command=None, key=b"a secret", env=None, connection=None, transport="tcp",
                 subscribe=True, client=True, start=True):
        self.key = key
        self.folder = tempfile.TemporaryDirectory(prefix="awml-wire-")
        self.file = pathlib.Path(self.folder.name) / "connection.json"
        ip = "127.0.0.1" if transport == "tcp" else self.folder.name + "/k"
        self.wanted = {"ip": ip, "transport": transport, "key": key.decode(),
                       "signature_scheme": "hmac-sha256", **{p: 0 for p in PORTS},
                       **(connection or {})}
        self.file.write_text(json.dumps(self.wanted))
        self.env = {**os.environ, "XDG_DATA_HOME": self.folder.name, "JPY_PARENT_PID": str(os.getpid()),
                    **(env or {})}
        self.log = pathlib.Path(self.folder.name) / "stderr"
        self.command = (command or [stub()]) + [str(self.file)]
        if start:
            self.start()
        self.context = zmq.Context()
        self.identity = uuid.uuid4().hex.encode()
        self.session = uuid.uuid4().hex
        if client:
            self.wait_ports()
            self.connect(subscribe)

    def start(self):
        self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=self.log.open("wb"))

    def wait_ports(self):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            self.connection = json.loads(self.file.read_text())
            if all(int(self.connection[p]) for p in PORTS):
                return
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.001)
        raise AssertionError("the kernel does not listen")

    def url(self, port):
        c = self.connection
        if c["transport"] == "ipc":
            return f"ipc://{c['ip']}-{c[port]}"
        ip = f"[{c['ip']}]" if ":" in c["ip"] else c["ip"]
        return f"tcp://{ip}:{c[port]}"

    def socket(self, kind, port, **options):
        s = self.context.socket(kind)
        s.linger = 0
        s.ipv6 = ":" in self.connection["ip"]
        for name, value in options.items():
            setattr(s, name, value)
        s.connect(self.url(port))
        return s

    def connect(self, subscribe=True):
        self.shell = self.socket(zmq.DEALER, "shell_port", identity=self.identity)
        self.control = self.socket(zmq.DEALER, "control_port", identity=self.identity)
        self.stdin = self.socket(zmq.DEALER, "stdin_port", identity=self.identity)
        self.heart = self.socket(zmq.REQ, "hb_port")
        if subscribe:
            self.iopub = self.socket(zmq.SUB, "iopub_port", rcvhwm=0)
            self.iopub.subscribe(b"")
            self.welcome = self.get(self.iopub)
            assert self.welcome.type == "iopub_welcome"

    # Sending

    def header(self, kind, **extra):
        return {"msg_id": uuid.uuid4().hex, "session": self.session, "username": "tester",
                "date": "2026-01-01T00:00:00.000000Z", "msg_type": kind, "version": "5.4", **extra}

    def frames(self, kind, content=None, metadata=None, buffers=(), header=None):
        head = header or self.header(kind)
        parts = [json.dumps(p).encode() for p in (head, {}, metadata or {},
                                                  {} if content is None else content)]
        return head, self.sign(parts) + list(buffers)

    def sign(self, parts, key=None):
        key = self.key if key is None else key
        signature = hmac.new(key, b"".join(parts), "sha256").hexdigest() if key else ""
        return [DELIMITER, signature.encode(), *parts]

    def send(self, kind, content=None, channel="shell", **more):
        head, frames = self.frames(kind, content, **more)
        getattr(self, channel).send_multipart(frames)
        return head

    def execute(self, code, channel="shell", header=None, metadata=None, **content):
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": False, "stop_on_error": True, **content}
        return self.send("execute_request", content, channel, header=header, metadata=metadata)

    # Receiving

    def get(self, socket, timeout=20):
        if not socket.poll(int(timeout * 1000)):
            raise TimeoutError(f"no message; stderr: {self.log.read_text()}")
        return Message(socket.recv_multipart(), self.key)

    def reply(self, head, channel="shell", timeout=20):
        end = time.monotonic() + timeout
        while True:
            m = self.get(getattr(self, channel), end - time.monotonic())
            if m.parent.get("msg_id") == head["msg_id"]:
                return m

    def outputs(self, head, timeout=20):
        """All iopub messages of a request, busy and idle included."""
        found = []
        end = time.monotonic() + timeout
        while True:
            m = self.get(self.iopub, max(end - time.monotonic(), 0.001))
            if m.parent.get("msg_id") != head["msg_id"]:
                continue
            found.append(m)
            if m.type == "status" and m.content["execution_state"] == "idle":
                return found

    def ask(self, kind, content=None, channel="shell", **more):
        """One request from send to idle: (reply, outputs)."""
        head = self.send(kind, content, channel, **more)
        return self.reply(head, channel), self.outputs(head)

    def run(self, code, **content):
        head = self.execute(code, **content)
        return self.reply(head), self.outputs(head)

    def wait_for(self, head, kind, timeout=20):
        """iopub messages of a request up to the first of a type."""
        found = []
        while not found or found[-1].type != kind:
            m = self.get(self.iopub, timeout)
            if m.parent.get("msg_id") == head["msg_id"]:
                found.append(m)
        return found

    def alive(self):
        """Still answers; nothing else may be waiting."""
        reply, _ = self.ask("kernel_info_request")
        return reply.content["status"] == "ok" and self.process.poll() is None

    # Ending

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.context.destroy(linger=0)
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def kinds(messages):
    """Types of messages, with the state of statuses."""
    return [m.content["execution_state"] if m.type == "status" else m.type for m in messages]


def text(messages, name="stdout"):
    return "".join(m.content["text"] for m in messages
                   if m.type == "stream" and m.content["name"] == name)
