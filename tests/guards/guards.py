"""The guards: what must stay true of the sources, read off their text.

Run alone (`python3 tests/guards/guards.py`) it prints every finding and fails if there is one;
test_guards.py makes a test of each guard. Standard library only.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FUNCTION_LINES = 60
FILE_LINES = 600

# Longer on purpose. Path or path:function -> the reason.
LONG = {}

# Layer -> layers whose headers it may include. A file's layer is the longest matching folder.
LAYERS = {
    "runtime/base": "base",
    "runtime": "core",
    "runtime/op": "core",
    "runtime/plan.h": "plan",
    "runtime/backend.h": "plan",
    "runtime/device.h": "plan",
    "runtime/device": "device",
    "runtime/cuda": "cuda",
    "runtime/cpu": "cpu",
    "runtime/data": "data",
    "runtime/formats": "formats",
    "runtime/nn": "nn",
    "runtime/classic": "classic",
    # Doors into runtime/cpu for models that are no plans: threads, and LAPACK inside OpenBLAS.
    "runtime/cpu/threads.h": "service",
    "runtime/cpu/lapack.h": "service",
    "runtime/cpu/sort.h": "service",
    # Read by nn/config like every list of things made by a call.
    "runtime/classic/estimators.list": "nn",
    "kernel/lang/syntax": "syntax",
    "kernel/lang/values": "values",
    "kernel/lang/eval": "eval",
    "kernel/lang/builtins": "eval",
    "kernel/lang": "lang",
    # What the evaluator tells the outside; the engine above it passes it on.
    "kernel/lang/observer.h": "values",
    "kernel/lang/interact.h": "values",
    "kernel/display": "display",
    "kernel/wire": "wire",
    "kernel/session": "session",
    "kernel/cli": "main",
    "kernel": "main",
}
MAY_INCLUDE = {
    "base": "base",
    "core": "base core",
    "plan": "base core plan",
    "cpu": "base core plan cpu device service",
    "device": "base core plan device",
    "cuda": "base core plan cuda",
    "data": "base core data service",
    "formats": "base core data nn formats",
    "nn": "base core plan data nn",
    "service": "base",
    "classic": "base core service data nn classic",
    "syntax": "base core syntax",
    "values": "base core data nn classic syntax values",
    "eval": "base core plan data formats nn classic syntax values eval",
    "lang": "base core plan data formats nn classic syntax values eval lang",
    "display": "base core data nn classic syntax values eval lang display",
    "session": "base core plan data nn classic syntax values lang display session",
    "wire": "base session wire",
    "main": "base core plan data formats nn classic syntax values lang display wire session main",
}

# System header -> folders that may include it.
ONLY_IN = {
    "cblas.h": ["runtime/cpu"],
    "openblas_config.h": ["runtime/cpu"],
    "immintrin.h": ["runtime/cpu"],
    "zmq.h": ["kernel/wire"],
    "sodium.h": ["kernel/wire"],
    "jansson.h": ["kernel/wire", "kernel/session", "kernel/cli", "runtime/formats",
                  "kernel/lang/builtins"],  # JSON files
    "expat.h": ["runtime/data"],
    "hdf5.h": ["runtime/data"],
    "carquet.h": ["runtime/formats"],
    "carquet/carquet.h": ["runtime/formats"],
    "onnx.pb-c.h": ["runtime/formats"],
    "protobuf-c/protobuf-c.h": ["runtime/formats"],
    "sqlite3.h": ["kernel/session"],
    "zlib.h": ["runtime/data", "kernel/display"],
    "png.h": ["runtime/data", "kernel/display"],
    "cairo-pdf.h": ["kernel/display"],
    "gif_lib.h": ["kernel/display"],
    "fontconfig/fontconfig.h": ["kernel/display"],
    "librsvg/rsvg.h": ["kernel/display"],
    "turbojpeg.h": ["runtime/data"],
    "utf8proc.h": ["runtime/base", "kernel/lang", "kernel/session", "kernel/display"],
}

# What is called -> where it may be called, and why only there.
CALLS = [
    (r"malloc|calloc|realloc|free|strdup|strndup|aligned_alloc|posix_memalign|asprintf|vasprintf",
     ["runtime/base/"], "memory comes from arenas and the pool"),
    (r"printf|puts|putchar|fputs|vprintf|perror|exit|_exit|quick_exit",
     ["kernel/session/", "kernel/cli/", "kernel/main.c"],
     "only the session and the commands speak and end the process"),
    (r"fprintf|vfprintf|fputc|putc",
     ["kernel/session/", "kernel/cli/", "kernel/main.c", "runtime/data/"],
     "only the session, the commands and file writers print"),
    (r"abort", ["runtime/base/"], "only BUG_ON aborts"),
    (r"strcpy|strcat|sprintf|vsprintf|strtok|strtok_r|gets|atoi|atol|atof|rand|srand|localtime|"
     r"gmtime|setlocale|alloca|setjmp|longjmp", [], "banned"),
]
# (path, call) -> the reason for an exception.
CALLS_ALLOWED = {
    ("kernel/wire/control.c", "_exit"): "a shutdown while the main thread hangs in a library",
}

# Folders and words, in pieces so that this file does not name them itself.
HOSTS = ["py" "pi.org", "python" "hosted.org", "deb." "debian.org", "security." "debian.org",
         "npm" "js.org", "npm" "js.com", "cra" "tes.io", "proxy." "golang.org", "/wo" "rk/"]


def tracked(*suffixes):
    """Paths that git tracks or would track, relative to the root."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"],
                            capture_output=True, check=True).stdout.decode().split("\0")
    return sorted(p for p in listed if p and p.endswith(suffixes or ("",)) and (ROOT / p).is_file())


