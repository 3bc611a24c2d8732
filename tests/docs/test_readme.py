"""The programs in README.md run as they stand, and the files that it names are there."""
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KERNEL = os.environ.get("AWML_KERNEL", str(ROOT / "build" / "kernel" / "awml-c"))
README = (ROOT / "README.md").read_text()
PROGRAMS = re.findall(r"```awml\n(.*?)```", README, re.S)

# What the second program takes for granted.
GIVEN = """
clean, valid_clean, test_clean = rand(256, 28, 28), rand(128, 28, 28), rand(64, 28, 28)
noisy, valid_noisy, test_noisy = clip(clean + 0.2 * randn(256, 28, 28), 0, 1), valid_clean, test_clean
"""


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_program_runs(number, tmp_path):
    program = tmp_path / "program.awml"
    before = {1: GIVEN, 2: GIVEN + PROGRAMS[1]}  # the third goes on from the second
    program.write_text(before.get(number, "") + PROGRAMS[number])
    done = subprocess.run([KERNEL, "run", program], cwd=tmp_path, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    assert number != 1 or (tmp_path / "denoiser.keras").stat().st_size > 100_000


def test_first_program_has_ten_lines_at_most():
    assert len([line for line in PROGRAMS[0].splitlines() if line.strip()]) <= 10


def test_named_files_are_there():
    named = re.findall(r"`((?:runtime|kernel|tests|notebooks|docs|scripts|kernelspec)/[^`*]*)`", README)
    named += re.findall(r"\]\(([^):#]+)\)", README)
    assert len(named) > 10
    missing = [path for path in named if not (ROOT / path.rstrip("/")).exists()]
    assert not missing


def test_ten_files_to_read():
    table = README.split("## Reading the source")[1].split("\n## ")[0]
    assert len(re.findall(r"^\| *\d+ *\|", table, re.M)) == 10
