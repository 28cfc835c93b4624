#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs every benchmark that the build made, one after the other.
#
#   tools/bench.sh [BUILD]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
found=0
for program in "$build"/bench/bench_*; do
    if [ -f "$program" ] && [ -x "$program" ]; then
        "$program"
        found=1
    fi
done
for script in bench/*.sh; do
    if [ -x "$script" ]; then
        MUSTER="$PWD/$build/muster" "$script"
        found=1
    fi
done
if [ "$found" = 0 ]; then
    echo "bench: no benchmark was built in $build/bench" >&2
    exit 1
fi
