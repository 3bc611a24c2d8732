"""history_request (protocol Q-4, R-21)."""
import os
import pathlib
import stat
import time

import pytest
from rawkernel import Kernel


def ask(kernel, **content):
    content = {"output": False, "raw": True, **content}
    return kernel.ask("history_request", content)[0].content["history"]


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    """A second session over the same file as a first one that ended."""
    home = {"XDG_DATA_HOME": str(tmp_path_factory.mktemp("data"))}
    with Kernel(env=home) as k:
        for code in ("print old", "print common", "[odd*]?"):
            k.run(code)
        k.send("shutdown_request", {"restart": False}, channel="control")
        assert k.process.wait(5) == 0
    with Kernel(env=home) as k:
        for code in ("print common", "1+1", "print new"):
            k.run(code)
        k.run("print unstored", store_history=False)
        k.run("print silent", silent=True)
        k.home = pathlib.Path(home["XDG_DATA_HOME"])
        yield k


def test_tail(typed):
    rows = ask(typed, hist_access_type="tail", n=4)
    assert [r[1:] for r in rows] == [[3, "[odd*]?"], [1, "print common"], [2, "1+1"],
                                     [3, "print new"]]
    assert rows[0][0] < rows[1][0] == rows[2][0] == rows[3][0]


def test_tail_with_output(typed):
    rows = ask(typed, hist_access_type="tail", n=2, output=True)
    assert [r[2] for r in rows] == [["1+1", "2"], ["print new", None]]


def test_range(typed):
    def lines(session, start, stop):
        return [r[2] for r in ask(typed, hist_access_type="range", session=session, start=start,
                                  stop=stop)]
    assert lines(0, 1, 3) == ["print common", "1+1"]
    assert lines(-1, 1, 2) == ["print old"]
    session = ask(typed, hist_access_type="tail", n=1)[0][0]
    assert lines(session, 3, 4) == ["print new"]
    assert lines(session + 5, 1, 9) == []


def test_what_nobody_types_is_not_kept(tmp_path):
    """JupyterLab fetches the last lines whenever a notebook opens."""
    with Kernel(env={"XDG_DATA_HOME": str(tmp_path)}) as k:
        for code in ("print a", "print " + "b" * 300_000, "result " + "c" * 100_000, "print d"):
            assert k.run(code)[0].content["status"] == "ok"
        rows = ask(k, hist_access_type="tail", n=9, output=True)
        assert [(r[1], r[2][0][:8], r[2][1]) for r in rows] == [
            (1, "print a", None), (3, "result c", None), (4, "print d", None)]


def test_search(typed):
    def found(pattern, **more):
        return [r[2] for r in ask(typed, hist_access_type="search", pattern=pattern, **more)]
    assert found("print*") == ["print old", "print common", "print common", "print new"]
    assert found("print*", n=2) == ["print common", "print new"]
    assert found("print common", unique=True) == ["print common"]
    assert found("print ???") == ["print old", "print new"]
    assert found("[odd[*][?]") == [] and found("[odd*") == ["[odd*]?"]
    assert found("nothing") == []


def test_wrong_fields(typed):
    for content in ({"hist_access_type": "magic"}, {"hist_access_type": "tail", "n": "many"}):
        assert typed.ask("history_request", content)[0].content["status"] == "error"


def test_file_is_private(typed):
    file = typed.home / "awml" / "history.sqlite"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_lines_are_saved_soon():
    """A killed kernel has saved what was typed half a second before."""
    with Kernel() as k:
        k.run("print precious")
        time.sleep(1)
        k.process.kill()
        k.process.wait()
        with Kernel(env={"XDG_DATA_HOME": k.folder.name}) as again:
            assert ask(again, hist_access_type="tail", n=1)[0][2] == "print precious"


def test_start_touches_no_file():
    with Kernel() as k:
        k.alive()
        assert not (pathlib.Path(k.folder.name) / "awml").exists()


@pytest.mark.parametrize("home", ["/proc/nowhere", "relative", ""])
def test_unwritable_home(home):
    """History then lives in memory."""
    with Kernel(env={"XDG_DATA_HOME": home, "HOME": "/proc/nowhere"}) as k:
        k.run("print a")
        assert [r[2] for r in ask(k, hist_access_type="tail", n=3)] == ["print a"]
        assert not os.path.exists("relative")


def test_damaged_file(tmp_path):
    (tmp_path / "awml").mkdir()
    (tmp_path / "awml" / "history.sqlite").write_bytes(b"this is no database" * 100)
    with Kernel(env={"XDG_DATA_HOME": str(tmp_path)}) as k:
        k.run("print a")
        assert [r[2] for r in ask(k, hist_access_type="tail", n=3)] == ["print a"]
