#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Rewrites data/calibration/*-margins.yaml: how far measured operators lie from what the present
# parameters predict, chip by chip and system by system. Rerun it after any change of operators or
# of their parameters, then rebuild.
#
#   tools/margins.sh PROGRAM [TABLES]    TABLES: folder of ops/ and measured.csv (MUSTER_TABLES)
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1
tables=${2:-${MUSTER_TABLES:?set it to the folder of the tables}}

# --chip or --system, id, sources as in data/sources.yaml, tables
one() {
    local flag=$1 id=$2 source=$3 out=data/calibration/$2-margins.yaml
    shift 3
    "$program" calibrate "$@" "$flag" "$id" --as-is -o "$out.new" > /dev/null 2>&1
    {
        echo "# SPDX-License-Identifier: Apache-2.0"
        echo "# Written by tools/margins.sh. A step is [predicted up to, s; low; high]: measured"
        echo "# over predicted, one row in twenty beyond either end, of rows that may be fitted on."
        echo "kind: calibration"
        echo "id: $id-margins"
        echo "name: \"Margins of single operators: $id\""
        echo "source: ${source%% *}"
        echo "grade: A"
        echo "fitted:"
        echo "  on: [${source// /, }]"
        sed -n '/^  date:/p; /^  rows:/p; /^margins:/,$p' "$out.new"
    } > "$out"
    rm "$out.new"
    echo "$out: $(grep -c ' rows: ' "$out" || true) margins"
}

chip_tables() {
    find "$tables/ops/$1" -name '*.csv*' | sort |
        grep -v -e /nccl -e /hccl -e /custom_ -e /wideep -e /moe_fused
}

system_tables() {
    find "$tables/ops/$1" -name '*.csv*' | sort | grep -e /nccl -e /hccl -e /custom_ -e /wideep
}

for pair in a100:a100-sxm-80gb b200:b200-sxm h100:h100-sxm l40s:l40s; do
    # shellcheck disable=SC2046
    one --chip "${pair#*:}" aiconfigurator $(chip_tables "${pair%:*}")
done
# shellcheck disable=SC2046
one --chip h800-sxm infersim $(chip_tables h800)
# shellcheck disable=SC2046
one --chip ascend-910c aiconfigurator-npu $(chip_tables 910b)
one --chip ppu-zw810e deepgemm-sail "$tables/measured.csv"
for pair in a100:hgx-a100 b200:hgx-b200 h100:hgx-h100 l40s:l40s-host-8; do
    # shellcheck disable=SC2046
    one --system "${pair#*:}" aiconfigurator $(system_tables "${pair%:*}")
done
# shellcheck disable=SC2046
one --system cloudmatrix-384 aiconfigurator-npu $(system_tables 910b)

# Asked of a catalogue that stretches nothing yet.
plain=$(mktemp -d)
trap 'rm -rf "$plain"' EXIT
prior=data/calibration/margins-prior.yaml
sed 's/^  widen:.*/  widen: [1, 1]/' "$prior" > "$plain/margins-prior.yaml"
stretch=$(MUSTER_CATALOG=$plain tools/margins_prior.py "$program" "$tables")
sed -i "s/^  widen:.*/  widen: $stretch/" "$prior"
echo "$prior: $stretch"
