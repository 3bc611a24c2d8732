"""What outputs look like in JupyterLab, in both themes: contrast as WCAG AA wants it, nothing that sticks
out. The pictures in docs/jupyterlab.md are those that are taken on the way: build/looks_light.jpg and
build/looks_dark.jpg."""
import pytest
from lab import MINUTE, ROOT, choose_theme, menu, open_cells, until_counted

MODEL = """model Net(hidden=32):
    input x: [20]
    h = x.Dense(hidden, relu).Dropout(0.2)
    output y = h.Dense(3, softmax)

net = Net()
net.summary()"""

TRAIN = """x = randn(400, 20)
labels = randint(0, 3, 400)
history = train net on x -> labels:
    validate: x -> labels
    epochs: 4
    metrics: accuracy"""

SEARCH = """runs = search:
    over lr: loguniform(1e-4, 1e-1)
    trials: 3
    minimize: "val_loss"
    trial:
        m = Net(8)
        train m on x -> labels:
            validate: x -> labels
            optimizer: Adam(lr)
            epochs: 2
runs"""

CELLS = [
    'table(city=["Delft", "Leiden", None], price=[1234567.891, 2.5, None], large=[True, False, True])',
    MODEL, TRAIN, SEARCH,
    'heat(table(model=["tree", "forest", "net"], accuracy=[0.81, 0.93, 0.9], loss=[0.5, 0.2, 0.3]))',
    "randn(sample=30, unit=40)",
    "table(" + ", ".join(f"a_long_column_{c}=randn(30)" for c in "abcdefghijkl") + ")",
    "forest = RandomForest(trees=5)\ntrain forest on x -> labels\nforest",
    "graph(net)",
    "animate(lambda i: line(range(9), sin(range(9) + i)), n=3)",
    "plot:\n    title: \"A plot\"\n    line(history.epoch, history.loss, label=\"loss\")",
    'very_long_name = zeros(sample=300, unit=1) + some_other_name_that_is_not_there_at_all * 3 + ones(3)',
    "zeros(3, 4) @ zeros(5, 6)",
]

# Every visible text of every output: its colour over what lies behind it.
CONTRASTS = """() => {
    const read = c => {
        const p = c.match(/[\\d.]+/g).map(Number);
        if (c.startsWith('color(srgb')) for (let i = 0; i < 3; i++) p[i] *= 255;
        return p.length > 3 ? p : [...p, 1];
    };
    const over = (top, alpha, under) => [0, 1, 2].map(i => top[i] * alpha + under[i] * (1 - alpha));
    const light = c => { const l = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92
        : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
    const found = [];
    for (const output of document.querySelectorAll('.jp-OutputArea-output')) {
        const walk = document.createTreeWalker(output, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
            const e = walk.currentNode.parentElement, text = walk.currentNode.textContent.trim();
            if (!text || e.closest('svg, style, script') || !e.getClientRects().length) continue;
            const chain = [];
            for (let a = e; a; a = a.parentElement) chain.unshift(getComputedStyle(a));
            let ground = [255, 255, 255], opacity = 1;
            for (const s of chain) {
                opacity *= Number(s.opacity);
                const b = read(s.backgroundColor);
                ground = over(b, b[3] * opacity, ground);
            }
            const ink = read(getComputedStyle(e).color), shown = over(ink, ink[3] * opacity, ground);
            const [a, b] = [light(shown), light(ground)].sort((x, y) => y - x);
            found.push([(a + 0.05) / (b + 0.05), text.slice(0, 40)]);
        }
    }
    return found;
}"""


@pytest.fixture(scope="module")
def shown(browser, lab):
    """The notebook after Run All."""
    tags = {i: ["raises-exception"] for i in (len(CELLS) - 1, len(CELLS) - 2)}
    page = browser.new_page(viewport={"width": 1150, "height": 4200}, device_scale_factor=0.6)
    page.set_default_timeout(2 * MINUTE)
    open_cells(page, lab, "looks.ipynb", *CELLS, tags=tags)
    menu(page, "Run", "Run All Cells")
    until_counted(page, len(CELLS) - 1)
    yield page
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_is_readable(shown, theme):
    choose_theme(shown, f"JupyterLab {theme.capitalize()}")
    shown.locator(".jp-Notebook").screenshot(
        path=str(ROOT / "build" / f"looks_{theme}.jpg"), type="jpeg", quality=60)
    found = shown.evaluate(CONTRASTS)
    assert len(found) > 300
    assert not sorted(set((round(c, 2), t) for c, t in found if c < 4.5))


DRAWINGS = """() => [...document.querySelectorAll(
    '.jp-RenderedSVG img, .jp-RenderedHTML img[src^="data:image/svg+xml"], svg.awml-plot > desc + rect')].map(e =>
    e.alt ? [e.alt, e.src.includes(encodeURIComponent('<style>')), e.width > 0]
          : ['graph', getComputedStyle(e).fill === 'none', true])"""


def test_plots_follow_the_theme(shown):
    """Plots and learning curves are images, with their words beside them; graphs of models are part of the page."""
    for theme in ("light", "dark", "light"):
        choose_theme(shown, f"JupyterLab {theme.capitalize()}")
        drawings = shown.evaluate(DRAWINGS)
        words = [d[0] for d in drawings]
        assert "graph" in words and len(words) > 2 and any(w.startswith("A plot: line") for w in words)
        assert {tuple(d[1:]) for d in drawings} == {(theme == "dark", True)}
        frames = shown.evaluate("""() => [...document.querySelectorAll('.awml-drawn canvas, .awml-drawn img')]
            .map(e => getComputedStyle(e).filter.startsWith('invert'))""")
        assert set(frames) == {theme == "dark"}


def test_wide_outputs_scroll_inside_the_cell(shown):
    """Nothing makes the notebook itself wider."""
    inside = shown.evaluate("""() => { const n = document.querySelector('.jp-Notebook');
        const w = document.querySelector('.jp-WindowedPanel-outer') || n;
        return [w.scrollWidth, w.clientWidth]; }""")
    assert inside[0] <= inside[1] + 1
    cut = shown.evaluate("""() => [...document.querySelectorAll('.jp-RenderedHTMLCommon table')]
        .filter(t => t.scrollWidth > t.closest('.jp-OutputArea-output').clientWidth)
        .filter(t => !/auto|scroll/.test(getComputedStyle(t.closest('.jp-OutputArea-output')).overflowX))
        .length""")
    assert cut == 0
