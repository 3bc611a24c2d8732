#!/usr/bin/env python3
"""Peak memory of a training run on all of Fashion-MNIST, as a multiple of the data set.

    python3 tests/bench/bench_memory.py build/kernel/awml-c

Runs the same program twice, with and without the train statement, in processes of their own, and
reads each one's peak resident memory (VmHWM) from the kernel's accounting. The data set is the
70,000 pictures as bytes (54.9 MB), which is what a session that has loaded it holds.
"""
import subprocess
import sys
import tempfile

LOAD = 'data = load_dataset("fashion_mnist")\n'
MODEL = """
model Net(hidden=128):
    input image: [height=28, width=28]
    output label = image.Rescaling(1 / 255).Flatten().Dense(hidden, relu).Dense(10, softmax)
net = Net()
train net on data.train_x -> data.train_y:
    epochs: 2
    batch: 128
    quiet: True
"""
VALIDATED = """    validate: data.test_x -> data.test_y
    metrics: [accuracy]
"""
DATA_BYTES = 70_000 * 28 * 28


def peak_bytes(binary, program):
    with tempfile.NamedTemporaryFile("w", suffix=".awml") as f:
        f.write(program)
        f.flush()
        # one grandchild at a time: its peak is the largest of the children's
        code = ("import resource, subprocess, sys\n"
                "r = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
                "print(r.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        out = subprocess.run([sys.executable, "-c", code, binary, "run", f.name],
                             capture_output=True, text=True, check=True).stdout.split()
    if out[0] != "0":
        sys.exit(f"the program failed with exit status {out[0]}")
    return int(out[1]) * 1024


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    binary = sys.argv[1]
    rows = [("one line", "x = 1 + 1\n"), ("data loaded", LOAD), ("data, model trained", LOAD + MODEL),
            ("… and validated", LOAD + MODEL + VALIDATED)]
    for name, program in rows:
        peak = peak_bytes(binary, program)
        print(f"{name:22} {peak / 1e6:8.1f} MB   {peak / DATA_BYTES:5.2f} x the data")
    print(f"goal: at most 1.30 x the data ({DATA_BYTES / 1e6:.1f} MB), the program itself included")


if __name__ == "__main__":
    main()
