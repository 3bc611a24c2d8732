"""The player of animations in a page of its own, as `save(animation, "a.html")` and nbconvert make it:
played, stopped and stepped through by keyboard, still for readers who want less motion, and a moving
picture where no script runs."""
import subprocess

import pytest
from lab import ROOT

PROGRAM = """a = animate(lambda i: line(range(5), i * range(5), title=f"step {i}"), n=4, seconds=0.1)
save(a, "a.html")
"""
STATE = """() => ({label: document.querySelector('output').textContent, frame: document.querySelector('input').value,
    focus: document.activeElement.getAttribute('aria-label'),
    words: document.querySelector('[role=img]')?.getAttribute('aria-label'),
    ink: (c => { const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;
        for (let i = 0; i < p.length; i += 4) n += p[i] < 128; return n; })(document.querySelector('canvas'))})"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("player")
    (folder / "a.awml").write_text(PROGRAM)
    subprocess.run([ROOT / "build" / "kernel" / "awml-c", "run", "a.awml"], cwd=folder, check=True)
    return f"file://{folder}/a.html"


def opened(browser, address, **settings):
    page = browser.new_page(viewport={"width": 800, "height": 600}, **settings)
    page.goto(address)
    return page


def test_it_plays_and_is_stopped_by_keyboard(browser, address):
    page = opened(browser, address)
    page.wait_for_selector("canvas")
    page.wait_for_function("() => document.querySelector('output').textContent === '3 / 4'")
    page.wait_for_function("() => document.querySelector('output').textContent === '1 / 4'")  # round again
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate(STATE)["focus"] == "stop"
    page.keyboard.press("Space")
    stopped = page.evaluate(STATE)
    page.wait_for_timeout(400)
    assert page.evaluate(STATE)["label"] == stopped["label"] and stopped["focus"] == "play"
    page.close()


def test_arrow_keys_step(browser, address):
    page = opened(browser, address, reduced_motion="reduce")
    page.wait_for_selector("canvas")
    page.wait_for_timeout(300)
    first = page.evaluate(STATE)
    assert first["label"] == "1 / 4" and first["words"].startswith("animation of 4 frames")
    page.locator("input").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    third = page.evaluate(STATE)
    assert third["label"] == "3 / 4" and third["ink"] != first["ink"]
    page.keyboard.press("Home")
    assert page.evaluate(STATE)["ink"] == first["ink"]
    page.keyboard.press("Tab")
    page.close()


def test_without_scripts_the_picture_moves(browser, address):
    page = opened(browser, address, java_script_enabled=False)
    picture = page.locator("img")
    assert picture.get_attribute("alt").startswith("animation of 4 frames")
    assert picture.bounding_box()["width"] > 300 and not page.locator("button").first.is_visible()
    shots = {page.locator("img").screenshot() for _ in range(8) if page.wait_for_timeout(60) is None}
    assert len(shots) > 1
    page.close()
