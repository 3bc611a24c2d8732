"""The JupyterLab extension: colours, indentation, folding, comments, and what the checker finds."""
import nbformat
import pytest
from client import book
from lab import ROOT, cell, choose_theme, open_notebook

PROGRAM = '''model Net(hidden=8):   # a comment
    input x: [3]
    output y = x.Dense(hidden, relu)

history = train net on xs -> ys:
    epochs: 20
    callbacks: [EarlyStopping(patience=3 epochs)]
    each epoch:
        print(f"loss {history.loss[-1]:.3f}", 20%, 3x3)
train = search = "train"'''

# Words of PROGRAM and the variable of JupyterLab's theme that colours them.
COLOURS = {"model": "keyword", "Net": "def", "# a comment": "comment", "input": "keyword",
           "output": "keyword", "Dense": "variable-2", "relu": "builtin", "train": "keyword",
           "on": "keyword", "epochs": "attribute", "20": "number", "3 epochs": None,
           "EarlyStopping": "builtin", "each": "keyword", "epoch": "keyword", "20%": "number",
           "3x3": "number", "callbacks": "attribute", "print": "builtin", '"train"': "string"}

# What is typed, with Enter at line ends, and what stands in the cell then.
TYPED = {
    "model": ("model Net:\ninput x: [3]\noutput y = x", "model Net:\n    input x: [3]\n    output y = x"),
    "train": ("h = train a on b -> c:\nstep q:\nz = 1\nminimize z over a",
              "h = train a on b -> c:\n    step q:\n        z = 1\n        minimize z over a"),
    "each": ("train a on b:\neach epoch:\nprint(1)",
             "train a on b:\n    each epoch:\n        print(1)"),
    "search": ("r = search:\nover a: b\ntrial:\nm = 1",
               "r = search:\n    over a: b\n    trial:\n        m = 1"),
    "plot": ("plot:\nfor i in xs:\nline(i)", "plot:\n    for i in xs:\n        line(i)"),
    "else": ("def f(x):\nif x > 1:\nreturn 2\nelse:\nreturn 3\ny = 1",
             "def f(x):\n    if x > 1:\n        return 2\n    else:\n        return 3\n    y = 1"),
    "chain": ("y = image\n.Flatten()\n.Dense(3)\nz = 1",
              "y = image\n    .Flatten()\n    .Dense(3)\nz = 1"),
}


@pytest.fixture(scope="module")
def writer(browser, lab):
    """One page for all tests here: a cell, one to write in, and PROGRAM."""
    nbformat.write(book("width = 3", "", PROGRAM), lab[1] / "editor.ipynb")
    (lab[1] / "program.awml").write_text(PROGRAM)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60_000)
    open_notebook(page, lab, "editor.ipynb")
    page.wait_for_function("() => [...document.querySelectorAll('.cm-line span')]"
                           ".some(s => s.textContent === 'model')")
    yield page
    page.close()


def spans(root):
    """Coloured words and their colours."""
    return dict(root.evaluate("root => [...root.querySelectorAll('.cm-line span')]"
                              ".reverse().map(s => [s.textContent, getComputedStyle(s).color])"))


def colour(page, name):
    return page.evaluate("""name => {
        const probe = document.createElement('span');
        probe.style.color = `var(--jp-mirror-editor-${name}-color)`;
        document.body.append(probe);
        const found = getComputedStyle(probe).color;
        probe.remove();
        return found; }""", name)


def check_colours(page, root):
    shown = spans(root)
    for word, name in COLOURS.items():
        if name:
            assert shown.get(word) == colour(page, name), (word, name, shown.get(word))
    last = root.locator(".cm-line").last.locator("span").all_inner_texts()
    assert "train" not in last and "search" not in last, "words are words in their places only"


def write(page, text):
    editor = cell(page, 1).locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)
    return editor


def test_words_are_coloured(writer):
    check_colours(writer, cell(writer, 2))


@pytest.mark.parametrize("name", TYPED)
def test_enter_indents(writer, name):
    typed, wanted = TYPED[name]
    assert write(writer, typed).inner_text() == wanted


def test_comments_and_brackets(writer):
    editor = write(writer, "x = 1\ny = 2")
    writer.keyboard.press("Control+a")
    writer.keyboard.press("Control+/")
    assert editor.inner_text() == "# x = 1\n# y = 2"
    writer.keyboard.press("Control+/")
    assert editor.inner_text() == "x = 1\ny = 2"


def test_blocks_fold(writer):
    marks = cell(writer, 2).locator(".cm-foldGutter .cm-gutterElement span[title='Fold line']")
    assert marks.count() == 3  # model, train, each
    marks.nth(1).click()
    assert "epochs" not in cell(writer, 2).locator(".cm-content").inner_text()
    cell(writer, 2).locator(".cm-foldPlaceholder").click()
    assert "epochs" in cell(writer, 2).locator(".cm-content").inner_text()


def test_a_wrong_name_is_marked_while_typing(writer):
    """`width` is made by a cell that has not run; `widht` by none."""
    marks = cell(writer, 1).locator(".awml-finding")
    write(writer, "height = widht * 2")
    marks.first.wait_for()
    assert marks.all_inner_texts() == ["widht"]
    marks.first.hover()
    bubble = writer.locator(".awml-finding-message")
    bubble.wait_for()
    assert "NameError" in bubble.inner_text() and "width" in bubble.inner_text()
    write(writer, "height = width * 2")
    marks.first.wait_for(state="detached")
    # the next question has been answered: nothing came back
    write(writer, "height = width * 2\nzeros(2, 3) @ zeros(4)")
    marks.first.wait_for()
    assert "height" not in "".join(marks.all_inner_texts())
    assert writer.locator(".jp-OutputArea-output").count() == 0, "nothing has run"


def take_pictures_of_the_editor(writer, mark):
    for theme in ("Dark", "Light"):
        choose_theme(writer, f"JupyterLab {theme}")
        mark.hover()
        writer.wait_for_selector(".awml-finding-message")
        writer.screenshot(path=str(ROOT / "build" / f"editor_{theme.lower()}.png"),
                          clip={"x": 280, "y": 60, "width": 1000, "height": 440})


def test_every_mistake_of_a_cell_is_marked(writer):
    """Those that do not follow from each other; each has its own message, and goes by itself."""
    marks = cell(writer, 1).locator(".awml-finding")
    lines = ["height = widht * 2", "area = height * width", "m = zeros(2, 3) @ zeros(4)",
             "n = m.sum()", "for i in range(3):"]
    write(writer, "\n".join(lines) + "\nprint(i +* 2)")
    marks.nth(2).wait_for()
    assert [t.strip() for t in marks.all_inner_texts()] == ["widht", "zeros(2, 3) @ zeros(4)", "*"]
    bubble = writer.locator(".awml-finding-message")
    for i, word in enumerate(["NameError", "SyntaxError", "ShapeError"]):
        writer.mouse.move(10, 10)
        bubble.wait_for(state="detached")
        marks.nth([0, 2, 1][i]).hover()
        writer.wait_for_selector(f".awml-finding-message:has-text('{word}')")
    take_pictures_of_the_editor(writer, marks.first)
    write(writer, "height = width * 2\n" + lines[2])
    writer.wait_for_function("() => document.querySelectorAll('.jp-CodeCell')[1]"
                             ".querySelectorAll('.awml-finding').length === 1")


def test_programs_in_the_file_editor(writer, lab):
    writer.goto(f"{lab[0]}/lab/workspaces/file/tree/program.awml")
    writer.wait_for_selector(".jp-FileEditor .cm-line span")
    check_colours(writer, writer.locator(".jp-FileEditor"))
