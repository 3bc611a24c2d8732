#!/usr/bin/env python3
"""Packs the built kernel with every library it opens, to be unpacked anywhere, without root.

    scripts/bundle.py BUILD [ARCHIVE]       .tar.xz, or .tar.gz (larger, but made quickly)

For machines where nothing can be installed, such as a student's space in SageMaker Studio:

    tar xf awml-c-VERSION-x86_64.tar.xz -C ~/.local && ~/.local/awml-c/bin/awml-c install --user

The archive holds the program, its libraries (found beside it through its RPATH), the GPU's module
where it was built, a font, the data sets, the notebooks, and the licences of all of it. What every Linux has
stays out: the C and C++ libraries, and expat. Two more conditions are checked here: no library is
missing, and none needs a newer glibc than GLIBC_MOST, that of the oldest image. Standard library
only; it asks ldd, objdump and dpkg.
"""
import functools
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GLIBC_MOST = (2, 35)  # Ubuntu 22.04
# Opened by name when a cell first needs them; the sources say where.
OPENED = ["libopenblas.so.0", "librsvg-2.so.2", "libcairo.so.2", "libgobject-2.0.so.0", "libfontconfig.so.1",
          "libgif.so.7", "libsqlite3.so.0", "libturbojpeg.so.0", "libhdf5_serial.so.103"]
# Part of every system that runs a Jupyter server. Debian's expat would need glibc 2.36.
OF_THE_SYSTEM = re.compile(r"(ld-linux-x86-64|libc|libm|libdl|librt|libpthread|libresolv|libstdc\+\+|libgcc_s"
                           r"|libexpat)\.so\.\d+$")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@functools.cache
def known_libraries():
    """soname -> path, as the loader of this machine knows them."""
    lines = re.findall(r"^\s+(\S+) \(libc6,x86-64\S*?\) => (\S+)$", output("/sbin/ldconfig", "-p"), re.M)
    return dict(reversed(lines))


def needed_by(path):
    """soname -> path of all that a program or library loads with itself."""
    text = output("ldd", str(path))
    missing = re.findall(r"^\s+(\S+) => not found", text, re.M)
    if missing:
        sys.exit(f"{path}: {', '.join(missing)} not found")
    return dict(re.findall(r"^\s+(\S+) => (/\S+)", text, re.M))


def libraries(program):
    found = needed_by(program)
    for name in OPENED:
        if name not in known_libraries():
            sys.exit(f"{name} is not installed; ./run installs what is needed")
        found[name] = known_libraries()[name]
        found.update(needed_by(found[name]))
    return {name: Path(path).resolve() for name, path in sorted(found.items()) if not OF_THE_SYSTEM.match(name)}


def glibc_of(path):
    """The newest glibc whose symbols a file uses."""
    found = re.findall(r"GLIBC_(\d+)\.(\d+)", output("objdump", "-T", str(path)))
    return max((int(major), int(minor)) for major, minor in found or [(0, 0)])


def copy_licences(paths, folder):
    """Debian's file about the rights to each package that a path belongs to."""
    folder.mkdir(parents=True)
    for path in paths:
        asked = subprocess.run(["dpkg", "-S", str(path)], capture_output=True, text=True)
        if asked.returncode and str(path).startswith("/usr/"):  # packages from before /usr was merged
            asked = subprocess.run(["dpkg", "-S", str(path)[4:]], capture_output=True, text=True)
        for package in re.findall(r"^([^:\s,]+)", asked.stdout, re.M):
            source = Path("/usr/share/doc") / package / "copyright"
            if source.exists():
                shutil.copyfile(source, folder / package)
    shutil.copyfile(ROOT / "LICENSE", folder / "awml-c")


def fill(build, to):
    program = to / "bin/awml-c"
    copied = libraries(build / "kernel/awml-c")
    own = to / "lib/awml-c"
    for folder in (program.parent, own, to / "share/awml/datasets", to / "share/awml/fonts"):
        folder.mkdir(parents=True)
    shutil.copy(build / "kernel/awml-c", program)
    subprocess.run(["strip", str(program)], check=True)
    for name, path in copied.items():
        shutil.copyfile(path, own / name)
    module = build / "runtime/cuda/libawml-cuda.so"
    if module.exists():
        shutil.copyfile(module, own / module.name)
    data = to / "share/awml/datasets"
    shutil.copytree(ROOT / "runtime/data/shipped/fashion-mnist-small", data / "fashion-mnist-small")
    others = [Path("/usr/share/datasets/fashion-mnist"), Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")]
    if others[0].is_dir():
        shutil.copytree(others[0], data / "fashion-mnist")
    shutil.copy(others[1], to / "share/awml/fonts")
    shutil.copytree(ROOT / "notebooks", to / "notebooks", ignore=shutil.ignore_patterns(".*", "__pycache__"))
    copy_licences([*copied.values(), others[0] / "train-labels-idx1-ubyte.gz", others[1]], to / "share/doc/licences")
    for path in (program, *own.iterdir()):
        if glibc_of(path) > GLIBC_MOST:
            sys.exit(f"{path.name} needs glibc {glibc_of(path)}, newer than {GLIBC_MOST}")
    return len(copied)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    build = Path(sys.argv[1])
    version = output(str(build / "kernel/awml-c"), "--version").split()[1]
    archive = Path(sys.argv[2] if len(sys.argv) == 3 else build / f"awml-c-{version}-x86_64.tar.xz")
    with tempfile.TemporaryDirectory() as folder:
        n = fill(build, Path(folder) / "awml-c")
        size = sum(os.path.getsize(p) for p in Path(folder).rglob("*") if p.is_file())
        quick = {"mode": "w:gz", "compresslevel": 1} if archive.suffix == ".gz" else {"mode": "w:xz", "preset": 3}
        with tarfile.open(archive, **quick) as tar:
            tar.add(Path(folder) / "awml-c", "awml-c")
    print(f"{archive}: {archive.stat().st_size / 1e6:.0f} MB, unpacked {size / 1e6:.0f} MB, {n} libraries")


if __name__ == "__main__":
    main()
