#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds into a folder, setting it up when it is new; one line when all went well.
#
#   tools/build.sh FOLDER [meson setup options]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ ! -f "$folder/build.ninja" ]; then
    echo "build: $folder is new" >&2
    rm -rf "$folder"
    if ! meson setup "$folder" "$@" > "$log" 2>&1; then
        cat "$log" >&2
        exit 1
    fi
fi
if ! ninja -C "$folder" > "$log" 2>&1; then
    grep -v '^\[[0-9]*/[0-9]*\] \(Comp\|Link\)' "$log" >&2
    exit 1
fi
