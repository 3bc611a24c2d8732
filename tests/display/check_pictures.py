"""Every sample picture is well-formed XML with alternative text, and a renderer draws something."""
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

SVG = "{http://www.w3.org/2000/svg}"


def check(path):
    root = tree.parse(path).getroot()
    assert root.tag == SVG + "svg", root.tag
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}", "viewBox"
    assert root.find(SVG + "title").text and root.find(SVG + "desc").text, "alternative text"
    png = subprocess.run(["rsvg-convert", path], capture_output=True, check=True)
    assert not png.stderr, png.stderr
    assert png.stdout.startswith(b"\x89PNG") and len(png.stdout) > 1500, "an empty picture"


def main():
    failed = passed = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True, stdout=subprocess.DEVNULL)
        for name in sorted(os.listdir(folder)):
            try:
                check(os.path.join(folder, name))
                passed += 1
            except Exception as problem:  # each picture is a case of its own
                print(f"{name}: {problem!r}", file=sys.stderr)
                failed += 1
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or passed < 20


if __name__ == "__main__":
    sys.exit(main())
