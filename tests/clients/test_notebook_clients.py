"""Clients that run whole notebooks: nbclient, nbconvert, papermill, nbval, jupyter run."""
import base64
import json
import re
import subprocess
import sys

import nbformat
import pytest
from client import KERNEL, book
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

CELLS = ['name = "awml"\nprint(f"hello from {name}")', "x = linspace(0, 1, 5)\nx.sum()",
         "line([1, 2, 3], [1, 4, 9], title=\"squares\")", "table(a=[1, 2], b=[3, 4])"]


def command(*words, **options):
    return subprocess.run([sys.executable, "-m", *map(str, words)], capture_output=True, text=True,
                          timeout=300, **options)


@pytest.fixture
def path(tmp_path):
    nbformat.write(book(*CELLS), tmp_path / "book.ipynb")
    return tmp_path / "book.ipynb"


def kinds(notebook, mime):
    return [o for c in notebook.cells for o in c.get("outputs", []) if mime in o.get("data", {})]


def test_nbclient():
    done = NotebookClient(book(*CELLS), kernel_name=KERNEL, timeout=60).execute()
    assert done.cells[0].outputs[0].text == "hello from awml\n"
    assert done.cells[1].outputs[0].data["text/plain"] == "2.5"
    assert kinds(done, "image/svg+xml") and kinds(done, "text/html")
    assert [c.execution_count for c in done.cells] == [1, 2, 3, 4]
    assert done.metadata.language_info.name == "awml"
    assert done.metadata.language_info.file_extension == ".awml"


def test_nbclient_stops_at_an_error():
    notebook = book("a = 1", "b = a + missing", "c = 3")
    with pytest.raises(CellExecutionError) as caught:
        NotebookClient(notebook, kernel_name=KERNEL, timeout=60).execute()
    assert "missing" in str(caught.value)
    assert notebook.cells[1].outputs[0].output_type == "error"
    assert not notebook.cells[2].outputs


def test_nbclient_goes_on_where_errors_are_allowed():
    notebook = book("missing", "1 + 1")
    notebook.cells[0].metadata.tags = ["raises-exception"]
    NotebookClient(notebook, kernel_name=KERNEL, timeout=60).execute()
    assert notebook.cells[1].outputs[0].data["text/plain"] == "2"


def test_jupyter_execute(path):
    done = command("jupyter", "execute", path, "--inplace")
    assert done.returncode == 0, done.stderr
    assert kinds(nbformat.read(path, 4), "image/svg+xml")


def test_nbconvert_html(path):
    done = command("nbconvert", "--to", "html", "--execute", path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    page = path.with_suffix(".html").read_text()
    assert "hello from awml" in page
    drawn = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert len(drawn) == 1 and b"squares" in base64.b64decode(drawn[0])


def test_nbconvert_notebook_and_script(path):
    assert command("nbconvert", "--to", "notebook", "--execute", path, "--output",
                   "done.ipynb").returncode == 0
    done = nbformat.read(path.with_name("done.ipynb"), 4)
    nbformat.validate(done)
    assert done.metadata.language_info.name == "awml"
    converted = command("nbconvert", "--to", "script", path.with_name("done.ipynb"))
    assert converted.returncode == 0, converted.stderr
    script = path.with_name("done.awml")
    assert script.is_file(), list(path.parent.iterdir())
    assert 'name = "awml"' in script.read_text()


def test_jupyter_run(tmp_path):
    program = tmp_path / "program.awml"
    program.write_text('print("ran", 6 * 7)\n')
    done = command("jupyter", "run", "--kernel", KERNEL, program)
    assert done.returncode == 0 and "ran 42" in done.stdout, done.stderr
    program.write_text("print(missing)\n")
    assert command("jupyter", "run", "--kernel", KERNEL, program).returncode != 0


def test_papermill_parameters(tmp_path):
    source = book("epochs = 1\nnames = []\nsettings = {rate: 0.0}\nhalf = 0.0", "print(epochs, names, settings.rate, half)",
                  tags={0: ["parameters"]})
    nbformat.write(source, tmp_path / "in.ipynb")
    (tmp_path / "p.yaml").write_text('names: ["a", "b"]\nsettings: {rate: 0.5, keep: true}\n')
    done = command("papermill", tmp_path / "in.ipynb", tmp_path / "out.ipynb", "-k", KERNEL,
                   "-p", "epochs", "3", "-p", "half", "0.5", "-f", tmp_path / "p.yaml")
    assert done.returncode == 0, done.stderr
    out = nbformat.read(tmp_path / "out.ipynb", 4)
    injected = [c for c in out.cells if "injected-parameters" in c.metadata.get("tags", [])]
    assert len(injected) == 1 and "epochs = 3" in injected[0].source
    printed = "".join(o.text for o in out.cells[-1].outputs if o.output_type == "stream")
    assert re.search(r"3 .*a.*b.* 0\.5 0\.5", printed), printed


def test_papermill_without_parameters_and_with_an_error(tmp_path):
    nbformat.write(book("print(1 + 1)"), tmp_path / "in.ipynb")
    assert command("papermill", tmp_path / "in.ipynb", tmp_path / "out.ipynb").returncode == 0
    nbformat.write(book("missing + 1"), tmp_path / "bad.ipynb")
    done = command("papermill", tmp_path / "bad.ipynb", tmp_path / "bad-out.ipynb")
    assert done.returncode != 0 and "missing" in done.stderr


def test_papermill_writes_every_kind_of_value():
    from papermill.translators import papermill_translators
    import papermill.engines  # noqa: F401  loads the entry points
    translate = papermill_translators.find_translator("awml-c", "awml").translate
    values = [None, True, 3, -2.5, float("inf"), float("nan"), 'say "hi"\n', [1, "x"], {"a": [True]}]
    assert [translate(v) for v in values] == [
        "None", "True", "3", "-2.5", "inf", "nan", '"say \\"hi\\"\\n"', '[1, "x"]', '{"a": [True]}']


def test_nbval_sees_the_same_outputs_again(path):
    """Outputs of one run equal those of the next, byte for byte; a changed one is noticed."""
    NotebookClient(notebook := nbformat.read(path, 4), kernel_name=KERNEL, timeout=60).execute()
    nbformat.write(notebook, path)
    words = ["pytest", "-p", "no:cacheprovider", "--nbval", "--nbval-kernel-name", KERNEL, path]
    done = command(*words)
    assert done.returncode == 0 and "4 passed" in done.stdout, done.stdout + done.stderr
    changed = json.loads(path.read_text())
    changed["cells"][1]["outputs"][0]["data"]["text/plain"] = "3.5"
    path.write_text(json.dumps(changed))
    assert "1 failed, 3 passed" in command(*words).stdout
