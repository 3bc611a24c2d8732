#!/usr/bin/env python3
"""How fast the kernel is as a kernel: start, round trip, floods, interrupts, memory, against the least
a kernel can be (null_kernel.c) and ipykernel, by one client, in one run, in turns.

    python tests/bench/bench_kernel.py [--build BUILD] [--quick]

Needs pyzmq and ipykernel. Prints medians, 95th and 99th percentiles, the ratios, and whether the
targets are met; the exit status is 1 if one is not."""
import argparse
import json
import os
import pathlib
import platform
import random
import socket
import subprocess
import sys
import tempfile
import time

import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/wire"))
from rawkernel import PORTS, Kernel, text  # noqa: E402

LINES = 20000
CODE = {
    "awml-c": {
        "flood": f'for i in range({LINES}):\n    print(f"line {{i}} of the flood, with some more text")',
        "loop": "i = 0\nwhile True:\n    i = i + 1",
        "array expression": "a = randn(3000, 3000)\nfor i in range(1000000):\n"
                            "    b = exp(a) * tanh(a) + a",
        "matrix product": "a = randn(3000, 3000)\nfor i in range(1000000):\n    b = a @ a",
        "training": """clothes = load_dataset("fashion_mnist_small")
model Classifier:
    input image: [height, width]
    output label = image.Flatten().Dense(512, relu).Dense(512, relu).Dense(10, softmax)
classifier = Classifier()
train classifier on clothes.train_x / 255 -> clothes.train_y:
    batch: 1000
    epochs: 100000""",
    },
    "ipykernel": {
        "flood": f'for i in range({LINES}):\n'
                 '    print(f"line {i} of the flood, with some more text", flush=True)',
        "loop": "i = 0\nwhile True:\n    i = i + 1",
    },
}

# Long work of the runtime: what, cells that prepare it, and the cell that Stop ends. Each is read or
# computed over and over, so that Stop comes in the middle of any part of it.
AGAIN = "for again in range(1000000):\n    "
WORK = [
    ("PCA", "x = randn(20000, 400)", AGAIN + "m = PCA(20)\n    train m on x"),
    ("k-means", "x = randn(200000, 30)", AGAIN + "m = KMeans(50)\n    train m on x"),
    ("least squares", "x = randn(200000, 200)\ny = x[:, 0]",
     AGAIN + "m = LinearRegression()\n    train m on x -> y"),
    ("logistic regression", "x = randn(200000, 100)\ny = x[:, 0] + randn(200000) > 0",
     AGAIN + "m = LogisticRegression()\n    train m on x -> y"),
    ("naive Bayes", "x = randn(500000, 50)\ny = x[:, 0] + randn(500000) > 0",
     AGAIN + "m = NaiveBayes()\n    train m on x -> y"),
    ("boosting, binning", "x = randn(1000000, 28)\ny = x[:, 0] + randn(1000000) > 0",
     AGAIN + "m = GradientBoosting(rounds=1)\n    train m on x -> y"),
    ("boosting, late", "", "m = GradientBoosting(rounds=100000)\ntrain m on x -> y"),
    ("boosting, large leaves", "",
     AGAIN + "m = GradientBoosting(rounds=3, leaves=5000, max_depth=30)\n    train m on x -> y"),
    ("boosting, predicting", "m = GradientBoosting(rounds=200)\ntrain m on x[:10000] -> y[:10000]",
     AGAIN + "p = m.predict(x)"),
    ("decision tree", "", AGAIN + "m = DecisionTree()\n    train m on x -> y"),
    ("random forest", "", "m = RandomForest(trees=10000)\ntrain m on x -> y"),
    ("extra trees", "", "m = ExtraTrees(trees=10000)\ntrain m on x -> y"),
    ("k nearest neighbours", "m = KNeighbors(5)\ntrain m on x[:100000] -> y[:100000]",
     AGAIN + "p = m.predict(x[:100000])"),
    ("bagging", "", "m = Bagging(RandomForest(100), n=100)\ntrain m on x -> y"),
    ("convolutions", """images = rand(512, 64, 64, 3)
classes = randint(0, 10, 512)
def block(x, n):
    return relu(x + x.Conv2D(n, 3x3, relu, padding="same").BatchNorm().Conv2D(n, 3x3, padding="same"))
model Residual():
    input image: [64, 64, 3]
    x = block(block(image.Conv2D(64, 3x3, relu, padding="same"), 64), 64)
    output y = x.GlobalAvgPool2D().Dense(10, softmax)
net = Residual()""", "train net on images -> classes:\n    batch: 128\n    epochs: 10000"),
    ("a large Dense", """rows = rand(4096, 4096)
model Wide():
    input x: [4096]
    output y = x.Dense(8192, relu).Dense(4096)
net = Wide()""", "train net on rows -> rows:\n    batch: 4096\n    epochs: 10000"),
    ("sort", "t = table(a=rand(5000000), b=randint(0, 1000000, 5000000))",
     AGAIN + 's = t.sort("b", "a")'),
    ("join", "u = table(b=range(1000000), c=rand(1000000))", AGAIN + 's = t.join(u, on="b")'),
    ("groups", "", AGAIN + 's = t.group("b").summarize(m=.a.mean(), d=.a.median())'),
    ("CSV reading", 'save(t, "long.csv")', AGAIN + 's = read_csv("long.csv")'),
    ("CSV writing", "", AGAIN + 'save(t, "again.csv")'),
    ("Parquet reading", 'save(t, "long.parquet")', AGAIN + 's = read_parquet("long.parquet")'),
    ("picture reading", """t = 0
for i in range(60):
    save(rand(1200, 1600, 3), f"photos/{i}.jpg")""",
     AGAIN + 's = stack([read_image(f"photos/{i}.jpg") for i in range(60)])'),
    ("pictures of a folder", """photos = read_images("photos")
model Mean():
    input image: [32, 32, 3]
    output y = image.GlobalAvgPool2D().Dense(1)
net = Mean()""", "train net on photos.image.resize(32x32) -> rand(60):\n    epochs: 100000"),
]


