"""The Pygments lexer, and nbconvert's page with it."""
import importlib
import re
import subprocess
import sys

import nbformat
import pytest
from client import book
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Error, Keyword, Name, Number, String
from test_lab_editor import COLOURS, PROGRAM
from lab import ROOT

KINDS = {"keyword": Keyword, "def": Name, "comment": Comment, "variable-2": Name.Class,
         "builtin": Name.Builtin, "attribute": Keyword.Pseudo, "number": Number, "string": String}


def programs():
    for file in sorted((ROOT / "tests/lang/programs").glob("*.awml")):
        yield file.name, file.read_text()
    for file in sorted((ROOT / "notebooks").glob("*/*.ipynb")):
        cells = nbformat.read(file, 4).cells
        yield file.name, "\n".join(c.source for c in cells if c.cell_type == "code")


def test_found_by_name_and_file():
    assert type(get_lexer_by_name("awml")) is type(get_lexer_for_filename("x.awml"))


def test_words_are_what_the_editor_takes_them_for():
    tokens = list(get_lexer_by_name("awml").get_tokens(PROGRAM))
    first = {}
    for kind, text in tokens:
        first.setdefault(text, kind)
    for word, name in COLOURS.items():
        if name and word != "Net":
            assert first[word] in KINDS[name], (word, first[word])
    assert first["Net"] is Name.Class
    last = [kind for kind, text in tokens if text in ("train", "search")][-2:]
    assert last == [Name, Name], "words are words in their places only"


@pytest.mark.parametrize("name, text", list(programs()), ids=lambda x: x if "." in x[-6:] else "")
def test_nothing_is_lost_or_wrong(name, text):
    tokens = list(get_lexer_by_name("awml", stripnl=False, ensurenl=False).get_tokens(text))
    assert "".join(t for _, t in tokens) == text
    assert not [t for kind, t in tokens if kind is Error], name


def test_without_a_kernel_python_serves(monkeypatch):
    import awml_jupyter.lexer as module
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *_: [])
    try:
        bare = importlib.reload(module).AwmlLexer()
        assert (Keyword, "def") in list(bare.get_tokens("def f(x): x"))
    finally:
        monkeypatch.undo()
        importlib.reload(module)


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


NAMED = {"green": "#008000", "blue": "#0000ff", "red": "#ff0000"}


def variable(page, name, depth=5):
    """A CSS variable of the page, followed to its colour."""
    value = re.search(rf"--{re.escape(name)}:\s*([^;]+);", page).group(1).strip()
    inner = re.fullmatch(r"var\(--([\w-]+)(?:,\s*(.+))?\)", value)
    if inner and depth:
        return variable(page, inner.group(1), depth - 1)
    value = NAMED.get(value, value)
    return "#" + "".join(2 * c for c in value[1:]) if len(value) == 4 else value


# The colours are the theme's, as for every language; its operators, numbers and comments have 3.4 to
# 4.4 to 1. What carries a program's meaning is readable.
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cells_of_a_page_are_coloured_and_readable(tmp_path, theme):
    nbformat.write(book(PROGRAM), tmp_path / "n.ipynb")
    notebook = nbformat.read(tmp_path / "n.ipynb", 4)
    notebook.metadata.language_info = {"name": "awml", "pygments_lexer": "awml"}
    nbformat.write(notebook, tmp_path / "n.ipynb")
    done = subprocess.run([sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", "--theme",
                           theme, tmp_path / "n.ipynb"], capture_output=True, text=True)
    assert done.returncode == 0 and "lexer" not in done.stderr, done.stderr
    page = (tmp_path / "n.html").read_text()
    assert '<span class="k">model</span>' in page and '<span class="kp">epochs</span>' in page
    ground = variable(page, "jp-cell-editor-background")
    for name in ("keyword", "string", "variable"):
        assert contrast(variable(page, f"jp-mirror-editor-{name}-color"), ground) >= 4.5, name
