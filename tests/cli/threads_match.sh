#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A match gives the same bytes with 1, 2 and 8 threads.
set -eu
for threads in 1 2 8; do
    muster match gb200-nvl72 --with cloudmatrix-384 --model deepseek-r1 --tpot 50ms \
        --uncertainty 32 --threads $threads --json > "$SCRATCH/$threads"
done
cmp "$SCRATCH/1" "$SCRATCH/2"
cmp "$SCRATCH/1" "$SCRATCH/8"
