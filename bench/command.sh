#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Start-up, the demo's time and memory, from outside. MUSTER names the binary.
set -euo pipefail
muster=${MUSTER:-build/muster}
demo=(match gb200-nvl72 --with cloudmatrix-384 --model deepseek-r1 --input 4096 --output 1024
      --tpot 50ms)
best() { # best of five runs, in ms
    local least=999999 start end took
    for _ in 1 2 3 4 5; do
        start=$(date +%s%N)
        "$@" > /dev/null
        end=$(date +%s%N)
        took=$(((end - start) / 10000))
        least=$((took < least ? took : least))
    done
    printf '%d.%02d ms' $((least / 100)) $((least % 100))
}
echo "muster --version: $(best "$muster" --version)"
echo "demo, 256 draws: $(best "$muster" "${demo[@]}")"
if [ -x /usr/bin/time ]; then
    /usr/bin/time -f 'demo, peak memory: %M KiB' "$muster" "${demo[@]}" > /dev/null
fi
