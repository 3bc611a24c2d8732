"""From a notebook to paper: nbconvert's template `awml`, PDF by the browser, figures for LaTeX."""
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from client import book
from lab import CHROMIUM, ROOT

CELLS = [
    """x = linspace(0, 1, 50)
plot:
    title: "A plot with a title"
    line(x, x * x, label="a rather long label that has to be read as well")""",
    "grid(line(x, x), line(x, -x), scatter(x, x))",
    "table(" + ", ".join(f"column_{c}=randn(30)" for c in "abcdefghij") + ")",
    "y = " + " + ".join(["zeros(3)"] * 40),
    "zeros(sample=3, unit=4) @ zeros(sample=5, unit=6)",
    """model Inner:
    input x: [4]
    output y = x + x.Dense(4, relu).Dense(4)
model Net:
    input x: [4]
    first = Inner()
    output y = first(x).Dense(2).Dense(1)
graph(Net())""",
]
PAPER = 720  # CSS pixels between the margins of Letter and A4


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    nbformat.write(book(*CELLS, tags={4: ["raises-exception"]}), folder / "in.ipynb")
    program = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))
    subprocess.run([program, "run", folder / "in.ipynb", "--output", folder / "n.ipynb"],
                   check=True, capture_output=True)
    return folder / "n.ipynb"


def convert(notebook, *options, env=None):
    done = subprocess.run([sys.executable, "-m", "jupyter", "nbconvert", *options, notebook],
                          capture_output=True, text=True, env={**os.environ, **(env or {})})
    assert done.returncode == 0, done.stderr


def test_nothing_is_cut_off_on_paper(executed, browser):
    convert(executed, "--template", "awml", "--to", "html")
    page = browser.new_page(viewport={"width": PAPER, "height": 900})
    page.goto(executed.with_suffix(".html").as_uri())
    page.emulate_media(media="print")
    right = page.evaluate("""() => [...document.querySelectorAll('img, table, pre, p')].map(
        e => [e.tagName, e.getBoundingClientRect().right])""")
    page.close()
    assert len([tag for tag, _ in right if tag == "IMG"]) == 2
    assert not [(tag, x) for tag, x in right if x > PAPER + 1]


def test_a_page_in_the_dark_theme(executed, browser, tmp_path):
    """Plots lie on the page's ground, and say what they show."""
    convert(executed, "--template", "awml", "--to", "html", "--theme", "dark", "--output-dir", tmp_path)
    page = browser.new_page()
    page.goto((tmp_path / "n.html").as_uri())
    plots = page.evaluate("""() => [...document.querySelectorAll('.jp-RenderedSVG img')].map(
        e => [e.alt, decodeURIComponent(e.src).includes(':root>rect:first-of-type{fill:none}'),
              e.naturalWidth > 0])""")
    grounds = page.evaluate("""() => [...document.querySelectorAll('svg > desc + rect')].map(
        e => getComputedStyle(e).fill)""")
    page.close()
    assert len(plots) == 2 and plots[0][0].startswith("A plot with a title: line")
    assert all(dark and drawn for _, dark, drawn in plots) and plots[1][0]
    assert len(grounds) == 2 and set(grounds) == {"none"}


def test_a_model_inside_unfolds_by_keyboard(executed, browser):
    convert(executed, "--template", "awml", "--to", "html")
    page = browser.new_page()
    page.goto(executed.with_suffix(".html").as_uri())
    inside = page.locator("details:has(summary:text('first')) svg")
    assert not inside.is_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    assert inside.is_visible() and "add" in inside.text_content()
    page.keyboard.press("Space")
    assert not inside.is_visible()
    page.close()


def chromium_for_playwright(folder):
    """nbconvert starts the browser that playwright would have fetched: let that be ours."""
    script = ("from playwright.sync_api import sync_playwright\n"
              "with sync_playwright() as p: p.chromium.launch()")
    env = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(folder)}
    said = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True)
    wanted = re.search(r"Executable doesn't exist at (\S+)", said.stderr).group(1)
    os.makedirs(os.path.dirname(wanted))
    os.symlink(CHROMIUM, wanted)
    return {"PLAYWRIGHT_BROWSERS_PATH": str(folder)}


def test_pdf_by_the_browser(executed, tmp_path):
    convert(executed, "--template", "awml", "--to", "webpdf", "--disable-chromium-sandbox",
            env=chromium_for_playwright(tmp_path))
    pdf = executed.with_suffix(".pdf").read_bytes()
    if shutil.which("pdftoppm"):  # a picture of its first page, for docs/pictures
        subprocess.run(["pdftoppm", "-r", "60", "-f", "1", "-l", "1", "-png", "-singlefile",
                        executed.with_suffix(".pdf"), str(ROOT / "build" / "pdf")], check=True)
    assert pdf.startswith(b"%PDF") and 1 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 4


def test_figures_for_latex(executed):
    """SVG becomes PDF by librsvg, where nbconvert would ask for Inkscape."""
    convert(executed, "--to", "latex", "--SVG2PDFPreprocessor.command="
            "rsvg-convert -f pdf -o {to_filename} {from_filename}")
    text = executed.with_suffix(".tex").read_text()
    figures = sorted(executed.parent.glob("n_files/*.pdf"))
    assert len(figures) == 2 and all(f.read_bytes().startswith(b"%PDF") for f in figures)
    assert all(f.stem in text for f in figures)
    assert "column\\_a" in text or "column_a" in text
