#!/bin/sh
# Set up .venv from locks/NAME.txt, and install programs that pip cannot. Usage: tools/setup.sh NAME
# Does nothing if the set-up is complete; PYTHON selects another interpreter.
# Packages are installed with uv, several times as fast as pip, or with pip if uv is not available or fails.
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
    fail "Python 3.11 or 3.12 not found. Install it (Debian: apt-get install python3), or select it with make PYTHON=..."
}

# Install Debian packages if possible, else return 1.
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
        apt_install "$3" || fail "$1 is missing and could not be installed automatically. Install it, or ask an administrator to do so (Debian: apt-get install $3; Fedora: dnf install ffmpeg-free python3; macOS: brew install ffmpeg)"
    fi
}

chromium_found() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
}

# Print a setting of pip's configuration (pip.conf, PIP_...), on one line.
pip_setting() {
    for section in :env: install global; do
        value=$(printf '%s\n' "$pip_settings" | sed -n "s/^$section\.$1='\(.*\)'\$/\1/p")
        if [ -n "$value" ]; then
            # shellcheck disable=SC2046 # several values are on one line each
            echo $(printf '%b' "$value")
            return
        fi
    done
}

# Pass a setting of pip's configuration, which uv does not read, to uv, unless it has its own.
hand_over() {
    value=$(pip_setting "$2")
    if [ -n "$value" ] && eval "[ -z \"\${$1:-}\" ]"; then
        export "$1=$value"
    fi
}

configure_uv() {
    pip_settings=$($pip config list 2>/dev/null)
    hand_over UV_DEFAULT_INDEX index-url
    hand_over UV_EXTRA_INDEX_URL extra-index-url
    hand_over UV_FIND_LINKS find-links
    hand_over UV_NO_INDEX no-index
    hand_over UV_INSECURE_HOST trusted-host
    hand_over UV_HTTP_TIMEOUT default-timeout
    hand_over SSL_CERT_FILE cert
    hand_over ALL_PROXY proxy
    UV_FIND_LINKS=$(echo "${UV_FIND_LINKS:-}" | sed 's/ /,/g')
    # Several indexes are safe: hashes identify every file.
    export UV_FIND_LINKS UV_INDEX_STRATEGY=unsafe-best-match UV_PYTHON_DOWNLOADS=never
    # By default, Python compiles modules at their first import; with this variable, compile all of them now.
    if [ -n "${PYTHONDONTWRITEBYTECODE:-}" ]; then
        export UV_COMPILE_BYTECODE=true
    fi
}

uv_steps() {
    $pip install --quiet --progress-bar off --require-hashes --only-binary :all: -r locks/uv.txt &&
        configure_uv &&
        .venv/bin/uv pip install --python .venv/bin/python --quiet --require-hashes -r "$lock" &&
        .venv/bin/uv pip install --python .venv/bin/python --quiet --no-deps --no-build-isolation --editable .
}

install_with_uv() {
    if ! output=$(uv_steps 2>&1); then
        reason=$(printf '%s\n' "$output" | grep -i -m 1 -e error -e '×' || echo "no reason given")
        echo "uv failed ($reason); installing with pip, which takes minutes"
        return 1
    fi
}

install_with_pip() {
    $pip install --quiet --progress-bar off --require-hashes -r "$lock"
    $pip install --quiet --progress-bar off --no-deps --no-build-isolation --editable .
}

pip="env PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip"
[ -f "$lock" ] || fail "$lock: no such file. Set EXTRAS to base, dev or cuda."
need "ffmpeg (with ffprobe)" "command -v ffmpeg && command -v ffprobe" ffmpeg
if [ "$name" = dev ] && ! chromium_found >/dev/null; then
    apt_install chromium || echo "chromium is missing (Debian: apt-get install chromium); tests of MLflow's pages will be skipped"
fi

# The programs in .venv name its folder: after a copy, they would run those of the original.
if [ -f .venv/bin/pip ] && ! head -2 .venv/bin/pip | grep -qF "$(pwd -P)/.venv/bin/python"; then
    echo "this folder was moved or copied: re-creating .venv"
    [ ! -f .venv/dev.installed ] || [ "$name" != base ] || { name=dev && lock=locks/dev.txt; }
    rm -rf .venv
    moved=yes
fi

if ! supported .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    need "Python's venv module" "$python -c 'import ensurepip, venv'" "python$version-venv"
    echo "creating .venv with Python $version"
    rm -rf .venv
    "$python" -m venv .venv
fi

if ! cmp -s "$lock" ".venv/$name.installed" || ! cmp -s pyproject.toml .venv/pyproject.installed; then
    echo "installing $(grep -c '^[a-z]' "$lock") packages from $lock"
    rm -f .venv/*.installed
    install_with_uv || install_with_pip
    cp pyproject.toml .venv/pyproject.installed
    cp locks/base.txt .venv/base.installed # every lock includes base
    cp "$lock" ".venv/$name.installed"
fi

# DVC unpickles what it keeps in /var/tmp/dvc, where every user of this machine may write (CVE-2025-69872).
private=$(pwd -P)/.dvc/tmp/private
if [ -x .venv/bin/dvc ] && ! grep -qsF "$private" .dvc/config.local; then
    mkdir -p "$private"
    chmod 700 "$private"
    .venv/bin/dvc config --quiet --local core.site_cache_dir "$private"
fi

lock_is_damaged() {
    [ -f .dvc/tmp/rwlock ] && ! .venv/bin/python -m json.tool .dvc/tmp/rwlock >/dev/null 2>&1
}

# DVC overwrites this file in place: a kill at that moment leaves a damaged one, which it then refuses to read.
# One that a running DVC is writing is complete a second later.
if lock_is_damaged && sleep 1 && lock_is_damaged; then
    rm -f .dvc/tmp/rwlock
fi

# `mlflow ui` reads the store as it is.
if [ -n "${moved:-}" ] && [ -f mlflow.db ]; then
    .venv/bin/python -c "from cunet.store import use_store; use_store()"
fi
