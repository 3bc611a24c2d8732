"""Words of plots are readable on the white ground that files have and on a dark page: the pictures of
docs/plots.md, which show every kind of plot, drawn in a browser and measured as WCAG AA wants it."""
import re
import urllib.parse

import pytest
from lab import ROOT

PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.svg"))
SCRIPT = (ROOT / "kernelspec" / "labextension" / "pictures.js").read_text()
DARK = "#111111"  # JupyterLab Dark, --jp-layout-color0
DARKEST = 2.5  # the least that a colour of data stands out from a dark page

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


# The contrast of every colour of data (shapes inside the panel and the bar of colours) to the page.
SHAPES = """page => {
    const light = c => { const l = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92
        : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
    const found = {};
    for (const shape of document.querySelectorAll('svg path, svg g')) {
        const style = getComputedStyle(shape);
        for (const c of [style.fill, style.stroke]) {
            const own = c.match(/[\\d.]+/g);
            if (!own || [shape.getAttribute('fill'), shape.getAttribute('stroke')].includes('#fff')) continue;
            const [a, b] = [light(own.slice(0, 3).map(Number)), light(page)].sort((x, y) => y - x);
            found[c] = (a + 0.05) / (b + 0.05);
        }
    }
    return Object.entries(found);
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
    for drawing, ground in ((svg, "#ffffff"), (dark, DARK)):
        drawn.goto("data:image/svg+xml," + urllib.parse.quote(drawing))
        rgb = [int(ground[i:i + 2], 16) for i in (1, 3, 5)]
        found = drawn.evaluate(MEASURE, rgb)
        assert found or picture.stem in {"images", "boxes"}
        assert not [f for f in found if f[0] < 4.5]
        if ground == DARK:
            lost = [c for c, contrast in drawn.evaluate(SHAPES, rgb) if contrast < DARKEST]
            assert not [c for c in lost if not c.endswith("51)")]  # the grid is meant to be faint


def test_colors_of_numbers_keep_their_order_on_a_dark_page(pages):
    """What a colour map makes lighter step by step is still lighter step by step."""
    script, _ = pages
    svg = (ROOT / "docs" / "pictures" / "many_lines.svg").read_text()
    bar = re.compile(r'<path fill="(#[0-9a-f]{6})" d="M[^"]*V')
    assert len(bar.findall(svg)) == 64
    dark = bar.findall(script.evaluate("([svg, ground]) => darkDrawing(svg, ground)", [svg, DARK]))
    light = script.evaluate("all => all.map(luminance)", dark)
    assert len(dark) == 64 and light == sorted(light, reverse=True) and light[0] > 2 * light[-1]