def commands(build):
    return {
        "null": [str(build / "tests/wire/null_kernel")],
        "awml-c": [str(build / "kernel/awml-c"), "-f"],
        "ipykernel": [sys.executable, "-m", "ipykernel_launcher", "-f"],
    }


def free_ports():
    sockets = [socket.socket() for _ in PORTS]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = {p: s.getsockname()[1] for p, s in zip(PORTS, sockets)}
    for s in sockets:
        s.close()
    return ports


class Client(Kernel):
    """Sockets are connected before the kernel starts and try again every millisecond."""

    def __init__(self, command):
        self.early = True
        self.key = b"a key"
        self.connection = {"ip": "127.0.0.1", "transport": "tcp", "key": "a key",
                           "signature_scheme": "hmac-sha256", **free_ports()}
        self.folder = tempfile.TemporaryDirectory(prefix="awml-bench-")
        self.file = pathlib.Path(self.folder.name) / "c.json"
        self.file.write_text(json.dumps(self.connection))
        self.log = pathlib.Path(self.folder.name) / "stderr"
        self.identity, self.session = b"bench", "bench"
        self.context = zmq.Context()
        kind = {"reconnect_ivl": 1}
        self.shell = self.socket(zmq.DEALER, "shell_port", identity=b"bench", **kind)
        self.control = self.socket(zmq.DEALER, "control_port", identity=b"bench", **kind)
        self.heart = self.socket(zmq.REQ, "hb_port", **kind)
        self.iopub = self.socket(zmq.SUB, "iopub_port", rcvhwm=0, **kind)
        self.iopub.subscribe(b"")
        env = {**os.environ, "XDG_DATA_HOME": self.folder.name, "JPY_PARENT_PID": str(os.getpid())}
        start = time.perf_counter()
        self.process = subprocess.Popen(command + [str(self.file)], env=env, cwd=self.folder.name,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=self.log.open("wb"))
        head = self.send("kernel_info_request")
        self.reply(head, timeout=60)
        self.start_ms = (time.perf_counter() - start) * 1e3
        while True:  # until iopub is proven to be connected
            head = self.send("kernel_info_request")
            self.reply(head)
            try:
                self.outputs(head, 0.5)
                break
            except TimeoutError:
                pass

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        rollup = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return (int(status.split("VmRSS:")[1].split()[0]) / 1024,
                int(rollup.split("\nPss:")[1].split()[0]) / 1024)

    def shutdown_ms(self):
        start = time.perf_counter()
        self.send("shutdown_request", {"restart": False}, "control")
        self.process.wait(20)
        return (time.perf_counter() - start) * 1e3


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(p / 100 * len(values)))]


