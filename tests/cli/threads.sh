#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same question gives the same bytes with 1, 2 and 8 threads, and again.
set -euo pipefail
ask() {
    muster plan --model qwen3-30b-a3b --system hgx-h20 --input 2048 --output 256 --tpot 50ms \
        --uncertainty 32 --json --threads "$@" | sed 's/"seconds": *[0-9.e+-]*//'
}
ask 1 > "$SCRATCH/1"
for threads in 2 8 2; do
    ask "$threads" > "$SCRATCH/$threads"
    cmp "$SCRATCH/1" "$SCRATCH/$threads"
done
grep -q '"pareto"' "$SCRATCH/1"
verify() {
    ask "$1" --verify --rate 20/s --requests 2000
}
verify 1 > "$SCRATCH/verified-1"
for threads in 2 8; do
    verify "$threads" > "$SCRATCH/verified-$threads"
    cmp "$SCRATCH/verified-1" "$SCRATCH/verified-$threads"
done
grep -q '"verified"' "$SCRATCH/verified-1"
