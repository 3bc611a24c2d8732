"""The archive for machines where nothing can be installed (scripts/bundle.py): unpacked into a
folder of any name, its kernel opens its own libraries only, for everything that opens one."""
import os
import re
import subprocess
import sys
import tarfile

import pytest
from client import run
from jupyter_client.manager import KernelManager
from lab import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import bundle  # noqa: E402

CELL = """data = load_dataset("fashion_mnist_small")
save(line([1, 2, 3], [2, 3, 1]), "plot.png")
save(line([1, 2, 3], [2, 3, 1]), "plot.pdf")
save(data.train_x[0], "one.jpg")
a = randn(400, 400)
model Net:
    input x: [4]
    output y = Dense(1)(x)
net = Net()
save(net, "net.keras")
again = load("net.keras")
print(read_image("one.jpg").shape, sum(abs(a @ solve(a, a) - a)) < 1)"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("größe of a student ☃")
    archive = folder / "awml-c.tar.gz"
    subprocess.run([sys.executable, ROOT / "scripts/bundle.py", ROOT / "build", archive], check=True)
    with tarfile.open(archive) as tar:
        tar.extractall(folder)
    return folder / "awml-c"


def mapped(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        return set(re.findall(r"(/\S.*\.so[.\d]*)$", file.read(), re.M))


@pytest.mark.timeout(300)
def test_runs_on_its_own_libraries(unpacked, tmp_path):
    program = unpacked / "bin/awml-c"
    subprocess.run([program, "install", "--prefix", tmp_path], check=True)
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin", "LANG": "C.UTF-8"}
    manager = KernelManager(kernel_name="awml-c")
    manager.kernel_spec_manager.kernel_dirs.insert(0, str(tmp_path / "share/jupyter/kernels"))
    assert manager.kernel_spec.argv[0] == str(program)
    manager.start_kernel(env=environment, cwd=str(tmp_path))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        outcome = run(client, CELL)
        assert outcome.reply["status"] == "ok", outcome.reply
        assert outcome.text().split() == ["[height=28,", "width=28,", "channel=3]", "True"]
        client.history(hist_access_type="tail", n=1)
        assert client.get_shell_msg(timeout=60)["content"]["history"]
        libraries = mapped(manager.provisioner.process.pid)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    own = {os.path.basename(path) for path in libraries if path.startswith(str(unpacked))}
    others = [re.sub(r"(\.so\.\d+).*", r"\1", os.path.basename(path))
              for path in libraries if not path.startswith(str(unpacked))]
    assert {"libzmq.so.5", "libopenblas.so.0", "librsvg-2.so.2", "libturbojpeg.so.0", "libhdf5_serial.so.103",
            "libsqlite3.so.0"} <= own
    assert not [name for name in others if not bundle.OF_THE_SYSTEM.match(name)]


def test_its_parts(unpacked):
    """Data, notebooks and licences are there, and no file needs a newer glibc than the oldest image has."""
    assert (unpacked / "share/awml/datasets/fashion-mnist-small").is_dir()
    assert list((unpacked / "notebooks/m01_dnn").glob("*.ipynb"))
    licences = os.listdir(unpacked / "share/doc/licences")
    assert {"awml-c", "libzmq5", "libsodium23"} <= set(licences)
    for path in [unpacked / "bin/awml-c", *(unpacked / "lib/awml-c").iterdir()]:
        assert bundle.glibc_of(path) <= bundle.GLIBC_MOST, path
