"""What is seen of a training: how often it changes, its size in a notebook, words for terminals,
and the money that it costs."""
import json
import os
import re
import subprocess
import time

import pytest
from rawkernel import ROOT, Kernel

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))
NET = """model Net(hidden):
    input x: [20]
    output y = x.Dense(hidden, relu).Dense(1)
x = randn(4000, 20)
"""
TRAIN = """net = Net({hidden})
history = train net on x[:3000] -> x[:3000, 0:1]:
    validate: x[3000:] -> x[3000:, 0:1]
    metrics: [mae, r2]
    epochs: {epochs}
"""


def run_file(tmp_path, code, **environment):
    """Standard output and the outputs of the program as the notebook stores them."""
    (tmp_path / "a.awml").write_text(code)
    done = subprocess.run([PROGRAM, "run", tmp_path / "a.awml", "--output", tmp_path / "a.ipynb"],
                          capture_output=True, text=True, timeout=120,
                          env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads((tmp_path / "a.ipynb").read_text())["cells"][0]["outputs"]


@pytest.fixture(scope="module")
def kernel():
    with Kernel([PROGRAM, "-f"]) as k:
        yield k


def test_at_most_ten_changes_a_second(kernel):
    kernel.run(NET)
    began = time.monotonic()
    reply, messages = kernel.run(TRAIN.format(hidden=200, epochs=40), metadata={"cellId": "a"})
    seconds = time.monotonic() - began
    assert reply.content["status"] == "ok"
    shown = [m for m in messages if m.type in ("display_data", "update_display_data")]
    ids = {m.content["transient"]["display_id"] for m in shown}
    assert shown[0].type == "display_data" and len(ids) == 1
    assert {m.type for m in shown[1:]} == {"update_display_data"}
    assert 2 <= len(shown) <= 10 * seconds + 3
    last = shown[-1].content["data"]
    assert last["text/plain"].startswith("40 epochs in ")
    assert "<progress" in shown[0].content["data"]["text/html"]
    assert "<progress" not in last["text/html"] and "<img" in last["text/html"]
    assert "begins at" in last["text/html"] and "Net · 3,000 examples" in last["text/html"]
    assert not [m for m in messages if m.type == "stream"]


def test_terminals_get_a_line_for_each_epoch(kernel):
    kernel.run(NET)
    code = TRAIN.format(hidden=1500, epochs=4).replace("    epochs", "    batch: 8\n    epochs")
    _, messages = kernel.run(code, allow_stdin=True)
    said = "".join(m.content["text"] for m in messages if m.type == "stream").splitlines()
    # at most ten a second: quick epochs go without a line of their own, the first and the end do not
    epochs = [re.match(r"epoch (\d) of 4, ", line) for line in said[:-1]]
    assert all(epochs) and 1 <= len(epochs) <= 4, said
    numbers = [int(m.group(1)) for m in epochs]
    assert numbers[0] == 1 and numbers == sorted(set(numbers)), said
    assert said[-1].startswith("4 epochs in ") and "val_loss" in said[-1]


def test_words_alone_say_why_it_ended(tmp_path):
    code = NET + "x[3, 1] = nan\n" + TRAIN.format(hidden=4, epochs=4)
    said, outputs = run_file(tmp_path, code)
    plain = "".join(outputs[0]["data"]["text/plain"]).splitlines()
    assert plain[0].startswith("0 epochs in ") and len(plain) == 2, plain
    assert plain[1].endswith("inputs is missing (NaN) or infinite: drop or fill it.")
    assert said.count("drop or fill it.") == 1, said


def test_terminals_read_a_note_once(kernel):
    kernel.run(NET + "x[3, 1] = nan\n")
    _, messages = kernel.run(TRAIN.format(hidden=4, epochs=4), allow_stdin=True)
    said = "".join(m.content["text"] for m in messages if m.type == "stream")
    assert said.count("drop or fill it.") == 1, said


def test_a_hundred_trainings_are_small(tmp_path):
    loop = "".join("    " + line + "\n" for line in TRAIN.format(hidden=20, epochs=30).splitlines())
    _, outputs = run_file(tmp_path, NET + "for i in range(100):\n" + loop)
    assert len(outputs) == 100
    assert (tmp_path / "a.ipynb").stat().st_size < 2_000_000


def test_classical_models_count_their_own(tmp_path):
    code = ("x = randn(2000, 5)\nforest = RandomForest(trees=30)\ntrain forest on x -> x[:, 0]\n"
            "boost = GradientBoosting(rounds=25)\ntrain boost on x -> x[:, 0]\n")
    said, outputs = run_file(tmp_path, code)
    assert "epoch" not in said, said
    assert "25 rounds in" in said and ("30 trees in" in said or "fitted in" in said)
    assert "<table" not in outputs[0]["data"]["text/html"]


def shown_while(kernel, code):
    """What a display said while it was under way."""
    _, messages = kernel.run(code)
    return "\n".join("".join(m.content["data"].get("text/plain", "")) for m in messages
                     if m.type in ("display_data", "update_display_data"))


def test_ensembles_count_within_their_members(kernel):
    kernel.run("x = randn(3000, 20)\n")
    said = shown_while(kernel, "bag = Bagging(RandomForest(trees=200), n=3)\ntrain bag on x -> x[:, 0]\n")
    assert re.search(r"\d of 3 models, \d+ of 200 trees", said), said
    said = shown_while(kernel, "runs = search:\n    over depth: choice([10, 20])\n    trials: 2\n    method: \"grid\"\n"
                       "    minimize: \"loss\"\n    trial:\n        m = GradientBoosting(rounds=1000, max_depth=depth)\n"
                       "        train m on x -> x[:, 0]\n")
    assert re.search(r"trial 1 of 2, \d+ of 1000 rounds, loss \d", said), said


# money


def studio(root, arn=None, processors=4, gib=15.3, hours=2):
    """Files as they lie on a Studio machine."""
    (root / "proc/1").mkdir(parents=True)
    (root / "proc/1/stat").write_text(f"1 (a b) S {' '.join(['0'] * 18)} 100 0\n")
    (root / "proc/uptime").write_text(f"{hours * 3600 + 100 / os.sysconf('SC_CLK_TCK')} 1.0\n")
    (root / "proc/cpuinfo").write_text("".join(f"processor\t: {i}\n" for i in range(processors)))
    (root / "proc/meminfo").write_text(f"MemTotal: {int(gib * 2**20)} kB\n")
    (root / "opt/ml/metadata").mkdir(parents=True)
    arn = arn or "arn:aws:sagemaker:us-west-2:1:app/d-1/space/JupyterLab/default"
    (root / "opt/ml/metadata/resource-metadata.json").write_text(json.dumps({"ResourceArn": arn}))
    return {"AWML_STUDIO_ROOT": str(root)}


def test_nothing_is_said_of_money_elsewhere(tmp_path):
    said, outputs = run_file(tmp_path, "%budget 5 USD\n" + NET + TRAIN.format(hidden=5, epochs=2),
                             AWML_STUDIO_ROOT=str(tmp_path / "nothing"))
    assert "not known here" in said
    assert "USD" not in outputs[-1]["data"]["text/html"]


def test_the_size_of_a_studio_machine_is_a_guess(tmp_path):
    said, outputs = run_file(tmp_path, "%budget 5 USD\n" + NET + TRAIN.format(hidden=5, epochs=2),
                             **studio(tmp_path))
    assert "looks like ml.t3.xlarge, estimated at 0.2 USD an hour" in said
    assert "2 h 0 min: 0.40 USD of the budget of 5.00 USD. The rest lasts for 23 h 0 min." in said
    html = outputs[-1]["data"]["text/html"]
    assert "cost less than a cent (looks like ml.t3.xlarge" in html
    assert "about 4.60 of the budget of 5.00 USD left" in html and "$" not in html


def test_classic_names_its_type(tmp_path):
    arn = "arn:aws:sagemaker:eu-west-1:1:app/d-1/ann/KernelGateway/data-1-0-ml-g4dn-4xlarge-0a1b"
    said, _ = run_file(tmp_path, "%budget 2 USD", **studio(tmp_path, arn))
    assert "(ml.g4dn.4xlarge, estimated at 1.505 USD an hour)" in said
    assert "The budget of 2.00 USD is used up" in said


def test_a_type_and_a_price_can_be_said(tmp_path):
    said, _ = run_file(tmp_path, "%budget", AWML_INSTANCE_TYPE="ml.own", AWML_PRICE_PER_HOUR="0.7",
                       **studio(tmp_path))
    assert "(ml.own, estimated at 0.7 USD an hour)" in said and "1.40 USD." in said


def test_a_wrong_budget(kernel):
    reply, _ = kernel.run("%budget five")
    assert reply.content["status"] == "error" and "%budget 5 USD" in reply.content["evalue"]
