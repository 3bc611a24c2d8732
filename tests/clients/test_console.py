"""jupyter console: on a terminal (pty) and with its input piped in."""
import subprocess
import sys
import time

import pexpect
from client import KERNEL

WORDS = ["-m", "jupyter", "console", "--kernel", KERNEL, "--simple-prompt"]


def test_piped():
    done = subprocess.run([sys.executable, *WORDS], input="x = 6 * 7\nx\nexit\n",
                          capture_output=True, text=True, timeout=120)
    assert "]: 42\n" in done.stdout, done.stdout + done.stderr


def test_terminal():
    console = pexpect.spawn(sys.executable, WORDS, encoding="utf-8", timeout=60,
                            env=None, dimensions=(40, 120))
    console.expect(r"In \[1\]: ")
    console.sendline("1 + 1")
    console.expect(r"Out\[1\]: 2")
    console.expect(r"In \[2\]: ")
    console.sendline("missing_name")
    console.expect("missing_name")
    console.expect(r"In \[3\]: ")
    console.sendline('answer = input("How many? ")')
    console.expect(r"How many\? ")
    console.sendline("17")
    console.expect(r"In \[4\]: ")
    console.sendline("answer")
    console.expect(r"Out\[4\]: \W*17")
    console.expect(r"In \[5\]: ")
    console.sendline("squares = [k * k for k in range(10 ** 10)]")
    time.sleep(1)
    console.sendintr()
    console.expect("Interrupted")
    console.expect(r"In \[6\]: ")
    console.sendline("exit()")
    console.expect(pexpect.EOF)
    console.close()


def test_a_training_ends_with_its_line():
    cells = "x = randn(2000, 20)\nridge = Ridge()\ntrain ridge on x -> x[:, 0]\nexit\n"
    done = subprocess.run([sys.executable, *WORDS], input=cells, capture_output=True, text=True,
                          timeout=120)
    assert "fitted in" in done.stdout, done.stdout + done.stderr
