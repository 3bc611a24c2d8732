"""jupyter_kernel_test, with every attribute given, so that none of its tests is skipped."""
import jupyter_kernel_test as suite

suite.SkipTest = AssertionError  # what the suite would skip is a failure here


class TestKernel(suite.KernelTests):
    kernel_name = "awml-c"
    language_name = "awml"
    file_extension = ".awml"

    code_hello_world = 'print("hello, world")'
    code_stderr = "!echo oops >&2"
    code_page_something = "Dense?"
    code_clear_output = "clear()"
    code_generate_error = "1 / nothing_of_this_name"
    code_inspect_sample = "Dense"

    completion_samples = [
        {"text": "normal_c", "matches": {"normal_cdf"}},
        {"text": "x = ReduceLR", "matches": {"ReduceLROnPlateau"}},
        {"text": "no_such_thing_", "matches": set()},
    ]
    complete_code_samples = ["1", 'print("hello, world")', "def f(x):\n    return x * 2\n\n",
                             "x = [1,\n     2]"]
    incomplete_code_samples = ['print("hello",', "def f(x):", "[1,", "for i in range(3):",
                               'text = """two\nlines', "model Net:\n    input x: [3]"]
    invalid_code_samples = ["import = 7q", "1 +* 2", ")", "x = = 3", 'print("hello']

    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "7 / 2", "result": "3.5"},
        {"code": "1 < 2", "result": "True"},
    ]
    code_display_data = [
        {"code": "show(line([1, 2, 3], [1, 4, 9]))", "mime": "image/svg+xml"},
        {"code": "show(table(a=[1, 2]))", "mime": "text/html"},
    ]
    code_history_pattern = "6*7"
    supported_history_operations = ("tail", "range", "search")


class TestWelcome(suite.IopubWelcomeTests):
    kernel_name = "awml-c"
    support_iopub_welcome = True


def test_nothing_is_left_out():
    """An attribute of the suite that we do not set would skip its test silently."""
    unset = [name for name, value in vars(suite.KernelTests).items()
             if not name.startswith(("_", "test", "setUp", "tearDown")) and not callable(value)
             and isinstance(value, (str, list, tuple)) and not getattr(TestKernel, name)]
    assert not unset
