#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints "[low, high]": how far drawn intervals must stretch for chips that nobody measured.

    tools/margins_prior.py PROGRAM TABLES

Every chip with tables is predicted from the priors that the others teach (validate --leave-out).
A row needs log(measured / predicted) over log(end of its interval / predicted) at its side; the
95th percentile of that at either side, chips weighing the same, holds nine in ten rows.
"""
import json
import math
import subprocess
import sys

CHIPS = ("a100", "ascend-910c", "b200", "h100", "h800", "l40s")
UNTOLD = ("sparse_mla_prefill", "sparse_mla_decode")  # kernels differ in kind from chip to chip


def needs(program, tables, chip):
    """(low, high) of each row; 0 on the other side."""
    answer = subprocess.run([program, "validate", "--ops", f"{tables}/ops", "--leave-out", chip,
                             "--json"], capture_output=True, check=True)
    rows = []
    for case in json.loads(answer.stdout)["cases"]:
        own = case["id"].split(" ", 2)
        if case["predicted"] is None or own[1] in UNTOLD:
            continue
        miss = math.log(case["measured"] / case["predicted"])
        end = math.log(case["low" if miss < 0 else "high"] / case["predicted"])
        need = miss / end if end else math.inf
        rows.append((need, 0.0) if miss < 0 else (0.0, need))
    return rows


def quantile(weighted, share):
    """Of (value, weight)."""
    ordered = sorted(weighted)
    left = share * sum(weight for _, weight in ordered)
    for value, weight in ordered:
        left -= weight
        if left <= 0:
            return value
    return ordered[-1][0]


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    chips = [needs(*arguments, chip) for chip in CHIPS]
    ends = [quantile([(row[side], 1 / len(rows)) for rows in chips for row in rows], 0.95)
            for side in (0, 1)]
    print(f"[{ends[0]:.3f}, {ends[1]:.3f}]")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
