"""The commands: install, uninstall, run, check, doctor (no Jupyter and no Python needed by them)."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

import nbformat
import pytest
from rawkernel import ROOT

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))


def call(*args, env=None, cwd=None, program=PROGRAM, **more):
    return subprocess.run([program, *map(str, args)], capture_output=True, text=True, timeout=120,
                          env={**os.environ, **(env or {})}, cwd=cwd, **more)


def test_version_and_help():
    assert call("--version").stdout.startswith("awml-c ")
    shown = call("--help").stdout
    for word in ("install", "uninstall", "run", "check", "doctor", "-f"):
        assert word in shown
    assert call().returncode == 0


@pytest.mark.parametrize("args, words", [
    (["instal"], "Did you mean `install`"), (["chekc", "x"], "Did you mean `check`"),
    (["frobnicate"], "no command"), (["file.awml"], "awml-c run"), (["run"], "needs a file"),
    (["run", "a", "b"], "too much"), (["check"], "needs files"), (["doctor", "x"], "no arguments"),
    (["install", "--nonsense"], "--nonsense"), (["install", "--name", "../x"], "understood"),
    (["install", "--user", "--prefix", "x"], "one place"), (["-f"], "connection file")])
def test_misuse(args, words):
    done = call(*args)
    assert done.returncode == 64 and words in done.stderr and done.stdout == ""


@pytest.mark.parametrize("command", ["install", "uninstall", "run", "check", "doctor"])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_of_a_command(command, flag, tmp_path):
    done = call(command, flag, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.startswith(f"awml-c {command}") and not done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["run", "p.awml"], ["check", "p.awml"]])
def test_output_that_is_lost_is_a_failure(args, tmp_path):
    write(tmp_path / "p.awml", "print(1)")
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, *args], stdout=full, stderr=subprocess.PIPE, text=True,
                              cwd=tmp_path, timeout=60)
    assert done.returncode == 1 and "could not be written" in done.stderr


# install


def spec_of(prefix, name="awml-c"):
    return prefix / "share/jupyter/kernels" / name


def test_install_and_uninstall(tmp_path):
    done = call("install", "--prefix", tmp_path)
    folder = spec_of(tmp_path)
    assert done.returncode == 0 and str(folder) in done.stdout
    spec = json.loads((folder / "kernel.json").read_text())
    assert spec["argv"] == [os.path.realpath(PROGRAM), "-f", "{connection_file}"]
    assert spec["display_name"] == "awml-c" and spec["language"] == "awml"
    assert spec["interrupt_mode"] == "message" and spec["kernel_protocol_version"] == "5.5"
    for size in (32, 64):
        logo = (folder / f"logo-{size}x{size}.png").read_bytes()
        assert logo[:8] == b"\x89PNG\r\n\x1a\n" and logo[16:24] == bytes([0, 0, 0, size]) * 2
    assert (folder / "logo-svg.svg").read_text().startswith("<svg")
    assert sorted(p.name for p in folder.parent.iterdir()) == ["awml-c"]
    words = json.loads((folder / "words.json").read_text())
    assert {"if", "lambda"} <= set(words["reserved"]) and "Dense" in words["layers"]
    assert "epochs" in words["settings"]["train"] and words["statements"]["model"]
    assert all(re.fullmatch(r"%?[A-Za-z_][A-Za-z_0-9]*", w) for w in words["functions"] + words["units"])
    assert call("uninstall", "--prefix", tmp_path).returncode == 0
    assert not folder.exists()
    assert call("uninstall", "--prefix", tmp_path).returncode == 1


def test_lab_extension_comes_and_goes_with_the_kernel(tmp_path):
    """JupyterLab finds the folder by its package.json; other kernels of ours keep it in place."""
    folder = tmp_path / "share/jupyter/labextensions/awml"
    call("install", "--prefix", tmp_path)
    call("install", "--prefix", tmp_path, "--name", "second")
    package = json.loads((folder / "package.json").read_text())
    assert package["version"] in call("--version").stdout
    script = (folder / package["jupyterlab"]["_build"]["load"]).read_text()
    assert '"loguniform"' in script and "_JUPYTERLAB" in script
    json.loads((folder / "install.json").read_text())
    template = tmp_path / "share/jupyter/nbconvert/templates/awml"
    assert json.loads((template / "conf.json").read_text())["base_template"] == "lab"
    assert call("uninstall", "--prefix", tmp_path, "--name", "second").returncode == 0
    assert folder.exists()
    assert call("uninstall", "--prefix", tmp_path).returncode == 0
    assert not folder.exists() and not template.exists()


def test_install_again_keeps_what_others_put_there(tmp_path):
    call("install", "--prefix", tmp_path)
    (spec_of(tmp_path) / "kernel.json").write_text("damaged")
    assert call("install", "--prefix", tmp_path).returncode == 0
    json.loads((spec_of(tmp_path) / "kernel.json").read_text())
    (spec_of(tmp_path) / "note.txt").write_text("mine")
    assert call("uninstall", "--prefix", tmp_path).returncode == 1
    assert (spec_of(tmp_path) / "note.txt").read_text() == "mine"


def test_a_kernel_without_a_shell(tmp_path):
    assert call("install", "--prefix", tmp_path, "--no-shell").returncode == 0
    spec = json.loads((spec_of(tmp_path) / "kernel.json").read_text())
    assert spec["env"] == {"AWML_SHELL": "off"}
    program = tmp_path / "a.awml"
    program.write_text("print(1 + 1)\n!touch made\n")
    done = call("run", program, env=spec["env"], cwd=tmp_path)
    assert done.returncode == 1 and "Shell commands are switched off here." in done.stderr
    assert done.stdout == "" and not (tmp_path / "made").exists()         # nothing has run before it
    assert call("check", program, env=spec["env"]).returncode == 1
    assert call("run", program, cwd=tmp_path).returncode == 0 and (tmp_path / "made").exists()


def test_install_places(tmp_path):
    data, home, prefix = tmp_path / "data", tmp_path / "home", tmp_path / "venv"
    none = {"JUPYTER_DATA_DIR": "", "XDG_DATA_HOME": "", "VIRTUAL_ENV": "", "CONDA_PREFIX": ""}
    call("install", "--user", "--name", "mine", env={**none, "HOME": str(home)})
    assert (home / ".local/share/jupyter/kernels/mine/kernel.json").exists()
    call("install", "--user", env={**none, "JUPYTER_DATA_DIR": str(data)})
    assert (data / "kernels/awml-c/kernel.json").exists()
    call("install", "--sys-prefix", env={**none, "VIRTUAL_ENV": str(prefix)})
    assert (spec_of(prefix) / "kernel.json").exists()
    done = call("install", "--sys-prefix", env=none)
    assert done.returncode == 1 and "--prefix" in done.stderr
    call("install", "--prefix", "relative", cwd=tmp_path)
    assert (spec_of(tmp_path / "relative") / "kernel.json").exists()
    assert call("install", "--prefix", "/proc/nowhere").returncode == 1


def test_moved_program_installs_itself(tmp_path):
    """The program carries its files; a copy elsewhere, with an odd name, is what gets installed."""
    copy = tmp_path / 'odd "place" \\ here' / "awml-c"
    copy.parent.mkdir()
    shutil.copy(PROGRAM, copy)
    assert call("install", "--prefix", tmp_path, program=str(copy)).returncode == 0
    spec = json.loads((spec_of(tmp_path) / "kernel.json").read_text())
    assert spec["argv"][0] == str(copy)


def test_runs_on_older_systems():
    """The images of SageMaker Studio have glibc 2.35: no symbol may be newer."""
    symbols = subprocess.run(["objdump", "-T", PROGRAM], capture_output=True, text=True, check=True)
    versions = {tuple(map(int, v.split("."))) for v in re.findall(r"GLIBC_([0-9.]+)", symbols.stdout)}
    assert versions and max(versions) <= (2, 35), max(versions)


# run


def write(path, text):
    path.write_text(text)
    return path


PROGRAM_TEXT = """x = 20
print("twice", x * 2)
# cell: second
x + 1
# cell
print("done")
"""


def test_run_program(tmp_path):
    file, out = write(tmp_path / "p.awml", PROGRAM_TEXT), tmp_path / "out.ipynb"
    done = call("run", file, "--output", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, "twice 40\n21\ndone\n", "")
    notebook = nbformat.read(out, 4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "awml-c"
    first, second, third = notebook.cells
    assert [c.execution_count for c in notebook.cells] == [1, 2, 3]
    assert first.outputs == [{"output_type": "stream", "name": "stdout", "text": "twice 40\n"}]
    assert second.outputs[0].output_type == "execute_result"
    assert second.outputs[0].data["text/plain"] == "21" and second.outputs[0].execution_count == 2


def old_notebook(tmp_path, cells, minor=2):
    notebook = {"nbformat": 4, "nbformat_minor": minor, "metadata": {}, "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Title\n", "text"]},
        *[{"cell_type": "code", "metadata": {"tags": tags}, "execution_count": 9, "outputs": [],
           "source": code.splitlines(keepends=True)} for code, tags in cells]]}
    return write(tmp_path / "n.ipynb", json.dumps(notebook))


def test_print_shows_tables_as_tables(tmp_path):
    program = tmp_path / "p.awml"
    program.write_text('t = table(age=[31, 4], city=["Delft", "Leiden"])\nprint("all:", t, "end")\n'
                       'print(f"{t}")\n')
    lines = call("run", program).stdout.splitlines()
    assert lines[0].rstrip() == "all:" and lines[1].split() == ["age", "city"]
    assert lines[3].split() == ["0", "31", "Delft"] and lines[4].split() == ["1", "4", "Leiden"]
    assert lines[-1] == "table of 2 rows: age, city"


def test_run_old_notebook(tmp_path):
    """Format 4.2 without cell ids, sources as lists of lines: written as valid 4.5."""
    file = old_notebook(tmp_path, [("a = 1\na + 1", []), ("plot:\n    line([1, 2], [3, 4])", [])])
    out = tmp_path / "o.ipynb"
    assert call("run", file, "--output", out).returncode == 0
    notebook = nbformat.read(out, 4)
    nbformat.validate(notebook)
    assert len({c.id for c in notebook.cells}) == 3
    assert notebook.cells[1].outputs[0].data["text/plain"] == "2"
    assert "image/svg+xml" in notebook.cells[2].outputs[0].data
    assert json.loads(file.read_text())["nbformat_minor"] == 2, "the input was changed"


def test_run_stops_at_the_first_error(tmp_path):
    file = old_notebook(tmp_path, [("print(1)", []), ("nope", []), ("print(3)", [])])
    out = tmp_path / "o.ipynb"
    done = call("run", file, "--output", out)
    assert done.returncode == 1 and done.stdout == "1\n"
    assert "NameError" in done.stderr and "nope" in done.stderr
    notebook = nbformat.read(out, 4)
    nbformat.validate(notebook)
    error = notebook.cells[2].outputs[0]
    assert error.output_type == "error" and error.ename == "NameError" and error.traceback
    assert notebook.cells[3].outputs == []


def test_expected_errors_do_not_stop(tmp_path):
    file = old_notebook(tmp_path, [("nope", ["raises-exception"]), ("print(3)", [])])
    done = call("run", file)
    assert done.returncode == 0 and done.stdout == "3\n" and "NameError" in done.stderr


def test_run_starts_in_the_notebooks_folder(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    file = old_notebook(tmp_path, [('read_csv("t.csv").a.sum()', [])])
    assert call("run", file, cwd="/").stdout == "1\n"


def test_run_asks(tmp_path):
    file = write(tmp_path / "p.awml", 'print("hello", input("who? "))')
    done = call("run", file, input="Ada\n")
    assert done.stdout == "who? hello Ada\n"
    done = call("run", file, stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "InputError" in done.stderr


def test_run_is_interrupted(tmp_path):
    file = write(tmp_path / "p.awml", 'print("go")\nwhile True:\n    pass')
    p = subprocess.Popen([PROGRAM, "run", str(file)], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=10)
    assert p.returncode == 1 and out == "go\n" and "Interrupted" in err


@pytest.mark.parametrize("args", [["--output"], ["--output", ""], ["--output="]])
def test_output_needs_a_name(tmp_path, args):
    done = call("run", write(tmp_path / "p.awml", "print(1)"), *args)
    assert done.returncode == 64 and "--output" in done.stderr and done.stdout == ""


def test_output_with_equals_sign(tmp_path):
    file = write(tmp_path / "p.awml", "print(1)")
    assert call("run", file, "--output=o.ipynb", cwd=tmp_path).returncode == 0
    assert nbformat.read(tmp_path / "o.ipynb", 4).cells[0].outputs[0].text == "1\n"


def test_program_must_be_utf8(tmp_path):
    """Letters of another encoding are not read as something else in silence."""
    (tmp_path / "p.awml").write_bytes('x = 1\nprint("Köln")'.encode("latin-1"))
    for command in ("run", "check"):
        done = call(command, tmp_path / "p.awml")
        assert done.returncode == 1 and "not UTF-8" in done.stderr and "line 2" in done.stderr
    (tmp_path / "p.awml").write_bytes(b'\xef\xbb\xbfprint("K\xc3\xb6ln")\r\nprint(2)\r\n')
    assert call("run", tmp_path / "p.awml").stdout == "Köln\n2\n"


def test_half_a_surrogate_pair_in_a_notebook(tmp_path):
    """Python writes such notebooks; the numbers in them stay whole numbers."""
    file, out = old_notebook(tmp_path, [('print("\ud800x")', [])]), tmp_path / "o.ipynb"
    assert call("run", file, "--output", out).stdout == "\ufffdx\n"
    nbformat.validate(nbformat.read(out, 4))


def test_cell_without_source(tmp_path):
    out = tmp_path / "o.ipynb"
    file = write(tmp_path / "n.ipynb", '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, '
                                       '"cells": [{"cell_type": "code", "metadata": {}}]}')
    assert call("run", file, "--output", out).returncode == 0
    nbformat.validate(nbformat.read(out, 4))


def test_old_notebooks_say_how_to_renew_them(tmp_path):
    done = call("run", write(tmp_path / "n.ipynb", '{"nbformat": 3, "worksheets": []}'))
    assert "format 3" in done.stderr and "nbconvert" in done.stderr
    done = call("run", write(tmp_path / "n.ipynb", '{"nbformat": 5, "cells": []}'))
    assert "format 5" in done.stderr and "nbconvert" not in done.stderr


@pytest.mark.parametrize("name, content", [("a.ipynb", "{"), ("b.ipynb", "[]"), ("c.ipynb", "{}"),
                                           ("d.ipynb", '{"nbformat": 3, "worksheets": []}'),
                                           ("e.ipynb", '{"nbformat": 4, "cells": [3]}'),
                                           ("f.ipynb", '{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}'),
                                           ("g.ipynb", '{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["1", 2]}]}')])
def test_damaged_notebooks(tmp_path, name, content):
    done = call("run", write(tmp_path / name, content))
    assert done.returncode == 1 and name in done.stderr


def test_missing_file(tmp_path):
    for command in ("run", "check"):
        done = call(command, tmp_path / "none.awml")
        assert done.returncode == 1 and "none.awml" in done.stderr


def test_output_that_cannot_be_written(tmp_path):
    """Said before the program runs, not after hours of it."""
    file = write(tmp_path / "p.awml", "print(1)")
    for place in ("/proc/nowhere/o.ipynb", tmp_path / "none" / "o.ipynb", tmp_path):
        done = call("run", file, "--output", place)
        assert done.returncode == 1 and str(place) in done.stderr and done.stdout == ""


# check


def test_check(tmp_path):
    good, bad = write(tmp_path / "g.awml", PROGRAM_TEXT), write(tmp_path / "b.awml", "x = 1\ny = z")
    done = call("check", good)
    assert done.returncode == 0 and done.stdout == f"{good}: fine\n"
    done = call("check", good, bad)
    assert done.returncode == 1 and f"{bad}:2:" in done.stdout and "NameError" in done.stdout


def test_check_runs_nothing(tmp_path):
    file = write(tmp_path / "g.awml", 'print("ran")\nwrite_npy("x.npy", [1, 2])')
    done = call("check", file, cwd=tmp_path)
    assert "ran" not in done.stdout and not (tmp_path / "x.npy").exists()


def test_check_names_the_cell_of_a_notebook(tmp_path):
    file = old_notebook(tmp_path, [("a = 1\nb = 2", []), ("c = a + b\nd = nope", [])])
    done = call("check", file)
    assert done.returncode == 1 and "cell 2, line 2" in done.stdout
    assert "NameError in cell [2], line 2" in done.stdout


def test_check_shows_cells_as_they_are_written(tmp_path):
    """A cell's last value is shown, and the ones after it see its names; neither changes the lines."""
    file = old_notebook(tmp_path, [("a = zeros(2)\na.sum()", []), ("", []), ("b = 3\na + zeros(7)", [])])
    lines = call("check", file).stdout.splitlines()
    assert lines[0] == f"{file}: cell 3, line 2:" and lines[1] == "BroadcastError in cell [3], line 2"
    shown = lines.index("  2 | a + zeros(7)")
    assert lines[shown + 1].index("^") == len("  2 | ")
    assert not any("show(" in line for line in lines)


def test_check_counts_the_lines_of_the_file(tmp_path):
    program = "\n\n# cell: one\nx = 1\nx\n# cell: two\ny = 2\nshow(x, nope)\n"
    file = write(tmp_path / "p.awml", program)
    assert call("check", file).stdout.startswith(f"{file}:8:9:\nNameError in cell [2], line 3\n")


# doctor


def test_doctor(tmp_path):
    done = call("doctor", env={"JUPYTER_PATH": str(tmp_path), "LC_ALL": "C"})
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert all(line[:4] in ("OK  ", "NOTE", "BAD ") for line in lines)
    for subject in ("program", "libraries", "vectors", "threads", "OpenBLAS", "GPU", "kernelspec",
                    "locale", "data set"):
        assert any(line[6:].startswith(subject) for line in lines), subject


def test_doctor_sees_a_broken_kernelspec(tmp_path):
    folder = tmp_path / "kernels/awml-c"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text('{"argv": ["/no/such/awml-c", "-f", "{connection_file}"]}')
    done = call("doctor", env={"JUPYTER_PATH": str(tmp_path)})
    assert done.returncode == 1 and "BAD   kernelspec" in done.stdout
    assert "/no/such/awml-c" in done.stdout and "awml-c install" in done.stdout