def sources():
    return [p for p in tracked(".c", ".h", ".list") if p.startswith(("runtime/", "kernel/"))]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def bare(text):
    """Comments, texts and characters replaced by blanks; lines keep their numbers."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def layer_of(path):
    folders = [f for f in LAYERS if path == f or path.startswith(f + "/")]
    return LAYERS[max(folders, key=len)] if folders else None


def resolve(path, name):
    """The file of the repository that an #include "name" in `path` means, or None."""
    for base in (str(Path(path).parent), ".", "runtime", "kernel"):
        candidate = (ROOT / base / name).resolve()
        if candidate.is_file() and candidate.is_relative_to(ROOT):
            return str(candidate.relative_to(ROOT))
    return None


def check_includes_of(path, text):
    """Include direction, and libraries that only one folder may know."""
    layer = layer_of(path)
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        name = match.group(2)
        allowed = ONLY_IN.get(Path(name).name)
        if allowed is not None and not any(path.startswith(f + "/") for f in allowed):
            yield f"{path}:{number}: {name} may be included in {', '.join(allowed)} only"
        target = resolve(path, name) if match.group(1) == '"' else None
        if target and layer_of(target) not in MAY_INCLUDE[layer].split():
            yield f"{path}:{number}: layer {layer} must not include {target} ({layer_of(target)})"


def check_calls_of(path, text):
    """Allocation, printing, ending the process and banned functions."""
    for number, line in enumerate(bare(text).splitlines(), 1):
        for names, allowed, reason in CALLS:
            for match in re.finditer(rf"(?<![\w.>])({names})\s*\(", line):
                name = match.group(1)
                if (path, name) in CALLS_ALLOWED or path.startswith(tuple(allowed) or ("//",)):
                    continue
                if re.match(r"\s*(static\s+)?(inline\s+)?(void|int|char|size_t)\b[\s*]*$",
                            line[:match.start()]):
                    continue  # a declaration
                yield f"{path}:{number}: {name}() here: {reason}"


def functions_of(text):
    """(name, first line, number of lines) of each function of a C file."""
    depth, start, head = 0, 0, ""
    for number, line in enumerate(bare(text).splitlines(), 1):
        if line.lstrip().startswith("#") or (depth == 0 and line.rstrip().endswith("\\")):
            continue
        for char in line:
            if char == "{":
                if depth == 0:
                    name = re.search(r"(\w+)\s*\([^;=]*\)\s*$", head, re.S)
                depth += 1
            elif char == "}":
                depth -= 1
                if depth == 0:
                    if name:
                        yield name.group(1), start, number - start + 1
                    head = ""
            elif depth == 0:
                if not head.strip():
                    start = number
                head = "" if char == ";" else head + char
        if depth == 0 and head:
            head += "\n"


