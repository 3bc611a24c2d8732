"""download: a file from a server on this machine, kept when it is there, and why it cannot be fetched."""
import functools
import http.server
import os
import subprocess
import threading

import pytest
from rawkernel import ROOT

PROGRAM = os.environ.get("AWML_KERNEL", str(ROOT / "build/kernel/awml-c"))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "data.csv").write_text("a,b\n1,2\n")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def run(tmp_path, code, **environment):
    (tmp_path / "a.awml").write_text(code)
    done = subprocess.run([PROGRAM, "run", "a.awml"], cwd=tmp_path, capture_output=True, text=True,
                          timeout=120, env={**os.environ, **environment})
    return done.stdout + done.stderr


def test_a_file_is_fetched_once(tmp_path, address):
    said = run(tmp_path, f'print(read_csv(download("{address}/data.csv?raw=1")).b[0])\n'
                         f'print(download("{address}/data.csv", "inner/copy.csv"))')
    assert said == "2\ninner/copy.csv\n"
    assert (tmp_path / "inner/copy.csv").read_text() == "a,b\n1,2\n"
    (tmp_path / "data.csv").write_text("a,b\n1,7\n")
    assert run(tmp_path, f'print(read_csv(download("{address}/data.csv")).b[0])') == "7\n"


@pytest.mark.parametrize("call, words", [
    ('"{0}/nothing.csv"', "The server has no such file"),
    ('"{0}/"', "no file's name at its end"),
    ('"http://127.0.0.1:1/x.csv"', "does not answer"),
    ('"file:///etc/hostname", "x"', "begins with https:// or http://")])
def test_why_not(tmp_path, address, call, words):
    said = run(tmp_path, f"download({call.format(address)})")
    assert words in said and [p.name for p in tmp_path.iterdir()] == ["a.awml"]


def test_nothing_is_fetched_where_it_is_forbidden(tmp_path, address):
    said = run(tmp_path, f'download("{address}/data.csv")', AWML_OFFLINE="1")
    assert "Nothing is fetched here: AWML_OFFLINE is set." in said
    assert not (tmp_path / "data.csv").exists()


def test_a_machine_without_curl(tmp_path, address):
    said = run(tmp_path, f'download("{address}/data.csv")', PATH="/nowhere")
    assert "curl, which fetches files, is not on this machine" in said
