"""Prints `passed failed skipped` of a JUnit report (pytest's or Meson's)."""
import sys
import xml.etree.ElementTree as tree


def outcome(case):
    if any(case.find(tag) is not None for tag in ("failure", "error")):
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


cases = [outcome(case) for case in tree.parse(sys.argv[1]).getroot().iter("testcase")]
if not cases:
    sys.exit(f"{sys.argv[1]} lists no test")
print(cases.count("passed"), cases.count("failed"), cases.count("skipped"))
