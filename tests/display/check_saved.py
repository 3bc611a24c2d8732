"""Every kind of picture in every kind of file: each is opened and its size compared; pages hold what a
notebook shows, with texts escaped."""
import struct
import subprocess
import sys
import tempfile
import xml.dom.minidom
import zlib
from pathlib import Path

PROGRAM = """p = plot:
    size: 6x3
    title: "a < b & 😀"
    line(range(10), range(10))
model Net():
    input x: [4]
    output y = x.Dense(3, softmax)
kinds = {plot: p, grid: grid(p, hist([1, 2, 2])), pictures: grid(rand(5, 8, 8)), graph: graph(Net()),
         map: heatmap(rand(3, 3)), tensor: rand(4, 8, 8)}
for name in ["plot", "grid", "pictures", "graph", "map", "tensor"]:
    for ending in ["svg", "png", "pdf", "html"]:
        save(kinds[name], f"{name}.{ending}")
save(p, "at_50.png", dpi=50)
save(p, "at_300.png", dpi=300)
save(heat(table(word=["<b>bold</b>", "b"], x=[1, 2])), "heat.html")
save(table(word=["<script>", "b"], x=[1, nan]), "table.html")
a = animate([p, p], seconds=0.5)
save(a, "a.html")
save(a, "a.apng", dpi=50)
save(a, "a.png", dpi=50)
"""
KINDS = ["plot", "grid", "pictures", "graph", "map", "tensor"]


def png_size(path):
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND"
    return struct.unpack(">II", data[16:24])


def svg_size(path):
    root = xml.dom.minidom.parse(str(path)).documentElement
    assert root.tagName == "svg" and root.getElementsByTagName("title")
    assert root.getElementsByTagName("desc")[0].firstChild.data.strip()
    return float(root.getAttribute("width")), float(root.getAttribute("height"))


def check_kind(folder, name):
    width, height = svg_size(folder / f"{name}.svg")
    w, h = png_size(folder / f"{name}.png")
    if name != "tensor":
        assert abs(w - 2 * width) <= 1 and abs(h - 2 * height) <= 1, "200 pixels an inch"
    pdf = (folder / f"{name}.pdf").read_bytes()
    assert pdf[:5] == b"%PDF-" and pdf.rstrip().endswith(b"%%EOF")
    page = (folder / f"{name}.html").read_text()
    assert page.startswith("<!DOCTYPE html>") and ("<svg" in page) == (name != "tensor")


def check_rest(folder):
    assert png_size(folder / "at_50.png") == (300, 150)
    at = (density := (folder / "at_50.png").read_bytes()).index(b"pHYs")
    assert struct.unpack(">IIB", density[at + 4:at + 13]) == (1969, 1969, 1), "50 pixels an inch, in metres"
    assert struct.unpack(">I", density[at + 13:at + 17])[0] == zlib.crc32(density[at:at + 13])
    assert png_size(folder / "at_300.png") == (1800, 900)
    heat, table = ((folder / f"{n}.html").read_text() for n in ("heat", "table"))
    assert "<b>" not in heat and "&lt;b&gt;bold" in heat and "background:#" in heat
    assert "<script>" not in table and "&lt;script&gt;" in table
    assert "<script>" in (folder / "a.html").read_text()
    assert (folder / "a.apng").read_bytes() == (folder / "a.png").read_bytes()


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "a.awml").write_text(PROGRAM)
        subprocess.run([Path(sys.argv[1]).resolve(), "run", "a.awml"], cwd=folder, check=True)
        for name in KINDS:
            check_kind(folder, name)
        check_rest(folder)
    print(f"{len(KINDS) + 1} passed, 0 failed")


if __name__ == "__main__":
    main()
