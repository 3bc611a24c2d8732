"""Too little memory, full disks, interrupts at any moment of a training: an error that says so, a
kernel that goes on, nothing half done left behind."""
import os
import resource
import subprocess
import time

import pytest
from rawkernel import ROOT, Kernel

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))

MODEL = """model Net():
    input x: [784]
    output y = x.Dense(100, relu).Dense(10, softmax)
"""


def run(tmp_path, program, limit, most):
    (tmp_path / "program.awml").write_text(program)

    def scarce():
        resource.setrlimit(limit, (most, most))
    return subprocess.run([PROGRAM, "run", "program.awml"], capture_output=True, text=True, timeout=120,
                          cwd=tmp_path, preexec_fn=scarce)


@pytest.mark.parametrize("name, value", [
    ("m.safetensors", "Net()"), ("m.keras", "Net()"), ("m.weights.h5", "Net()"),
    ("x.npy", "randn(20000)"), ("x.npz", "{a: randn(20000)}"), ("x.json", "randn(20000)"),
    ("t.csv", "table(a=randn(20000))"), ("t.parquet", "table(a=randn(20000))"),
    ("p.png", "rand(300, 300, 3)"), ("p.gif", "animate([rand(99, 99), rand(99, 99)])")])
def test_disk_is_full(tmp_path, name, value):
    """An old file stays whole when the new one does not fit."""
    old = tmp_path / name
    old.write_bytes(b"old")
    done = run(tmp_path, f'{MODEL}v = {value}\nsave(v, "{name}")\n', resource.RLIMIT_FSIZE, 10000)
    assert done.returncode == 1 and "cannot be written" in done.stdout + done.stderr
    assert old.read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, "program.awml"])


def test_checkpoints_do_not_fit(tmp_path):
    """A full disk ends no training."""
    program = f"""{MODEL}net = Net()
h = train net on rand(64, 784) -> randint(0, 10, 64):
    epochs: 2
    callbacks: [ModelCheckpoint("net.safetensors")]
print(len(h), "epochs")
"""
    done = run(tmp_path, program, resource.RLIMIT_FSIZE, 10000)
    assert done.returncode == 0 and "2 epochs" in done.stdout
    assert not (tmp_path / "net.safetensors").exists()


def test_memory_is_refused_before_training(tmp_path):
    program = f"""{MODEL}net = Net()
h = train net on zeros(20000, 784) -> zeros(20000):
    batch: 20000
    epochs: 1
"""
    done = run(tmp_path, program, resource.RLIMIT_AS, 400 << 20)
    assert done.returncode == 1 and "MemoryError" in done.stdout + done.stderr


def text_of(outputs):
    return "".join(m.content["text"] for m in outputs if m.type == "stream")


def test_kernel_with_little_memory_goes_on():
    with Kernel(["prlimit", f"--as={3 << 30}", PROGRAM, "-f"]) as k:
        reply, _ = k.run("x = zeros(10**9)")
        assert reply.content["ename"] == "MemoryError"
        reply, _ = k.run(MODEL + "net = Net()\nx = rand(256, 784)\n"
                         "h = train net on x -> randint(0, 10, 256):\n    epochs: 1")
        assert reply.content["status"] == "ok", reply.content
        assert text_of(k.run("print(len(h))")[1]) == "1\n"