def check_size_of(path, text, long=None):
    long = LONG if long is None else long
    lines = text.count("\n")
    if lines > FILE_LINES and path not in long:
        yield f"{path}: {lines} lines; {FILE_LINES} are the limit"
    if not path.endswith(".c"):
        return
    for name, first, count in functions_of(text):
        if count > FUNCTION_LINES and f"{path}:{name}" not in long:
            yield f"{path}:{first}: {name} has {count} lines; {FUNCTION_LINES} are the limit"


def check_head_of(path, text):
    if not re.match(r"\s*/\*", text):
        yield f"{path}:1: the first line is to say what the file is for"


def includes():
    return [f for p in sources() for f in check_includes_of(p, read(p))]


def calls():
    return [f for p in sources() for f in check_calls_of(p, read(p))]


def sizes():
    paths = sources() + [p for p in tracked(".c", ".h") if p.startswith("tests/")]
    found = [f for p in paths for f in check_size_of(p, read(p))]
    stale = [f"guards.py: LONG lists {k}, which is not there" for k in LONG
             if not (ROOT / k.split(":")[0]).is_file()]
    return found + stale


def heads():
    return [f for p in sources() for f in check_head_of(p, read(p))]


def check_notebook_of(path, text):
    """Kernelspec ours, ids there, no outputs and no counts left in."""
    book = json.loads(text)
    spec = book["metadata"].get("kernelspec", {})
    if spec.get("name") != "awml-c" or spec.get("language") != "awml":
        yield f"{path}: the kernelspec is {spec}"
    if (book["nbformat"], book["nbformat_minor"]) != (4, 5):
        yield f"{path}: nbformat {book['nbformat']}.{book['nbformat_minor']}, not 4.5"
    ids = [cell.get("id") for cell in book["cells"]]
    if None in ids or len(set(ids)) != len(ids):
        yield f"{path}: cells without an id of their own"
    for number, cell in enumerate(book["cells"], 1):
        if cell["cell_type"] == "code" and (cell["outputs"] or cell["execution_count"] is not None):
            yield f"{path}: cell {number} has outputs; clear them before committing"


def notebooks():
    paths = [p for p in tracked(".ipynb") if p.startswith("notebooks/")]
    if not paths:
        return ["there is no notebook"]
    return [f for p in paths for f in check_notebook_of(p, read(p))]


def check_words_of(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        for host in HOSTS:
            if host in line:
                yield f"{path}:{number}: names {host}"


def words():
    binary = (".png", ".npy", ".gz", ".safetensors", ".jpg", ".bin", ".ico", ".parquet", ".zip")
    return [f for p in tracked() if not p.endswith(binary) for f in check_words_of(p, read(p))]


def layout():
    """clang-format has nothing to change."""
    files = [p for p in tracked(".c", ".h") if p.startswith(("runtime/", "kernel/", "tests/"))]
    done = subprocess.run(["clang-format", "--dry-run", *files], cwd=ROOT, capture_output=True,
                          text=True)
    named = {m.group(1) for m in re.finditer(r"^(\S+?):\d+:\d+: warning", done.stderr, re.M)}
    return [f"{p}: clang-format would change it" for p in sorted(named)]


TOP = {".ci", ".clang-format", ".clang-tidy", ".gitignore", "LICENSE", "README.md", "docs", "kernel",
       "kernelspec", "meson.build", "meson_options.txt", "notebooks", "run", "runtime", "scripts",
       "test", "tests", "third_party"}


def check_top_of(path):
    if path.split("/")[0] not in TOP:
        yield f"{path}: what is this at the top of the tree?"


def top():
    """No file that a program left behind."""
    return [f for p in tracked() for f in check_top_of(p)]


GUARDS = {"top": top, "includes": includes, "calls": calls, "sizes": sizes, "heads": heads,
          "notebooks": notebooks, "words": words, "layout": layout}


def main(names):
    bad = 0
    for name in names or GUARDS:
        findings = GUARDS[name]()
        bad += len(findings)
        print(f"{name}: {len(findings) or 'no'} finding{'s' * (len(findings) != 1)}")
        for finding in findings:
            print("   ", finding)
    return bad != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
