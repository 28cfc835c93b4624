#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Wires shared or not: the same bytes with 1, 2 and 8 threads; sharing is never faster; the scenario
# of an answer gives it again; validate asks as predict does.
set -euo pipefail
ask() {
    muster plan --model qwen3-30b-a3b --system l40s-host-8 --input 2048 --output 256 \
        --uncertainty 16 --network flow --json --threads "$1" | sed 's/"seconds": *[0-9.e+-]*//'
}
ask 1 > "$SCRATCH/1"
for threads in 2 8; do
    ask "$threads" > "$SCRATCH/$threads"
    cmp "$SCRATCH/1" "$SCRATCH/$threads"
done
grep -q '"shared"' "$SCRATCH/1"

predict() {
    muster predict --model deepseek-r1 --system hgx-h100 --chips 64 --uncertainty off --json \
        --prefill-instances 2 --prefill-dp 16 --prefill-ep 16 --decode-dp 32 --decode-ep 32 "$@"
}
predict > "$SCRATCH/closed"
predict --network flow > "$SCRATCH/flow"
predict --network flow --network-background 50% > "$SCRATCH/busy"
python3 - "$SCRATCH" <<'END'
import json, sys
closed, flow, busy = (json.load(open(f"{sys.argv[1]}/{x}")) for x in ("closed", "flow", "busy"))
value = [x["decode"]["step_s"]["value"] for x in (closed, flow, busy)]
assert value[0] == value[1] < value[2], value
value = [x["ttft_s"]["value"] for x in (closed, flow, busy)]
assert value[0] < value[1] < value[2], value
assert "network" not in closed and flow["network"]["background"] == 0
assert busy["network"]["background"] == 0.5 and busy["scenario"]["network_background"] == 0.5
assert all(x["factor"] >= 2 for x in busy["network"]["shared"])
json.dump(busy["scenario"], open(f"{sys.argv[1]}/again.json", "w"))
END
muster predict "$SCRATCH/again.json" --json > "$SCRATCH/again"
cmp "$SCRATCH/busy" "$SCRATCH/again"

shared='"model": "llama-3.1-8b", "system": "l40s-host-8",
 "deployment": {"serve": {"tp": 2, "pp": 2, "batch": 8}}'
cat > "$SCRATCH/cases.json" <<END
[{"id": "closed", "scenario": {$shared}, "verb": "predict", "measured": {"tpot_mean_s": 0.02}},
 {"id": "flow", "scenario": {$shared, "network": "flow"}, "verb": "predict",
  "measured": {"tpot_mean_s": 0.02}}]
END
muster validate "$SCRATCH/cases.json" --uncertainty off --json > "$SCRATCH/validated"
muster predict --model llama-3.1-8b --system l40s-host-8 --tp 2 --pp 2 --batch 8 --network flow \
    --uncertainty off --json > "$SCRATCH/one"
python3 - "$SCRATCH" <<'END'
import json, math, sys
cases, one = (json.load(open(f"{sys.argv[1]}/{x}")) for x in ("validated", "one"))
closed, flow = (x["predicted"] for x in cases["cases"])
assert closed < flow, (closed, flow)
assert math.isclose(flow, one["decode"]["tpot_s"]["value"], rel_tol=1e-12), (flow, one)
END
