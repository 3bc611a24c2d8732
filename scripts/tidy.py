#!/usr/bin/env python3
"""clang-tidy over every C file of the build, in parallel, with what was clean before left out.

    scripts/tidy.py [--analyze] BUILD [FILE…]      BUILD has a compile_commands.json

A file counts as clean as long as it, every header it includes, its command and .clang-tidy are the
same; that is kept in BUILD/tidy. The static analyzer takes ten times as long as all other checks
together, so it runs only when asked for (and in its shallow mode). Standard library only. Ends with
1 when there is a finding.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHALLOW = ["-Xclang", "-analyzer-config", "-Xclang", "mode=shallow"]


def program():
    for name in ("clang-tidy", "clang-tidy-14"):
        if shutil.which(name):
            return name
    sys.exit("clang-tidy is not installed (scripts/packages.txt has it)")


def dependencies(build):
    """object file -> the headers it was made from, as ninja remembers them."""
    text = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True,
                          check=True).stdout
    found, target = {}, None
    for line in text.splitlines():
        if line.startswith("    "):
            found[target].append(line.strip())
        elif ":" in line:
            target = line.split(":")[0]
            found[target] = []
    return found


def digest(path, known={}):
    if path not in known:
        try:
            known[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            known[path] = "missing"
    return known[path]


def key(build, entry, headers, version, analyze):
    parts = [version, str(analyze), digest(ROOT / ".clang-tidy"), entry["command"]]
    files = {Path(entry["file"])} | {Path(h) for h in headers.get(entry.get("output"), [])}
    for file in sorted((build / f).resolve() for f in files):
        if not str(file).startswith("/usr/"):
            parts += [str(file), digest(file)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def look(tool, build, file, analyze):
    """The findings of one file; [] when it is clean."""
    extra = [f"--extra-arg={a}" for a in SHALLOW]
    # in tests a CHECK that fails goes on, so to the analyzer everything is possible there
    if not analyze or file.is_relative_to(ROOT / "tests"):
        extra = ["--checks=-clang-analyzer-*"]
    run = subprocess.run([tool, "-p", str(build), "--quiet", *extra, str(file)], cwd=ROOT,
                         capture_output=True, text=True)
    findings = re.findall(r"^.*(?:warning|error): .*$", run.stdout, re.M)
    if run.returncode and not findings:
        findings = [f"{file}: {(run.stderr or run.stdout).strip()[-500:]}"]
    return findings


def main():
    args = [a for a in sys.argv[1:] if a != "--analyze"]
    analyze = len(args) < len(sys.argv) - 1
    build = Path(args[0]).resolve()
    wanted = {Path(f).resolve() for f in args[1:]}
    tool = program()
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    kept = build / "tidy"
    kept.mkdir(exist_ok=True)
    headers = dependencies(build)
    todo = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = (Path(entry["directory"]) / entry["file"]).resolve()
        ours = file.suffix == ".c" and file.is_relative_to(ROOT) and "third_party" not in file.parts
        if not ours or (wanted and file not in wanted) or file in todo:
            continue
        todo[file] = kept / key(build, entry, headers, version, analyze)
    old = {file for file, mark in todo.items() if mark.exists()}
    findings = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {pool.submit(look, tool, build, file, analyze): file for file in todo if file not in old}
        for job in concurrent.futures.as_completed(jobs):
            if not job.result():
                todo[jobs[job]].touch()
            findings += job.result()
    for line in sorted(set(findings)):
        print(line.replace(str(ROOT) + "/", "").replace(str(build) + "/../", ""))
    print(f"{len(todo)} files, {len(old)} known to be clean, {len(set(findings))} findings")
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
