"""Searches and steps stopped in the middle, through the real kernel: what is finished is kept."""
import os
import time

import pytest
from rawkernel import ROOT, Kernel, text

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))

SETUP = """
x = randn(2000, 20)
y = x[:, 0:1]
model Net(hidden=8):
    input x: [20]
    output y = x.Dense(hidden, relu).Dense(1)
"""

SEARCH = """
runs = search:
    over hidden: choice([8, 16, 32])
    over lr: loguniform(1e-4, 1e-1)
    trials: 100000
    trial:
        m = Net(hidden)
        train m on x -> y:
            epochs: 3
            optimizer: Adam(lr)
print("not reached")
"""

GAN = """
model Generator():
    input z: [4]
    output image = z.Dense(16, relu).BatchNorm().Dense(20)
model Discriminator():
    input image: [20]
    output real = image.Dense(16).LeakyReLU(0.2).Dropout(30%).Dense(1, sigmoid)
G, D = Generator(), Discriminator()
old = G
history = train G, D on x:
    epochs: 100000
    step real:
        z = randn(len(real), 4)
        minimize bce(1, D(real)) + bce(0, D(G(z))) over D
        minimize bce(1, D(G(z))) over G
    each epoch:
        log("size", l2(G.weights["Dense.kernel"]))
print("not reached")
"""


@pytest.fixture()
def kernel():
    with Kernel([PROGRAM, "-f"]) as k:
        k.run(SETUP)
        yield k


def stop_after(k, code, seconds):
    head = k.execute(code)
    time.sleep(seconds)
    k.send("interrupt_request", channel="control")
    reply = k.reply(head, timeout=30)
    return reply, text(k.outputs(head))


def shown(k, code):
    return text(k.run(code)[1])


def test_search_keeps_finished_trials(kernel):
    reply, said = stop_after(kernel, SEARCH, 2)
    assert reply.content["status"] == "error" and "not reached" not in said
    assert "The search was stopped in trial" in "\n".join(reply.content["traceback"])
    assert shown(kernel, "print(len(runs) > 0, runs.interrupted, runs.best.loss == runs.loss.min())") == "True True True\n"
    assert shown(kernel, "print(runs.best.model(x).shape)") == "[2000, unit=1]\n"


def test_step_keeps_finished_epochs(kernel):
    reply, said = stop_after(kernel, GAN, 2)
    assert reply.content["status"] == "error" and "not reached" not in said
    assert "Training was stopped." in "\n".join(reply.content["traceback"])
    assert shown(kernel, "print(history.interrupted, len(history) > 0, history.columns)") == (
        'True True ["epoch", "D", "G", "lr", "seconds", "size"]\n')
    assert shown(kernel, 'print(close(history.size[-1], l2(G.weights["Dense.kernel"]), 1e-6), close(G(x[:, :4]), old(x[:, :4])))') == "True False\n"


def test_one_display_for_a_search(kernel):
    head = kernel.execute(SEARCH.replace("100000", "6").replace('print("not reached")', ""))
    assert kernel.reply(head, timeout=30).content["status"] == "ok"
    outputs = kernel.outputs(head)
    displays = [m for m in outputs if m.type == "display_data"]
    assert len(displays) == 1
    last = [m for m in outputs if m.type in ("display_data", "update_display_data")][-1]
    assert last.content["data"]["text/plain"].startswith("6 trials in")
    assert "hidden" in last.content["data"]["text/html"]
