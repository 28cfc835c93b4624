#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refits the engine profiles under data/engines to published service cases.

    tools/refit_engines.py BINARY [--over-time] [--from FOLDER] [ENGINE...]

Runs `muster calibrate CASES --engine ENGINE --json` for every engine that the cases have enough of,
and writes what it found into data/engines/ENGINE.yaml; other keys of the file stay. Then the
ranges of what is left (*_factor) are drawn in or out until the 90 % intervals hold nine in ten of
the cases fitted on, as the ranges of the other parameters widen them too. Cases come
from MUSTER_TABLES, as those of the tests. With --from FOLDER the answers are read from
FOLDER/fit_ENGINE.json instead. With --over-time the parameters are those of `--verb simulate`,
what requests wait for besides their steps; what is left has none then.
"""

import collections
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENGINES = ("vllm", "trtllm", "sglang")
TIMES = {"host_step": "ms", "host_per_sequence": "us", "fixed_8bit": "us", "fixed_block": "us",
         "fixed_4bit": "us", "fixed_experts": "us", "request_overhead": "ms",
         "request_overhead_apart": "ms", "arrival": "ms", "arrival_apart": "ms",
         "front_request": "us", "front_token": "us", "eager_op": "us"}
PER_SECOND = {"ms": 1e3, "us": 1e6}
RESTS = ("step_factor", "ttft_factor", "ttft_factor_apart")
ROUNDS = 3
FITTED = "fitted on published service cases marked fit"
NOTES = {"step_factor": "measured over predicted step of nine in ten cases fitted on",
         "ttft_factor": "the same of TTFT",
         "ttft_factor_apart": "the same of TTFT where prefill and decode are apart"}


def entry(name, found):
    """One parameter as a line of YAML."""
    unit = TIMES.get(name)
    scale = PER_SECOND.get(unit, 1)
    numbers = ", ".join(f"{key}: {found[key] * scale:.3g}" for key in ("best", "low", "high"))
    unit = f", unit: {unit}" if unit else ""
    return (f"  {name}: {{{numbers}{unit}, grade: B, source: inferencex,\n"
            f"    note: \"{NOTES.get(name, FITTED)}\"}}\n")


def rewrite(engine, params):
    path = ROOT / "data" / "engines" / f"{engine}.yaml"
    text = path.read_text(encoding="utf-8")
    for name in params:
        text = re.sub(rf"^  {name}: \{{[^}}]*\}}\n", "", text, flags=re.M)
    fitted = "".join(entry(name, found) for name, found in params.items())
    path.write_text(text.replace("parameters:\n", "parameters:\n" + fitted, 1), encoding="utf-8")


def ranges(engine):
    """The ranges of what is left in an engine's file: name -> (low, high)."""
    text = (ROOT / "data" / "engines" / f"{engine}.yaml").read_text(encoding="utf-8")
    found = {}
    for name in RESTS:
        match = re.search(rf"^  {name}: \{{best: 1, low: ([^,]+), high: ([^,]+),", text, flags=re.M)
        if match:
            found[name] = (float(match[1]), float(match[2]))
    return found


def rest_of(case, metric):
    """Which of the ranges an answer hangs on."""
    if metric == "tpot_mean_s":
        return "step_factor"
    apart = "decode" in case["scenario"].get("deployment", {})
    return "ttft_factor_apart" if apart else "ttft_factor"


def held(program, cases_path, engines):
    """Share of the cases fitted on inside their interval: (engine, name) -> share."""
    listed = json.loads(cases_path.read_text(encoding="utf-8"))
    cases = {x["id"]: x for x in (listed if isinstance(listed, list) else listed["cases"])}
    with tempfile.TemporaryDirectory() as folder:
        for engine in engines:
            shutil.copy(ROOT / "data" / "engines" / f"{engine}.yaml", folder)
        text = subprocess.run([program, "validate", str(cases_path), "--catalog", folder, "--json"],
                              check=True, text=True, capture_output=True).stdout
    inside = collections.defaultdict(list)
    for answer in json.loads(text)["cases"]:
        case = cases[answer["id"]]
        engine = case["scenario"]["engine"]
        if answer["fit"] and answer["predicted"] is not None and engine in engines:
            inside[engine, rest_of(case, answer["metric"])].append(
                answer["low"] <= answer["measured"] <= answer["high"])
    return {key: sum(x) / len(x) for key, x in inside.items()}


def conform(program, cases_path, engines):
    """Draws the ranges of what is left until the intervals hold nine in ten."""
    normal = statistics.NormalDist()
    for _ in range(ROUNDS):
        for (engine, name), share in held(program, cases_path, engines).items():
            low, high = ranges(engine).get(name, (1.0, 1.0))
            stretch = normal.inv_cdf(0.95) / normal.inv_cdf((1 + min(share, 0.995)) / 2)
            rewrite(engine, {name: {"best": 1, "low": low ** stretch, "high": high ** stretch}})
    for (engine, name), share in sorted(held(program, cases_path, engines).items()):
        low, high = ranges(engine)[name]
        print(f"{engine} {name}: {low:.3g} to {high:.3g}, {100 * share:.1f} % held")


def main(arguments):
    program = arguments.pop(0)
    folder = None
    over_time = arguments[:1] == ["--over-time"]
    del arguments[:over_time]
    if arguments[:1] == ["--from"]:
        folder = pathlib.Path(arguments[1])
        del arguments[:2]
    tables = pathlib.Path(os.environ.get("MUSTER_TABLES", ROOT.parent / "shared" / "data"))
    for engine in arguments or ENGINES:
        if folder:
            text = (folder / f"fit_{engine}.json").read_text(encoding="utf-8")
        else:
            verb = ["--verb", "simulate"] if over_time else []
            text = subprocess.run(
                [program, "calibrate", str(tables / "cases" / "service.json"), "--engine", engine,
                 "--json", *verb], check=True, text=True, capture_output=True).stdout
        answer = json.loads(text)
        rewrite(engine, answer["params"])
        for measure, errors in answer["errors"].items():
            if errors["held_out"]["n"] == 0:
                continue
            print(f"{engine} {measure}: held out {100 * errors['before']['mape']:.1f} -> "
                  f"{100 * errors['held_out']['mape']:.1f} %, median "
                  f"{100 * errors['held_out']['median']:.1f} %")
    if not over_time:
        conform(program, tables / "cases" / "service.json", arguments or ENGINES)


if __name__ == "__main__":
    main(sys.argv[1:])
