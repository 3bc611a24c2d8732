"""A running training as a page sees it, with the bar of ipywidgets and without: its output stays in place,
keeps its height, and changes at most ten times a second; the kernel is called busy."""
import pytest
from lab import MINUTE, open_cells, run_cell, training, until_counted

# Renderings of the live output in time; outputs that went; after the first epochs its height, and
# whether the status bar calls the kernel idle.
WATCH = """() => {
    const area = document.querySelector('.jp-CodeCell .jp-OutputArea');
    const seen = window.seen = {times: [], moves: [], removed: 0, heights: [], idle: []};
    new MutationObserver(records => {
        let live = false;
        for (const r of records) {
            if (r.target.closest('.jp-RenderedHTML')) live = true;
            else for (const n of r.removedNodes)
                if (n.nodeType === 1 && n.matches('.jp-OutputArea-child')) seen.removed++;
        }
        if (live) seen.times.push(performance.now());
    }).observe(area, {childList: true, subtree: true});
    new MutationObserver(records => {
        if (records.some(r => r.target.matches('.progress-bar'))) seen.moves.push(performance.now());
    }).observe(area, {attributes: true, attributeFilter: ['style'], subtree: true});
    const bar = document.querySelector('#jp-main-statusbar');
    const look = () => {
        if (seen.times.length > 3) {
            seen.heights.push(area.offsetHeight);
            seen.idle.push(/\\bIdle\\b/.test(bar.innerText));
        }
        requestAnimationFrame(look);
    };
    look();
}"""


def no_more_than_ten(times):
    """Eleven updates span at least a second, but for what the browser was late with."""
    spans = [b - a for a, b in zip(times, times[11:])]
    assert not spans or sorted(spans)[len(spans) // 2] > 900


@pytest.mark.parametrize("bar", [True, False])
def test_a_training_does_not_flicker(page, lab, bar):
    if not bar:
        page.route("**/@jupyter-widgets/**", lambda route: route.abort())
    open_cells(page, lab, "live.ipynb", training(256, 60))
    page.evaluate(WATCH)
    run_cell(page, 0)
    until_counted(page, 0, timeout=2 * MINUTE)
    seen = page.evaluate("() => window.seen")
    times, heights = seen["times"], seen["heights"]
    # but for the words that become a bar, and the bar that becomes words
    assert seen["removed"] == 2 * bar, "outputs are changed, not taken away and put back"
    assert len(times) > 5 and bool(seen["moves"]) == bar, "the training was live"
    no_more_than_ten(times)
    no_more_than_ten(seen["moves"])
    assert seen["idle"].count(True) < len(seen["idle"]) / 10, "a kernel that trains is busy"
    drops = [b / a for a, b in zip(heights, heights[1:]) if a > 0]
    assert min(drops) > 0.8, "the output keeps its height"
