#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The published figures give the same bytes with 1, 2 and 8 threads.
set -euo pipefail
for threads in 1 2 8; do
    muster validate --json --uncertainty 16 --threads "$threads" > "$SCRATCH/$threads"
    cmp "$SCRATCH/1" "$SCRATCH/$threads"
done
grep -q '"coverage90": [01]' "$SCRATCH/1"
