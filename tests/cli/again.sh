#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Goal:   the scenario in an answer, asked again, gives the same answer.
set -eu
ask_again() {
    muster predict --model llama-3.1-8b --system hgx-h100 "$@" --uncertainty off --json \
        > "$SCRATCH/first.json"
    python3 -c 'import json, sys; json.dump(json.load(open(sys.argv[1]))["scenario"], sys.stdout)' \
        "$SCRATCH/first.json" > "$SCRATCH/scenario.json"
    muster predict "$SCRATCH/scenario.json" --json > "$SCRATCH/second.json"
    python3 - "$SCRATCH/first.json" "$SCRATCH/second.json" <<'PY'
import json
import math
import sys

first, second = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
for path in ("ttft_s", "power_w"), ("decode", "tpot_s"), ("throughput", "requests_per_s"):
    values = [answer[path[0]] if path[1] not in answer[path[0]] else answer[path[0]][path[1]]
              for answer in (first, second)]
    assert math.isclose(values[0]["value"], values[1]["value"], rel_tol=1e-6), (path, values)
PY
}
ask_again --tpot 30ms
ask_again --prefill-chip h20 --prefill-tp 1 --decode-tp 1
