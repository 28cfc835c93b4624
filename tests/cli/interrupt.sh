#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Goal:   a run that a signal ends leaves nothing of its files.
set -u
mkdir "$SCRATCH/out"
muster simulate --model llama-3.1-8b --system hgx-h100 --tp 1 --rate 1/s --requests 1000000000 \
    --uncertainty off --requests-csv "$SCRATCH/out/rows.csv" > /dev/null &
pid=$!
for _ in $(seq 200); do
    compgen -G "$SCRATCH/out/rows.csv.*" > /dev/null && break
    sleep 0.05
done
if [ -z "$(ls -A "$SCRATCH/out")" ]; then
    kill "$pid"
    echo "no file was begun"
    exit 1
fi
kill -TERM "$pid"
wait "$pid"
code=$?
[ "$code" -eq 143 ] || { echo "expected the signal's code 143, found $code"; exit 1; }
[ -z "$(ls -A "$SCRATCH/out")" ] || { echo "left: $(ls -A "$SCRATCH/out")"; exit 1; }
