"""Words of plots are readable on the white ground that files have and on a dark page: the pictures of
docs/plots.md, which show every kind of plot, drawn in a browser and measured as WCAG AA wants it."""
import urllib.parse

import pytest
from lab import ROOT

PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.svg"))
SCRIPT = (ROOT / "kernelspec" / "labextension" / "pictures.js").read_text()
DARK = "#111111"  # JupyterLab Dark, --jp-layout-color0
KEEP_WHITE = {"many_lines", "scatter"}  # their colours say numbers, and the darkest would be lost

# Each text's contrast to what lies behind its middle: opaque shapes, else the page. Text on pixels (the
# cells of a heat map) is black or white, whatever is read better: left out here.
MEASURE = """page => {
    const read = c => c === 'none' ? [0, 0, 0, 0] : (n => n.length > 3 ? n : [...n, 1])(
        c.match(/[\\d.]+/g).map(Number));
    const light = c => { const l = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92
        : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
    const found = [];
    for (const text of document.querySelectorAll('svg text')) {
        const box = text.getBoundingClientRect();
        const under = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2)
            .filter(e => !e.closest('text') && e.closest('svg'));
        if (under.some(e => e.tagName === 'image')) continue;
        let ground = page;
        for (const e of under.reverse()) {
            const s = getComputedStyle(e), c = read(s.fill), a = c[3] * s.fillOpacity * s.opacity;
            if (/^(rect|path|circle)$/.test(e.tagName))
                ground = [0, 1, 2].map(i => c[i] * a + ground[i] * (1 - a));
        }
        const [a, b] = [light(read(getComputedStyle(text).fill).slice(0, 3)), light(ground)]
            .sort((x, y) => y - x);
        found.push([Math.round(100 * (a + 0.05) / (b + 0.05)) / 100, text.textContent]);
    }
    return found;
}"""


@pytest.fixture(scope="module")
def pages(browser):
    """One where the extension's script is, one to draw in: alone, as an <img> does it, the SVG is the root."""
    script, drawn = browser.new_page(), browser.new_page(viewport={"width": 1200, "height": 1200})
    script.add_script_tag(content=SCRIPT)
    yield script, drawn
    script.close()
    drawn.close()


@pytest.mark.parametrize("picture", PICTURES, ids=lambda p: p.stem)
def test_words_of_a_plot_are_readable(pages, picture):
    script, drawn = pages
    svg = picture.read_text()
    assert "<title>" in svg and len(svg.split("<desc>")[1].split("</desc>")[0]) > 10
    dark = script.evaluate("([svg, ground]) => darkDrawing(svg, ground)", [svg, DARK])
    assert (dark is None) == (picture.stem in KEEP_WHITE)
    for drawing, ground in ((svg, "#ffffff"), (dark, DARK)):
        if drawing is None:
            continue
        drawn.goto("data:image/svg+xml," + urllib.parse.quote(drawing))
        found = drawn.evaluate(MEASURE, [int(ground[i:i + 2], 16) for i in (1, 3, 5)])
        assert found or picture.stem in {"images", "boxes"}
        assert not [f for f in found if f[0] < 4.5]