SCENES = {
    "frozen features": """model Back():
    input x: [height=64, width=64, channel=3]
    output y = x.Conv2D(16, 3x3, relu).Conv2D(32, 3x3, relu).GlobalAvgPool2D()
model Head():
    input x: [height=64, width=64, channel=3]
    back = Back()
    output y = back(x).Dense(2, softmax)
m = Head()
x = rand(4000, 64, 64, 3)
h = train m on x -> randint(0, 2, 4000):
    freeze: m.back
    epochs: 1000
""",
    "validation and metrics": """model M():
    input x: [100]
    output y = x.Dense(300, relu).Dropout(20%).Dense(1)
m = M()
h = train m on randn(100, 100) -> randn(100, 1):
    validate: randn(200000, 100) -> randn(200000, 1)
    metrics: [mae, r2]
    epochs: 100000
""",
    "draws": """model M():
    input x: [100]
    output y = x.Dense(300, relu).Dropout(20%).Dense(300).Dense(1)
m = M()
p = m.predict(randn(2000, 100), dropout=True, samples=20000)
""",
    "a step of its own": """model G():
    input z: [8]
    output x = z.Dense(32, relu).Dense(16)
model D():
    input x: [16]
    output y = x.Dense(32, relu).Dense(1, sigmoid)
g = G()
d = D()
train g, d on randn(5000, 16):
    epochs: 100000
    step real:
        z = randn(len(real), 8)
        minimize bce(1, d(real)) + bce(0, d(g(z))) over d
        minimize bce(1, d(g(z))) over g
""",
    "each epoch": """model M():
    input x: [4]
    output y = x.Dense(8).Dense(1)
m = M()
h = train m on randn(100, 4) -> randn(100, 1):
    epochs: 100000
    each epoch:
        log("mean", m(randn(1000, 4)).mean())
""",
    "search": """model M(n):
    input x: [4]
    output y = x.Dense(n).Dense(1)
r = search:
    over n: choice([8, 16])
    over rate: loguniform(1e-4, 1e-1)
    trials: 100000
    minimize: "loss"
    trial:
        m = M(n)
        train m on randn(1000, 4) -> randn(1000, 1):
            optimizer: Adam(rate)
""",
    "boosting": """f = GradientBoosting(rounds=1000000)
train f on randn(20000, 20) -> randn(20000)
""",
    "centers": """f = KMeans(50, tries=100000)
train f on randn(5000, 10)
""",
    "starts of centers": """f = KMeans(20000)
train f on randn(40000, 20)
""",
    "logistic regression": """x = randn(100000, 20)
for i in range(10000):
    f = LogisticRegression(iterations=1000000)
    train f on x -> x[:, 0] > 0
""",
    "singular values": """x = randn(1000, 1000)
for i in range(1000):
    u, s, v = svd(x)
""",
    "principal components": """x = randn(2000, 1000)
for i in range(1000):
    f = PCA()
    train f on x
""",
    "least squares": """x = randn(5000, 400)
for i in range(1000):
    f = LinearRegression()
    train f on x -> x[:, 0]
""",
    "neighbours": """f = KNeighbors(5)
train f on randn(100000, 10) -> randn(100000)
f.predict(randn(100000, 10))
""",
    "a forest": """f = RandomForest(trees=100000)
train f on randn(3000, 20) -> randn(3000)
""",
}


KEPT = {
    "GradientBoosting(rounds=1000000)": "f.predict(x).shape",
    "KMeans(3, tries=1000000)": "f.centers.shape",
    "LogisticRegression(iterations=1000000)": "f.coefficients.shape",
}


@pytest.fixture(scope="module")
def kernel():
    with Kernel([PROGRAM, "-f"]) as k:
        yield k


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("wait", [0, 0.02, 0.2, 1])
def test_interrupt_at_any_moment(kernel, scene, wait):
    head = kernel.execute(SCENES[scene])
    kernel.wait_for(head, "execute_input")
    time.sleep(wait)
    kernel.send("interrupt_request", channel="control")
    reply = kernel.reply(head)
    assert reply.content.get("ename") == "Interrupted", reply.content
    kernel.outputs(head)
    assert text_of(kernel.run("print(1 + 1)")[1]) == "2\n"


@pytest.mark.parametrize("model", KEPT)
def test_interrupted_fit_keeps_what_it_has(kernel, model):
    """Whole rounds, runs and steps; and the variables are those from before."""
    target = "" if "KMeans" in model else " -> x[:, 0] + randn(2000) > 0"
    kernel.run("x = randn(2000, 4)\nkept = 41")
    head = kernel.execute(f"f = {model}\ntrain f on x{target}")
    kernel.wait_for(head, "update_display_data")
    kernel.send("interrupt_request", channel="control")
    assert kernel.reply(head).content.get("ename") == "Interrupted"
    kernel.outputs(head)
    reply, outputs = kernel.run(f"print(kept + 1, len({KEPT[model]}) > 0)")
    assert reply.content["status"] == "ok", reply.content
    assert text_of(outputs) == "42 True\n"
