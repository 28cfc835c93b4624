#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A simulation gives the same bytes with 1, 2 and 8 threads, files included.
set -euo pipefail
ask() {
    muster simulate --model llama-3.1-8b --system hgx-h100 --tp 1 --instances 3 --rate 9/s \
        --requests 600 --input-sigma 3000 --uncertainty 6 --json --threads "$1" "${@:2}" |
        sed 's/"wall_s": *[0-9.e+-]*//'
}
ask 1 > "$SCRATCH/1"
ask 1 --requests-csv "$SCRATCH/rows-1" --timeline "$SCRATCH/steps-1" > "$SCRATCH/watched"
cmp "$SCRATCH/1" "$SCRATCH/watched"
for threads in 2 8 2; do
    ask "$threads" > "$SCRATCH/$threads"
    cmp "$SCRATCH/1" "$SCRATCH/$threads"
done
ask 8 --requests-csv "$SCRATCH/rows-8" --timeline "$SCRATCH/steps-8" > /dev/null
cmp "$SCRATCH/rows-1" "$SCRATCH/rows-8"
cmp "$SCRATCH/steps-1" "$SCRATCH/steps-8"
grep -q '"ttft_s"' "$SCRATCH/1"
