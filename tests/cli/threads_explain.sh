#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What answers hang on is the same bytes with 1, 2 and 8 threads.
set -eu
for threads in 1 2 8; do
    muster predict --model llama-3.1-8b --system hgx-h20 --tp 1 --batch 8 --uncertainty 32 \
        --threads $threads --explain --json > "$SCRATCH/predict$threads"
    muster match hgx-h100 --with hgx-h20 --model llama-3.1-8b --tpot 50ms --uncertainty 32 \
        --threads $threads --explain-of power_ratio --csv > "$SCRATCH/match$threads"
    muster simulate --model llama-3.1-8b --system hgx-h100 --tp 1 --rate 2/s --requests 300 \
        --uncertainty 32 --threads $threads --explain-of e2e_s.p50 --csv \
        > "$SCRATCH/simulate$threads"
done
for verb in predict match simulate; do
    cmp "$SCRATCH/${verb}1" "$SCRATCH/${verb}2"
    cmp "$SCRATCH/${verb}1" "$SCRATCH/${verb}8"
done
python3 - "$SCRATCH/predict1" << 'END'
import json, sys
explain = json.load(open(sys.argv[1]))["explain"]
total = sum(row["variance_share"] for row in explain["rows"])
total += explain["variance_of_others"] + explain["variance_together"]
assert abs(total - 1) < 1e-9, total
assert explain["metric"] == "output_tokens_per_s" and explain["rows"], explain
END
grep -q '^engine/vllm/step_factor,' "$SCRATCH/simulate1"
