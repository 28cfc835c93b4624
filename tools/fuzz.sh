#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Fuzzes each target in turn, from its seeds; a finding stays in tests/fuzz/findings/<target>/.
#
#   tools/fuzz.sh [SECONDS [TARGET...]]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-30}
shift || true
san=-fsanitize=address,undefined,float-divide-by-zero,float-cast-overflow
CC=clang tools/build.sh build-fuzz -Dfuzz=true -Doptimization=1 -Ddebug=true -Db_lundef=false \
    "-Dc_args=-fsanitize=fuzzer-no-link $san -fno-sanitize-recover=all" "-Dc_link_args=$san"
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for program in build-fuzz/tests/fuzz/fuzz_*; do
        if [ -f "$program" ] && [ -x "$program" ]; then
            targets+=("${program##*/fuzz_}")
        fi
    done
fi
failed=0
for target in "${targets[@]}"; do
    found=build-fuzz/corpus/$target
    findings=tests/fuzz/findings/$target
    mkdir -p "$found" "$findings"
    options=("-max_total_time=$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
        "-artifact_prefix=$findings/")
    if [ -f "tests/fuzz/$target.dict" ]; then
        options+=("-dict=tests/fuzz/$target.dict")
    fi
    if "build-fuzz/tests/fuzz/fuzz_$target" "${options[@]}" "$found" "tests/fuzz/corpus/$target" \
        > "$found.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found.log")
        echo "fuzz $target: $runs runs, nothing found"
    else
        tail -n 40 "$found.log"
        echo "fuzz $target: FOUND, see $findings"
        failed=1
    fi
done
exit $failed
