"""Each guard finds nothing in the repository, and finds what is planted."""
import guards
import pytest


@pytest.mark.parametrize("name", guards.GUARDS)
def test_repository(name):
    findings = guards.GUARDS[name]()
    assert not findings, "\n".join(findings)


def test_sees_files_left_behind():
    assert len(list(guards.check_top_of("cat.jpg"))) == len(list(guards.check_top_of("data/x.csv"))) == 1


def test_sees_wrong_direction():
    planted = '#include "lang/values/value.h"\n#include <zmq.h>\n#include "base/err.h"\n'
    found = list(guards.check_includes_of("runtime/nn/model.c", planted))
    assert len(found) == 2 and "must not include kernel/lang/values/value.h" in found[0]
    assert "kernel/wire only" in found[1]


def test_sees_calls():
    planted = ('void f(void) {\n  free(p); // free(q)\n  puts("exit(1)");\n  strcpy(a, b);\n'
               '  pool_free(p); o->free(o); x.exit();\n}\n')
    found = list(guards.check_calls_of("runtime/nn/model.c", planted))
    assert [f.split(":")[1] for f in found] == ["2", "3", "4"]
    assert not list(guards.check_calls_of("runtime/base/pool.c", "void f(void) { free(p); }\n"))


def test_sees_long_functions():
    body = "".join(f"    x += {i};\n" for i in range(80))
    planted = f"static int table[] = {{\n{body}}};\n\nstatic int f(int x,\n  int y)\n{{\n{body}}}\n"
    found = list(guards.functions_of(planted))
    assert found == [("f", 84, 84)]
    assert len(list(guards.check_size_of("runtime/op/x.c", planted))) == 1
    assert not list(guards.check_size_of("runtime/op/x.c", planted, {"runtime/op/x.c:f": "why"}))
    assert len(list(guards.check_size_of("runtime/op/x.h", "\n" * 601))) == 1


def test_sees_outputs_and_words():
    book = ('{"metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5,'
            ' "cells": [{"cell_type": "code", "id": "a", "outputs": [1], "execution_count": 3}]}')
    assert len(list(guards.check_notebook_of("x.ipynb", book))) == 2
    assert len(list(guards.check_words_of("x.md", f"see https://{guards.HOSTS[0]}/simple"))) == 1
    assert len(list(guards.check_head_of("x.c", "int x;\n"))) == 1
