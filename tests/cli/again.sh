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
simulate_again() {
    muster simulate --model llama-3.1-8b --system hgx-h100 "$@" --uncertainty off --json \
        > "$SCRATCH/first.json"
    python3 -c 'import json, sys; json.dump(json.load(open(sys.argv[1]))["scenario"], sys.stdout)' \
        "$SCRATCH/first.json" > "$SCRATCH/scenario.json"
    muster simulate "$SCRATCH/scenario.json" --json > "$SCRATCH/second.json"
    python3 - "$SCRATCH/first.json" "$SCRATCH/second.json" <<'PY'
import json
import sys

first, second = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
for answer in first, second:
    del answer["wall_s"]
assert first == second
PY
}
ask_again --tpot 30ms
simulate_again --rate 3/s --requests 400 --tp 1 --arrival gamma --burstiness 0.4 --tenants 3,1 \
    --order priority --watermark 0.02 --prefix-cache no --input-sigma 1000 --mtbf 60s --repair 9s \
    --seed 7
simulate_again --concurrency 16 --requests 400 --tpot 30ms --turns 4 --think 2s --ramp 3s \
    --shared-prefix 300 --policy sglang --block-tokens 32 --router power-of-two
ask_again --prefill-chip h20 --prefill-tp 1 --decode-tp 1
