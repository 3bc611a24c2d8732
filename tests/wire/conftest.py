"""One kernel per module where a test does not need its own."""
import pytest
from rawkernel import Kernel


@pytest.fixture(scope="module")
def kernel():
    with Kernel() as k:
        yield k
