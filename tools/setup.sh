#!/bin/sh
# Set up .venv from locks/NAME.txt, and the programs that pip cannot bring. Usage: tools/setup.sh NAME
# Does nothing where that is done already; PYTHON names another interpreter.
set -eu
name=$1
lock=locks/$name.txt

fail() {
    echo "error: $*" >&2
    exit 1
}

supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-python3.12 python3.11 python3 python}; do
        if supported "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or 3.12 is needed: install one (Debian: apt-get install python3), or name it with make PYTHON=..."
}

# Install Debian packages where that is possible, else return 1.
apt_install() {
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" -eq 0 ]; then
        sudo=
    elif sudo -n true 2>/dev/null; then
        sudo="sudo -n"
    else
        return 1
    fi
    echo "installing $* (apt-get)"
    $sudo apt-get update -qq >/dev/null
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# need "PROGRAM or description" "test command" PACKAGE
need() {
    if ! sh -c "$2" >/dev/null 2>&1; then
        apt_install "$3" || fail "$1 is missing and cannot be installed from here: ask for it (Debian: apt-get install $3; Fedora: dnf install ffmpeg-free python3; macOS: brew install ffmpeg)"
    fi
}

chromium_found() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
}

[ -f "$lock" ] || fail "there is no $lock: EXTRAS is base, dev or cuda"
need "ffmpeg (with ffprobe)" "command -v ffmpeg && command -v ffprobe" ffmpeg
if [ "$name" = dev ] && ! chromium_found >/dev/null; then
    apt_install chromium || echo "chromium is missing (Debian: apt-get install chromium): tests of MLflow's pages will be skipped"
fi

if ! supported .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    need "Python's venv module" "$python -c 'import ensurepip, venv'" "python$version-venv"
    echo "making .venv with Python $version"
    rm -rf .venv
    "$python" -m venv .venv
fi

if ! cmp -s "$lock" ".venv/$name.installed" || ! cmp -s pyproject.toml .venv/pyproject.installed; then
    echo "installing $(grep -c '^[a-z]' "$lock") packages from $lock (minutes, the first time)"
    rm -f .venv/*.installed
    pip="env PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip install --quiet --progress-bar off"
    $pip --require-hashes -r "$lock"
    $pip --no-deps --no-build-isolation --editable .
    cp pyproject.toml .venv/pyproject.installed
    cp locks/base.txt .venv/base.installed # every lock holds what base holds
    cp "$lock" ".venv/$name.installed"
fi
