#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The simulator from outside: engine steps and requests a second, against a rate published for
# others, and the memory of ten times as many requests. MUSTER names the binary; MUSTER_TABLES,
# where it is set, the folder of measured data with its public traces.
set -euo pipefail
muster=${MUSTER:-build/muster}
traces=${MUSTER_TABLES:-}/traces
peer=9800 # requests a second of the fastest simulator published: DynoSim, in Rust, one thread

# run NAME FLAGS...: wall time, steps and requests a second, against the peer
run() {
    local name=$1
    shift
    "$muster" simulate --uncertainty off --json "$@" | python3 -c '
import json, sys
a = json.load(sys.stdin)
name, peer = sys.argv[1], float(sys.argv[2])
wall, rate = a["wall_s"], a["requests"] / a["wall_s"]
steps = a["steps"] / wall / 1e6
print(f"{name}: {wall:.2f} s, {steps:.1f} M steps/s, "
      f"{rate:,.0f} requests/s, {rate / peer:.0f} times the peer")
' "$name" "$peer"
}

model=(--model llama-3.1-70b --system hgx-h100)
big=("${model[@]}" --chips 64 --tp 8 --instances 8 --input 1000 --output 200)
apart=("${model[@]}" --chips 64 --mode disaggregated --prefill-tp 8 --prefill-instances 4
       --decode-tp 8 --decode-instances 4 --input 1000 --output 200)
million=(--rate 60 --requests 1000000)
echo "one thread:"
run "decode-heavy, one replica, batch 256" "${model[@]}" --tp 8 --batch 256 --input 128 \
    --output 4000 --concurrency 256 --requests 100000 --threads 1
run "1 M requests, 70B on 8 replicas" "${big[@]}" "${million[@]}" --threads 1
run "the same in sessions of 4 turns, prefix cache" "${big[@]}" "${million[@]}" --turns 4 \
    --think 2s --prefix-cache yes --threads 1
run "the same disaggregated, 4 + 4" "${apart[@]}" --rate 40 --requests 1000000 --threads 1
run "deepseek-r1, 320 DP groups in one instance" --model deepseek-r1 --system cloudmatrix-384 \
    --chips 160 --dp 320 --ep 320 --batch 64 --input 1000 --output 500 --rate 300 \
    --requests 100000 --threads 1
if [ -f "$traces/azure_llm_2023_conv.csv" ]; then
    run "Azure 2023 conversations, ten times the rate" "${model[@]}" --chips 32 --tp 8 \
        --instances 4 --trace "$traces/azure_llm_2023_conv.csv" --trace-speed 10 --threads 1
    run "Mooncake conversations, prefix cache" "${model[@]}" --chips 64 --tp 8 --instances 8 \
        --router prefix --prefix-cache yes \
        --trace "$traces/mooncake_fast25_conversation.jsonl" --threads 1
fi
echo "two threads:"
run "1 M requests, 70B on 8 replicas" "${big[@]}" "${million[@]}" --threads 2
if [ -x /usr/bin/time ]; then
    for n in 1000000 10000000; do
        /usr/bin/time -f "$n requests: peak memory %M KiB, %e s" "$muster" simulate \
            --uncertainty off --json "${big[@]}" --rate 60 --requests "$n" --threads 2 > /dev/null
    done
fi
