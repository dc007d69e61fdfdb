#!/bin/sh
# lock.sh UV [OPTION]: write requirements/*.txt from requirements/*.in.
# No index settings of this machine may reach the locks, so uv starts without any.
set -eu
uv=$1
shift
unset UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_DEFAULT_INDEX UV_FIND_LINKS || true

for name in base anymail midtrans stripe xendit test dev doubles; do
    "$uv" pip compile --no-config --quiet --universal --generate-hashes \
        --python-version 3.11 --custom-compile-command "make lock" "$@" \
        --output-file "requirements/$name.txt" "requirements/$name.in"
done

if grep -n '://' requirements/*.txt; then
    echo "The locks must not name a package index." >&2
    exit 1
fi
