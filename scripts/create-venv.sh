#!/bin/sh
# create-venv.sh FOLDER: make a virtual environment with a suitable Python.
# PYTHON=... chooses the interpreter. A usable environment is left as it is.
set -eu
folder=$1

suitable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

usable() {
    suitable "$folder/bin/python" && "$folder/bin/python" -m pip --version >/dev/null 2>&1
}

# Debian leaves ensurepip out of python3 and then `venv` fails half-way.
with_venv() {
    "$1" -m venv --clear "$folder" >/dev/null 2>&1 && usable
}

with_virtualenv() {
    "$1" -m pip --version >/dev/null 2>&1 || return 1
    borrowed=$(mktemp -d)
    echo "This Python has no venv module; borrowing virtualenv ..."
    if "$1" -m pip install --quiet --target "$borrowed" 'virtualenv>=20.26' &&
        PYTHONPATH="$borrowed" "$1" -m virtualenv --quiet --clear "$folder" && usable
    then made=0; else made=1; fi
    rm -rf "$borrowed"
    return $made
}

if usable; then exit 0; fi

if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"
else set -- python3.13 python3.12 python3.11 python3; fi

found=
for make_venv in with_venv with_virtualenv; do
    for candidate in "$@"; do
        suitable "$candidate" || continue
        found=$candidate
        if $make_venv "$candidate"; then
            "$folder/bin/python" -c 'import sys; print("Python", *sys.version.split()[:1])'
            exit 0
        fi
    done
done

rm -rf "$folder"
if [ -z "$found" ]; then
    echo "Kloter needs Python 3.11 or newer (looked for: $*); install it or name it: make PYTHON=/path/to/python3 ..." >&2
else
    echo "$found can make no virtual environment; install its venv module (on Debian and Ubuntu: apt-get install python3-venv)." >&2
fi
exit 1
