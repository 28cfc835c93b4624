#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same question gives the same bytes with 1, 2 and 8 threads, and again.
set -euo pipefail
ask() {
    muster plan --model qwen3-30b-a3b --system hgx-h20 --input 2048 --output 256 --tpot 50ms \
        --uncertainty 32 --json --threads "$1" | sed 's/"seconds": *[0-9.e+-]*//'
}
ask 1 > "$SCRATCH/1"
for threads in 2 8 2; do
    ask "$threads" > "$SCRATCH/$threads"
    cmp "$SCRATCH/1" "$SCRATCH/$threads"
done
grep -q '"pareto"' "$SCRATCH/1"