def line(what, name, values, unit="ms"):
    print(f"{what:<34} {name:<10} p50 {percentile(values, 50):9.2f}  p95 {percentile(values, 95):9.2f}"
          f"  p99 {percentile(values, 99):9.2f} {unit}   n={len(values)}", flush=True)
    return percentile(values, 50)


def starts(kernels, quick):
    """Spawn to kernel_info_reply, and shutdown to exit, in turns."""
    spawn, end = {k: [] for k in kernels}, {k: [] for k in kernels}
    rounds = 10 if quick else 30
    for i in range(rounds):
        for name, command in kernels.items():
            if name == "ipykernel" and i >= max(3, rounds // 4):
                continue
            with Client(command) as c:
                spawn[name].append(c.start_ms)
                end[name].append(c.shutdown_ms())
    medians = {n: line("spawn to kernel_info_reply", n, v) for n, v in spawn.items()}
    for n, v in end.items():
        line("shutdown to exit", n, v)
    return medians


def trips(clients, quick):
    """Execute to idle and to reply, in turns of 100."""
    idle, reply = {k: [] for k in clients}, {k: [] for k in clients}
    for c in clients.values():
        for _ in range(50):
            c.run("1+1")
    for _ in range(3 if quick else 10):
        for name, c in clients.items():
            for _ in range(30 if name == "ipykernel" else 100):
                start = time.perf_counter()
                head = c.execute("1+1")
                c.reply(head)
                reply[name].append((time.perf_counter() - start) * 1e3)
                c.outputs(head)
                idle[name].append((time.perf_counter() - start) * 1e3)
    medians = {n: line("execute to idle", n, v) for n, v in idle.items()}
    for n, v in reply.items():
        line("execute to reply", n, v)
    return medians


def pipelined(clients):
    for name, c in clients.items():
        n = 100 if name == "ipykernel" else 1000
        start = time.perf_counter()
        heads = [c.execute("1+1") for _ in range(n)]
        for head in heads:
            c.reply(head)
        seconds = time.perf_counter() - start
        print(f"{'pipelined executes':<34} {name:<10} {n / seconds:9.0f} per second", flush=True)
        c.outputs(heads[-1])


def flood(clients):
    """20,000 flushed lines to a client that starts to read a second later."""
    found = {}
    expected = "".join(f"line {i} of the flood, with some more text\n" for i in range(LINES))
    for name, c in clients.items():
        if name == "null":
            continue
        head = c.execute(CODE[name]["flood"])
        time.sleep(1)
        start = time.perf_counter()
        shown, got_idle = [], True
        try:
            while not shown or shown[-1].type != "status" or \
                    shown[-1].content["execution_state"] != "idle":
                m = c.get(c.iopub, 5)
                if m.parent.get("msg_id") == head["msg_id"]:
                    shown.append(m)
        except TimeoutError:
            got_idle = False
        whole = text(shown)
        found[name] = whole == expected and got_idle
        print(f"{'flood of flushed lines':<34} {name:<10} {whole.count(chr(10)):9d} of {LINES} lines, "
              f"{'in order' if expected.startswith(whole) or whole == expected else 'with gaps'}, "
              f"idle {'seen' if got_idle else 'LOST'}, {len(shown)} messages, "
              f"{(time.perf_counter() - start) * 1e3:.0f} ms", flush=True)
        c.reply(head, timeout=60)
    return found


def interrupts(clients, quick):
    """interrupt_request to idle of a cell that would run for ever."""
    worst = {}
    for name, c in clients.items():
        for what in ("loop", "array expression", "matrix product", "training"):
            values = []
            for _ in range(5 if quick else 20):
                if what not in CODE.get(name, {}):
                    continue
                head = c.execute(CODE[name][what])
                c.wait_for(head, "execute_input")
                time.sleep(0.5 + random.random() * 0.2)
                start = time.perf_counter()
                if name == "ipykernel":
                    c.process.send_signal(2)
                else:
                    c.send("interrupt_request", channel="control")
                c.outputs(head, 60)
                values.append((time.perf_counter() - start) * 1e3)
                error = c.reply(head).content.get("ename", "nothing")
                assert error in ("Interrupted", "KeyboardInterrupt") or what == "training", error
            if values:
                line(f"interrupt of a running {what}", name, values)
                worst[name, what] = percentile(values, 99)
    return worst


def work_stopped(c, quick, only):
    """interrupt_request to reply of cells that compute and read."""
    worst = {}
    for what, before, cell in WORK:
        if before:
            reply = c.reply(c.execute(before), timeout=300)
            assert reply.content["status"] == "ok", (what, reply.content)
        if only and only not in what:
            continue
        values, random_waits = [], random.Random(what)
        for _ in range(8 if quick else 30):
            head = c.execute(cell)
            c.wait_for(head, "execute_input")
            time.sleep(0.05 + random_waits.random())
            start = time.perf_counter()
            c.send("interrupt_request", channel="control")
            reply = c.reply(head, timeout=60)
            values.append((time.perf_counter() - start) * 1e3)
            error = reply.content.get("ename", "nothing")
            assert error == "Interrupted", (what, reply.content)
            c.outputs(head, 60)
        line(f"Stop of {what}", "awml-c", values)
        worst[what] = percentile(values, 95)
    return worst


def interference(clients, quick):
    """Control requests and heartbeats while a cell computes."""
    for name, c in clients.items():
        if name not in CODE:
            continue
        head = c.execute(CODE[name]["loop"])
        c.wait_for(head, "execute_input")
        control, beats = [], []
        for _ in range(50 if quick else 200):
            start = time.perf_counter()
            c.reply(c.send("kernel_info_request", channel="control"), "control")
            control.append((time.perf_counter() - start) * 1e3)
            start = time.perf_counter()
            c.heart.send(b"ping")
            c.heart.recv()
            beats.append((time.perf_counter() - start) * 1e3)
        line("control reply while busy", name, control)
        line("heartbeat while busy", name, beats)
        if name == "ipykernel":
            c.process.send_signal(2)
        else:
            c.send("interrupt_request", channel="control")
        c.outputs(head, 60)
        c.reply(head)


def memory(clients):
    found = {}
    for name, c in clients.items():
        c.run("1+1")
        rss, pss = c.memory()
        threads = len(os.listdir(f"/proc/{c.process.pid}/task"))
        print(f"{'memory after one cell':<34} {name:<10} RSS {rss:6.1f} MB  PSS {pss:6.1f} MB, "
              f"{threads} threads", flush=True)
        found[name] = rss
    return found


def stops(command, args):
    with Client(command) as c:
        late = work_stopped(c, args.quick, args.stop)
    return [verdict(f"Stop of {what}, p95", ms, 50, "ms") for what, ms in late.items()]


def verdict(what, value, limit, unit):
    ok = value <= limit
    print(f"{'ok  ' if ok else 'MISS'} {what}: {value:.2f} {unit}, target {limit:.2f} {unit}")
    return ok


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=str(ROOT / "build"))
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--stop", nargs="?", const="", metavar="WORK",
                        help="only how fast Stop ends work of the runtime (of one kind)")
    args = parser.parse_args()
    kernels = commands(pathlib.Path(args.build).resolve())
    cpu = [x.split(":")[1].strip() for x in open("/proc/cpuinfo") if x.startswith("model name")]
    print(f"{cpu[0]}, {os.cpu_count()} cores, Linux {platform.release()}, "
          f"Python {platform.python_version()}, ZeroMQ {zmq.zmq_version()}, load {os.getloadavg()[0]:.1f}")
    if args.stop is not None:
        return 0 if all(stops(kernels["awml-c"], args)) else 1
    spawn = starts(kernels, args.quick)
    clients = {}
    try:
        for name, command in kernels.items():
            clients[name] = Client(command)
        rss = memory(clients)
        trip = trips(clients, args.quick)
        pipelined(clients)
        lossless = flood(clients)
        interference(clients, args.quick)
        late = interrupts(clients, args.quick)
    finally:
        for c in clients.values():
            c.stop()
    print()
    results = [
        verdict("start / null kernel's", spawn["awml-c"] / spawn["null"], 2.5, "x"),
        verdict("start / ipykernel's", spawn["awml-c"] / spawn["ipykernel"], 1 / 20, "x"),
        verdict("execute to idle / null kernel's", trip["awml-c"] / trip["null"], 2, "x"),
        verdict("resident memory after one cell", rss["awml-c"], 16, "MB"),
        verdict("lines lost in the flood", 0 if lossless["awml-c"] else 1, 0, ""),
        *stops(kernels["awml-c"], args),
        *[verdict(f"interrupt of a running {what}, p99", ms, 50, "ms")
          for (name, what), ms in late.items() if name == "awml-c"],
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
