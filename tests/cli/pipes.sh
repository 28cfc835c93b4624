#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Answers alone on stdout, no colour off a terminal; a full disk is exit 4.
set -uo pipefail
fail() {
    echo "$1"
    exit 1
}
out=$(muster predict --model llama-3.1-8b --system hgx-h20 --json 2> "$SCRATCH/err") ||
    fail "predict"
[ ! -s "$SCRATCH/err" ] || fail "stderr is not empty: $(cat "$SCRATCH/err")"
python3 -c 'import json, sys; json.loads(sys.stdin.read())' <<< "$out" || fail "not one JSON object"
muster chips | grep -q $'\x1b' && fail "colour in a pipe"
if [ -c /dev/full ]; then
    muster chips > /dev/full 2> "$SCRATCH/err"
    [ $? = 4 ] || fail "a full disk is not exit 4"
    [ -s "$SCRATCH/err" ] || fail "a full disk is not named"
fi
exit 0
