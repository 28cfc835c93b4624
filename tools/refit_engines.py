#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refits the engine profiles under data/engines to published service cases.

    tools/refit_engines.py BINARY [--from FOLDER] [ENGINE...]

Runs `muster calibrate CASES --engine ENGINE --json` for every engine that the cases have enough of,
and writes what it found into data/engines/ENGINE.yaml; other keys of the file stay. Cases come
from MUSTER_TABLES (default ../shared/data). With --from FOLDER the answers are read from
FOLDER/fit_ENGINE.json instead.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENGINES = ("vllm", "trtllm", "sglang")
TIMES = {"host_step": "ms", "host_per_sequence": "us", "fixed_8bit": "us", "fixed_block": "us",
         "fixed_4bit": "us", "fixed_experts": "us", "request_overhead": "ms",
         "request_overhead_apart": "ms"}
PER_SECOND = {"ms": 1e3, "us": 1e6}
FITTED = "fitted on published service cases marked fit"
NOTES = {"step_factor": "measured over predicted step of the cases fitted on, 5th to 95th percentile",
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


def main(arguments):
    program = arguments.pop(0)
    folder = None
    if arguments[:1] == ["--from"]:
        folder = pathlib.Path(arguments[1])
        del arguments[:2]
    tables = pathlib.Path(os.environ.get("MUSTER_TABLES", ROOT.parent / "shared" / "data"))
    for engine in arguments or ENGINES:
        if folder:
            text = (folder / f"fit_{engine}.json").read_text(encoding="utf-8")
        else:
            text = subprocess.run(
                [program, "calibrate", str(tables / "cases" / "service.json"), "--engine", engine,
                 "--json"], check=True, text=True, capture_output=True).stdout
        answer = json.loads(text)
        rewrite(engine, answer["params"])
        for measure, errors in answer["errors"].items():
            print(f"{engine} {measure}: held out {100 * errors['before']['mape']:.1f} -> "
                  f"{100 * errors['held_out']['mape']:.1f} %, median "
                  f"{100 * errors['held_out']['median']:.1f} %")


if __name__ == "__main__":
    main(sys.argv[1:])
