"""jupyter console: on a terminal (pty) and with its input piped in."""
import html
import io
import re
import subprocess
import sys
import time

import pexpect
from client import KERNEL
from lab import ROOT

WORDS = ["-m", "jupyter", "console", "--kernel", KERNEL, "--simple-prompt"]


def test_piped():
    done = subprocess.run([sys.executable, *WORDS], input="x = 6 * 7\nx\nexit\n",
                          capture_output=True, text=True, timeout=120)
    assert "]: 42\n" in done.stdout, done.stdout + done.stderr


SESSION = ["t = table(city=[\"Delft\", \"Leiden\", None], price=[12.5, 8.25, 9])", "t",
           "line([1, 2, 3], [2, 4, 9], title=\"A plot\")", "zeros(2, 3) @ zeros(2, 3)",
           "interact(lambda n: n * 2, n=(0, 10))"]


def test_picture_of_a_terminal(page):
    """What a terminal shows, drawn: docs/pictures/console.png. Bold is all that is not plain text."""
    console = pexpect.spawn(sys.executable, WORDS, encoding="utf-8", timeout=60, dimensions=(60, 100))
    said = io.StringIO()
    console.logfile_read = said
    for i, line in enumerate(SESSION):
        console.expect(rf"In \[{i + 1}\]: ")
        console.sendline(line)
    console.expect(rf"In \[{len(SESSION) + 1}\]: ")
    console.sendline("exit")
    console.expect(pexpect.EOF)
    shown = html.escape(said.getvalue().replace("\r", ""))
    shown = shown.replace("\x1b[1m", "<b>").replace("\x1b[0m", "</b>")
    assert "\x1b" not in re.sub(r"\x1b\[\?2004[hl]", "", shown), "nothing else is coloured"
    shown = re.sub(r"\x1b\[\?2004[hl]", "", shown)
    page.set_content(f"<pre style='background:#111;color:#ddd;padding:1em;margin:0;width:max-content;"
                     f"font:14px monospace'>{shown}</pre>")
    page.locator("pre").screenshot(path=str(ROOT / "build" / "console.png"))
    for words in ("3 rows, 2 columns", "plot: A plot, line, x 1 … 3", "<b>ShapeError</b>", "10"):
        assert words in shown


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
