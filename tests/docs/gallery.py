"""The gallery docs/plots.md: every example runs as a cell, shows something, and what it draws is the
picture that stands on the page (docs/pictures). AWML_UPDATE=1 draws the pictures anew and puts them
under their examples."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "plots.md"
PICTURES = ROOT / "docs" / "pictures"
FENCE = re.compile(r"<!-- (\w+) -->\n```awml\n(.*?)```\n(?:\n!\[[^\]]*\]\(pictures/\w+\.svg\)\n)?", re.S)
MOST_BYTES = 200_000


def run(kernel, cells, folder):
    book = {"cells": [{"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [],
                       "execution_count": None, "source": code} for i, code in enumerate(cells)],
            "metadata": {"kernelspec": {"name": "awml-c", "display_name": "awml", "language": "awml"}},
            "nbformat": 4, "nbformat_minor": 5}
    source, result = Path(folder) / "in.ipynb", Path(folder) / "out.ipynb"
    source.write_text(json.dumps(book))
    subprocess.run([kernel, "run", source, "--output", result], check=True, stdout=subprocess.DEVNULL)
    return json.loads(result.read_text())["cells"]


def shown(cell):
    """The richest format of the cell's picture: SVG, else HTML; and its words."""
    for output in cell["outputs"]:
        data = {k: "".join(v) if isinstance(v, list) else v for k, v in output.get("data", {}).items()}
        for kind in ("image/svg+xml", "text/html"):
            if kind in data:
                return kind, data[kind], data["text/plain"]
    raise AssertionError("nothing is shown")


def svg_of(kind, content):
    if kind == "image/svg+xml":
        return content
    begin = content.find("<svg")
    return content[begin:content.find("</svg>\n", begin) + 7] if begin >= 0 else None


def check(name, cell, update):
    kind, content, words = shown(cell)
    svg = svg_of(kind, content)
    assert words.strip(), "no words"
    if svg is None:
        return None
    assert len(svg.encode()) <= MOST_BYTES, f"{len(svg)} bytes"
    assert "<title>" in svg and "<desc>" in svg and len(svg.split("<desc>")[1].split("<")[0]) > 20
    path = PICTURES / f"{name}.svg"
    if update:
        path.write_text(svg)
    assert path.read_text() == svg, f"docs/pictures/{name}.svg is out of date: AWML_UPDATE=1"
    return words.split("\n")[0]


def main():
    update = bool(os.environ.get("AWML_UPDATE"))
    PICTURES.mkdir(exist_ok=True)
    page = PAGE.read_text()
    examples = FENCE.findall(page)
    failed, words = 0, {}
    with tempfile.TemporaryDirectory() as folder:
        cells = run(str(Path(sys.argv[1]).resolve()), [code for _, code in examples], folder)
    for (name, _), cell in zip(examples, cells):
        try:
            words[name] = check(name, cell, update)
        except Exception as problem:  # each picture is a case of its own
            print(f"{name}: {problem}", file=sys.stderr)
            failed += 1

    def with_picture(m):
        name, code = m.group(1), m.group(2)
        picture = f"\n![{words[name]}](pictures/{name}.svg)\n" if words.get(name) else ""
        return f"<!-- {name} -->\n```awml\n{code}```\n{picture}"

    if update:
        PAGE.write_text(FENCE.sub(with_picture, page))
    print(f"{len(examples) - failed} passed, {failed} failed")
    return failed > 0 or len(examples) < 15


if __name__ == "__main__":
    sys.exit(main())
