#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/measure writes a table that calibrate takes; seconds, as small shapes run out. Skipped
# where PyTorch is not installed.
set -euo pipefail
root=$(cd ../.. && pwd)
cd "$SCRATCH"
status=0
OMP_NUM_THREADS=1 python3 "$root/tools/measure/measure.py" --device cpu --quick --minutes 2 \
    --dtypes fp32 --out measured.csv 2> said.txt || status=$?
if [ "$status" -eq 77 ]; then
    echo "SKIPPED: PyTorch is not installed" >&2
    exit 77
fi
test "$status" -eq 0
head -1 measured.csv | grep -q '^op,dtype,kv,m,n,k,'
muster calibrate measured.csv --chip l40s --json > answer.json 2> said.txt
python3 - << 'END'
import json
groups = json.load(open("answer.json"))["groups"]
assert groups["gemm_fp32"]["rows"] >= 8 and groups["gemm_fp32"]["fitted"], groups
assert groups["stream_fp32"]["rows"] >= 8, groups
END

# Bad use is refused; nothing is written.
refuse() { # CODE ARGUMENT...
    local code=$1 got=0
    shift
    python3 "$root/tools/measure/measure.py" "$@" --out none.csv 2> said.txt || got=$?
    test "$got" -eq "$code"
    test ! -e none.csv
}
refuse 2 --ops gem
refuse 2 --dtypes fp99
refuse 2 --minutes 0
refuse 3 --device nosuch
