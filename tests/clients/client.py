"""Starting the kernel with jupyter_client and running cells in it: what every test here needs."""
import contextlib
import socket
import time
from queue import Empty

import nbformat
from jupyter_client.manager import start_new_kernel

KERNEL = "awml-c"


@contextlib.contextmanager
def kernel(**options):
    manager, client = start_new_kernel(kernel_name=KERNEL, **options)
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


class Outcome:
    """Reply and IOPub messages of one request, up to its idle."""

    def __init__(self, reply, messages):
        self.reply, self.messages = reply["content"], messages

    def text(self, stream="stdout"):
        return "".join(m["content"]["text"] for m in self.messages
                       if m["msg_type"] == "stream" and m["content"]["name"] == stream)

    def of(self, *kinds):
        return [m["content"] for m in self.messages if m["msg_type"] in kinds]

    def result(self, mime="text/plain"):
        return self.of("execute_result")[-1]["data"].get(mime)


def collect(client, msg_id, timeout=60):
    """Everything that IOPub says about this request, and its reply."""
    messages, end = [], time.monotonic() + timeout
    while time.monotonic() < end:
        with contextlib.suppress(Empty):
            message = client.get_iopub_msg(timeout=1)
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            messages.append(message)
            if message["msg_type"] == "status" and \
                    message["content"]["execution_state"] == "idle":
                break
    else:
        raise TimeoutError(f"no idle within {timeout} s")
    while True:
        reply = client.get_shell_msg(timeout=timeout)
        if reply["parent_header"].get("msg_id") == msg_id:
            return Outcome(reply, messages)


def run(client, code, timeout=60, **options):
    return collect(client, client.execute(code, **options), timeout)


def book(*cells, tags=None):
    """A notebook of code cells; `tags` maps a cell's position to its tags."""
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {
        "name": KERNEL, "display_name": KERNEL, "language": "awml"}})
    for position, code in enumerate(cells):
        cell = nbformat.v4.new_code_cell(code)
        cell.metadata.tags = (tags or {}).get(position, [])
        notebook.cells.append(cell)
    return notebook


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(question, seconds=60, pause=0.2):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(pause)
    raise TimeoutError(f"not within {seconds} s: {question}")
