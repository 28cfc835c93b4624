#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the ranges of engines that only published figures tell of.

    tools/conform_published.py BINARY FIGURES.csv [ENGINE...]

`step_factor` of data/engines/ENGINE.yaml is drawn in or out until the 90 % intervals of
`muster validate` hold nine in ten of the figures marked fit (TTFT apart, which has a factor of its
own). Figures of one model on one system in one format from one source miss together: each such
family counts once, however many rows it has. The best values come from
`muster calibrate CASES --engine ENGINE` on the same figures.
"""
import collections
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import published

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENGINES = ("trtllm-cpp", "trtllm-0.9", "trtllm-mlperf", "trtllm-offline", "chitu", "vllm-0.2",
           "vllm-ascend")
RANGE = re.compile(r"step_factor: \{best: 1, low: ([^,]+), high: ([^,]+),")
ROUNDS = 3
MOST = 0.985  # of intervals that hold: beyond, a few rows say nothing of how far to draw in


def family(case):
    scenario = case["scenario"]
    return (case["source"], scenario["model"], scenario["system"]["id"],
            json.dumps(scenario.get("precision")))


def held(program, cases, engines):
    """Share of families' figures inside their intervals, by engine."""
    by_id = {x["id"]: x for x in cases}
    inside = collections.defaultdict(lambda: collections.defaultdict(list))
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(cases, file)
        file.flush()
        text = subprocess.run([program, "validate", file.name, "--json"], check=True, text=True,
                              env={**os.environ, "MUSTER_CATALOG": str(ROOT / "data")},
                              capture_output=True).stdout
    for answer in json.loads(text)["cases"]:
        case = by_id[answer["id"]]
        engine = case["scenario"].get("engine")
        if answer["predicted"] and not answer["metric"].startswith("ttft") and engine in engines:
            inside[engine][family(case)].append(
                answer["low"] <= answer["measured"] <= answer["high"])
    return {engine: statistics.mean(statistics.mean(x) for x in families.values())
            for engine, families in inside.items()}


def stretch(engine, share):
    path = ROOT / "data" / "engines" / f"{engine}.yaml"
    text = path.read_text(encoding="utf-8")
    match = RANGE.search(text)
    if match is None:
        return
    normal = statistics.NormalDist()
    power = normal.inv_cdf(0.95) / normal.inv_cdf((1 + min(share, MOST)) / 2)
    low, high = (float(x) ** power for x in match.groups())
    line = f"step_factor: {{best: 1, low: {low:.3g}, high: {high:.3g},"
    path.write_text(text[:match.start()] + line + text[match.end():], encoding="utf-8")


def main(arguments):
    program, figures, *engines = arguments
    engines = engines or ENGINES
    cases = published.convert(published.read(figures), "AB", collections.Counter())
    cases = [x for x in cases if x["fit"]]
    for _ in range(ROUNDS):
        for engine, share in held(program, cases, engines).items():
            stretch(engine, share)
    for engine, share in sorted(held(program, cases, engines).items()):
        print(f"{engine}: {100 * share:.1f} % held")


if __name__ == "__main__":
    main(sys.argv[1:])
