"""Two clients of one kernel: every message finds its own parent, every question its own asker."""
import threading

import pytest
from client import collect, kernel, run
from jupyter_client.blocking.client import BlockingKernelClient


@pytest.fixture
def pair():
    with kernel() as (manager, first):
        # Not manager.client(): that one shares the session, and with it the socket's identity.
        second = BlockingKernelClient()
        second.load_connection_file(manager.connection_file)
        second.start_channels()
        second.wait_for_ready(timeout=30)
        yield first, second
        second.stop_channels()


def test_names_are_shared_and_parents_are_not(pair):
    first, second = pair
    run(first, "shared = 41")
    outcome = run(second, "shared + 1")
    assert outcome.result() == "42"
    assert {m["parent_header"]["session"] for m in outcome.messages} == {second.session.session}


def test_both_see_all_of_iopub(pair):
    first, second = pair
    msg_id = first.execute('print("to everybody")')
    collect(first, msg_id)
    seen = []
    while "idle" not in seen:
        message = second.get_iopub_msg(timeout=10)
        if message["parent_header"].get("msg_id") == msg_id:
            seen.append(message["content"].get("execution_state", message["msg_type"]))
    assert "stream" in seen


def test_requests_sent_at_once_are_all_answered(pair):
    answers = {}

    def work(number, client):
        ids = [client.execute(f"{number} * 1000 + {i}") for i in range(25)]
        replies = [client.get_shell_msg(timeout=60) for _ in ids]
        answers[number] = [r["parent_header"]["msg_id"] for r in replies] == ids

    threads = [threading.Thread(target=work, args=item) for item in enumerate(pair)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {0: True, 1: True}


def test_questions_go_to_the_asker(pair):
    for client, other, answer in [(*pair, "one"), (*reversed(pair), "two")]:
        msg_id = client.execute('input("name? ")', allow_stdin=True)
        question = client.get_stdin_msg(timeout=30)
        assert question["content"]["prompt"] == "name? "
        assert not other.stdin_channel.msg_ready()
        client.input(answer)
        assert answer in collect(client, msg_id).result()
