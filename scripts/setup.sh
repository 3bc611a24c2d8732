# shellcheck shell=bash
# What ./run and ./test share: say it, install what is missing, build, register the kernel.
# Sourced, not run. Every step looks first whether its work is already done.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${AWML_BUILD:-$repository/build}
venv=$build/venv
kernel=$build/kernel/awml-c

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Root runs a command as it is, anybody else through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root or sudo: $*"
    fi
}

# wanted_packages run|test: the names in packages.txt, with those below [test] for test.
wanted_packages() {
    sed -e 's/#.*//' -e '/^\s*$/d' "$repository/scripts/packages.txt" |
        awk -v all="$1" '/^\[test\]/ { if (all != "test") exit; next } { print $1 }'
}

# One query for all names: those that are not fully installed.
missing_packages() {
    local wanted installed
    wanted=$(wanted_packages "$1" | sort)
    # shellcheck disable=SC2086
    installed=$(dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' $wanted 2>/dev/null |
        awk '$2 == "installed" { sub(/:.*/, "", $1); print $1 }' | sort) || true
    comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$installed")
}

install_packages() {
    local missing
    missing=$(missing_packages "$1" | tr '\n' ' ')
    if [ -z "${missing// /}" ]; then
        say "Debian packages: all there"
        return
    fi
    say "Installing Debian packages: $missing"
    as_root apt-get -o DPkg::Lock::Timeout=600 update
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends $missing
    missing=$(missing_packages "$1" | tr '\n' ' ')
    [ -z "${missing// /}" ] || fail "these packages are still missing: $missing"
}

# The private Python environment, made anew when requirements.txt changes.
make_venv() {
    local requirements=$repository/scripts/requirements.txt stamp
    stamp=$venv/.requirements-$(cat "$requirements" "$repository"/kernelspec/python/*.toml \
        "$repository"/kernelspec/python/*/*.py | sha256sum | cut -c1-16)
    if [ -e "$stamp" ]; then
        say "Python environment: all there ($venv)"
        return
    fi
    say "Making the Python environment in $venv"
    mkdir -p "$build"
    [ -x "$venv/bin/python" ] || /usr/bin/python3 -m venv "$venv"
    # Built from a copy, because setuptools writes beside the sources.
    rm -rf "$build/jupyter-package"
    cp -r "$repository/kernelspec/python" "$build/jupyter-package"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$requirements"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation "$build/jupyter-package"
    rm -f "$venv"/.requirements-*
    touch "$stamp"
}

# build_program FOLDER [meson options…]: configure once, then let ninja decide what is stale.
build_program() {
    local folder=$1
    shift
    [ -e "$folder/build.ninja" ] || meson setup "$@" "$folder" "$repository"
    ninja -C "$folder"
}

# The kernelspec goes into the private environment only.
install_kernel() {
    local spec=$venv/share/jupyter/kernels/awml-c/kernel.json
    if [ -e "$spec" ] && [ "$spec" -nt "$kernel" ]; then
        say "Kernelspec: all there"
        return
    fi
    say "Installing the kernelspec into $venv"
    "$kernel" install --prefix "$venv"
    touch "$spec"
}

set_up() {
    install_packages "$1"
    make_venv
    say "Building"
    build_program "$build"
    [ -x "$kernel" ] || fail "the build made no $kernel"
    install_kernel
}
