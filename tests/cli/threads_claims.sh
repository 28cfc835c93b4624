#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Claims have the same bytes with 1, 2 and 8 threads.
set -eu
for threads in 1 2 8; do
    muster claims --uncertainty 16 --threads $threads --json > "$SCRATCH/$threads"
done
cmp "$SCRATCH/1" "$SCRATCH/2"
cmp "$SCRATCH/1" "$SCRATCH/8"
