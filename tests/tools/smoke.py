"""A short session with one kernel binary, AWML_KERNEL (or build/kernel/awml-c): the file runner and
the kernel proper. For builds with sanitizers, whose findings end the process with a report."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "clients"))
import conftest  # noqa: E402,F401  a home of its own
from client import collect, run  # noqa: E402
from jupyter_client.manager import KernelManager  # noqa: E402

KERNEL = os.environ.get("AWML_KERNEL", str(ROOT / "build" / "kernel" / "awml-c"))
NOTEBOOKS = ["first", "softmax", "dense_layer", "losses", "learning_rate_schedule"]
CELLS = [("6 * 7", "ok"), ('print("hello, world")', "ok"), ("missing", "error"), ("1 +* 2", "error"),
         ("show(line([1, 2], [3, 4]))", "ok"), ("table(a=[1, 2])", "ok"), ("zeros(3) + zeros(4)", "error"),
         ("Dense?", "ok"), ("grad(lambda x: (x ** 2).sum(), [1.0, 2.0])", "ok")]


def files():
    with tempfile.TemporaryDirectory() as folder:
        for name in NOTEBOOKS:
            print("run", name, flush=True)
            path = ROOT / "notebooks" / "m01_dnn" / f"{name}.ipynb"
            subprocess.run([KERNEL, "run", str(path), "--output", f"{folder}/{name}.ipynb"],
                           check=True, timeout=500)
            subprocess.run([KERNEL, "check", str(path)], check=True, timeout=500)


def session():
    manager = KernelManager(kernel_name="awml-c")
    manager.kernel_spec.argv[0] = KERNEL
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    for code, status in CELLS:
        print("cell", code, flush=True)
        reply = run(client, code, timeout=120).reply
        assert reply["status"] == status, reply
    client.complete("norm", 4)
    client.inspect("Dense", 3)
    client.history(hist_access_type="tail", n=3)
    long = client.execute("for i in range(1000000000):\n    x = i")
    while client.get_iopub_msg(timeout=60)["msg_type"] != "execute_input":
        pass
    manager.interrupt_kernel()
    assert collect(client, long, timeout=60).reply["status"] == "error"
    client.stop_channels()
    process = manager.provisioner.process
    manager.shutdown_kernel()
    return process.wait(timeout=60) if process else 0


if __name__ == "__main__":
    files()
    code = session()
    print("kernel ended with", code)
    sys.exit(code != 0)
