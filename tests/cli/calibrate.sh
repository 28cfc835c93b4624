#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A table becomes a calibration, the same bytes for any number of threads, that the catalogue takes.
set -euo pipefail
cd "$SCRATCH"
mkdir own
# A chip of 300 TFLOP/s and 1.2 TB/s that takes 20 us a call; every fourth row 3 % slower.
awk 'BEGIN {
    print "op,dtype,m,n,k,latency_s"
    for (i = 0; i < 240; i++) {
        m = 2 ^ (i % 14); n = 1024 * (1 + i % 9); k = 512 * (1 + i % 11)
        compute = 2 * m * n * k / 300e12
        memory = 2 * (n * k + m * k + m * n) / 1.2e12
        t = 20e-6 + (compute > memory ? compute : memory)
        printf "gemm,bf16,%d,%d,%d,%.6g\n", m, n, k, i % 4 == 0 ? 1.03 * t : t
    }
}' > mine.csv
ask() {
    muster calibrate mine.csv --chip ascend-910c --output own/mine.yaml --threads "$1" "${@:2}"
}
ask 1 > 1.txt
cp own/mine.yaml 1.yaml
for threads in 2 8 2; do
    ask "$threads" > again.txt
    cmp 1.txt again.txt
    cmp 1.yaml own/mine.yaml
done
grep -q '^kind: calibration$' own/mine.yaml
grep -q '^chips: \[ascend-910c\]$' own/mine.yaml
grep -q '  gemm_bf16_time: {best: 1, low: 0\.' own/mine.yaml
ls own | diff - <(echo mine.yaml)

# The error fell, and the launch cost is near 20 us.
ask 2 --json > answer.json
python3 - << 'END'
import json
answer = json.load(open("answer.json"))
group = answer["groups"]["gemm_bf16"]
assert answer["chip"] == "ascend-910c" and answer["rows"] == 240, answer
assert group["after"]["n"] + group["cross_validated"]["n"] == 240, group
assert group["after"]["mape"] < 0.06 < group["before"]["mape"], group
launch = answer["params"]["gemm_bf16_launch_us"]
assert 12 < launch["low"] <= launch["best"] <= launch["high"] < 30, launch
assert "gemm_int8_launch_us" in answer["no_say"], answer["no_say"]
END

# The overlay is taken by the chip that it names, and by no other.
muster show ascend-910c-mine --catalog own > shown.txt
grep -q gemm_bf16_launch_us shown.txt
step() {
    muster predict --model llama-3.1-8b --system "$1" --tp 1 --batch 4 --input 128 --output 128 \
        --uncertainty off --json "${@:2}" | python3 -c \
        'import json, sys; print(json.load(sys.stdin)["decode"]["step_s"])'
}
test "$(step cloudmatrix-384)" != "$(step cloudmatrix-384 --catalog own)"
test "$(step hgx-h100)" = "$(step hgx-h100 --catalog own)"

# Nothing is left behind where nothing can be written or fitted.
! muster calibrate mine.csv --chip ascend-910c -o none/mine.yaml > /dev/null 2> said.txt
grep -q 'cannot write none/mine.yaml' said.txt
head -2 mine.csv > one.csv
status=0
muster calibrate one.csv --chip ascend-910c -o own/one.yaml > /dev/null 2> said.txt || status=$?
test "$status" -eq 3
grep -q 'nothing to calibrate' said.txt
test ! -e own/one.yaml
