"""Prints the toolkit's version, "13.0", as the given nvcc says it."""
import re
import subprocess
import sys

text = subprocess.run([sys.argv[1], "--version"], capture_output=True, check=True).stdout.decode()
print(re.search(r"release (\d+\.\d+)", text).group(1))
