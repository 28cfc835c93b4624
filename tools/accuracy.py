#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/accuracy.md, its plots and docs/accuracy.json; or holds a program against them.

    tools/accuracy.py [PROGRAM]          measure and rewrite (default build/muster)
    tools/accuracy.py --check PROGRAM    exit 1 when an error grew or the page is stale

The program answers everything through `muster validate --json`; this only sums up and prints. The
tables of measurements are not part of the project: the environment's MUSTER_TABLES names their
folder, by default data/ of the folder `shared` beside the checkout. Without them --check holds
only the published figures that muster ships with, and says so.

Terms: score = n, MAPE, median, p90, bias, share inside the 90 % interval, mean width, in per cent.
Bound: the same program and tables give the same bytes: no dates, no paths, fixed order.
"""
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import accuracy_page  # noqa: E402
import accuracy_plots  # noqa: E402
import published  # noqa: E402

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
GREW, STALE = 0.5, 0.2  # points of MAPE or median
TIMEOUT_S = 600
SECTIONS = ("published figures", "published tables", "deployments", "deployments over time",
            "operators", "operator figures", "left out")
# Chips left out altogether: the folder of their tables; "" = among the published figures.
LEFT_OUT = {"a100": "a100", "h100": "h100", "b200": "b200", "l40s": "l40s", "ascend-910c": "910b",
            "ppu-zw810e": ""}


def tables():
    """Folder of the tables, or None."""
    folder = Path(os.environ.get("MUSTER_TABLES") or ROOT.parent / "shared" / "data")
    files = (folder / "cases" / "service.json", folder / "measured.csv")
    here = all(x.is_file() for x in files) and (folder / "ops").is_dir()
    return folder.resolve() if here else None


def left_out(program, folder, intervals):
    """Every chip as if it had no table, together."""
    found = {"cases": [], "groups": {}, "warnings": []}
    for chip, name in LEFT_OUT.items():
        rows = ["--ops", str(folder / "ops" / name)] if name else [str(folder / "measured.csv")]
        one = validate(program, [*rows, "--leave-out", chip], intervals)
        found["cases"] += one["cases"]
        found["groups"] |= one["groups"]
    found["summary"] = accuracy_page.score(found["cases"])
    return found


def validate(program, arguments, intervals):
    """What `muster validate --json` says."""
    command = [str(program), "validate", *arguments, "--json"]
    command += [] if intervals else ["--uncertainty", "off"]
    env = {k: v for k, v in os.environ.items() if k != "MUSTER_CATALOG"}
    done = subprocess.run(command, env=env, timeout=TIMEOUT_S, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"validate {' '.join(arguments)}: exit {done.returncode}: "
                           f"{done.stderr.decode(errors='replace')[:2000]}")
    return json.loads(done.stdout)


def validate_tables(program, path, intervals):
    """Published figures from a CSV; groups are by what the page shows them by."""
    left = Counter()
    cases = published.convert(published.read(path), "AB", left)
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(cases, file)
        file.flush()
        found = validate(program, [file.name], intervals)
    by_id = {x["id"]: x for x in cases}
    found["groups"] = accuracy_page.figure_groups(found["cases"], by_id)
    found["left"] = left
    return found


def measure(program, folder, intervals):
    """Section name -> validation; sections whose tables are absent are left out."""
    found = {"published figures": validate(program, [], intervals)}
    if folder is not None:
        cases = str(folder / "cases" / "service.json")
        found["deployments"] = validate(program, [cases], intervals)
        found["deployments over time"] = validate(program, [cases, "--verb", "simulate"], intervals)
        found["published tables"] = validate_tables(program, folder / "measured.csv", intervals)
        found["operators"] = validate(program, ["--ops", str(folder / "ops")], intervals)
        found["operator figures"] = validate(program, [str(folder / "measured.csv")], intervals)
        found["left out"] = left_out(program, folder, intervals)
    return found


def traits(folder):
    """Deployment id -> (mode, system, engine)."""
    cases = json.loads((folder / "cases" / "service.json").read_text(encoding="utf-8"))
    found = {}
    for case in cases:
        deployment = case["scenario"].get("deployment", {})
        apart = "decode" in deployment or deployment.get("mode") == "disaggregated"
        system = case["scenario"]["system"]
        found[case["id"]] = ("disaggregated" if apart else "aggregated",
                             system["id"] if isinstance(system, dict) else system,
                             case["scenario"]["engine"])
    return found


def reprints(folder):
    """Held-out deployments whose very measurement stands a second time among those marked fit."""
    cases = json.loads((folder / "cases" / "service.json").read_text(encoding="utf-8"))
    fitted = {json.dumps(x["measured"], sort_keys=True) for x in cases if x["fit"]}
    return sum(not x["fit"] and json.dumps(x["measured"], sort_keys=True) in fitted for x in cases)


def peer_predictions(folder):
    """(id, metric) -> what AIConfigurator predicts; None when its file is absent."""
    path = folder / "cases" / "aiconfigurator_predictions.csv"
    if not path.is_file():
        return None
    found = {}
    with open(path, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            for metric in ("ttft_mean_s", "tpot_mean_s"):
                if row.get(metric):
                    found[row["id"], metric] = float(row[metric])
    return found


def digest(section, validation):
    """Group -> n, MAPE, median of held-out rows; numbers as the page prints them."""
    return {name: {"n": score["n"], "mape": round(100 * score["mape"], 1),
                   "median": round(100 * score["median"], 1)}
            for name, score in accuracy_page.groups(section, validation).items()}


def compare(name, old, new):
    """What of one section changed: (errors that grew, other differences)."""
    grew, stale = [], []
    for group in [*old, *(x for x in new if x not in old)]:
        if group not in old or group not in new:
            stale.append(f"{name}: {group}: {'is gone' if group in old else 'is new'}")
            continue
        if old[group]["n"] != new[group]["n"]:
            stale.append(f"{name}: {group}: n {old[group]['n']} -> {new[group]['n']}")
        for key in ("mape", "median"):
            was, now = old[group][key], new[group][key]
            text = f"{name}: {group}: {key} {was:.1f} % -> {now:.1f} %"
            if now > was + GREW + 1e-9:
                grew.append(text)
            elif abs(now - was) > STALE + 1e-9:
                stale.append(text)
    return grew, stale


def page_faults(committed, page):
    """Groups whose row the page does not show with the committed numbers."""
    faults = []
    for section, groups in committed.items():
        for group, score in groups.items():
            row = accuracy_page.start_of_row(section, group, score)
            if row not in page:
                faults.append(f"{section}: {group}: docs/accuracy.md has no row \"{row}\"")
    return faults


def check(program):
    """Cases (name, outcome, detail): program and committed page held against each other."""
    committed = json.loads((ROOT / "docs" / "accuracy.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    faults = page_faults(committed, page)
    yield "page shows accuracy.json", FAILED if faults else PASSED, "\n".join(faults)
    try:
        found = measure(program, tables(), False)
    except (RuntimeError, OSError, ValueError, subprocess.TimeoutExpired) as error:
        yield "validate runs", FAILED, str(error)
        return
    for section in SECTIONS:
        if section not in found:
            yield section, SKIPPED, ("the tables of measurements are absent (MUSTER_TABLES): "
                                     "errors were not checked")
            continue
        grew, stale = compare(section, committed.get(section, {}), digest(section, found[section]))
        yield (f"{section}: no error grew", FAILED if grew else PASSED,
               "\n".join(grew))
        yield (f"{section}: page is fresh", FAILED if stale else PASSED,
               "\n".join([*stale, "rerun: make accuracy"]))


def write(program):
    """Measures and rewrites page, plots and numbers."""
    folder = tables()
    if folder is None:
        print("accuracy: the tables of measurements are absent; set MUSTER_TABLES to their folder",
              file=sys.stderr)
        return 1
    found = measure(program, folder, True)
    kinds = traits(folder)
    committed = {section: digest(section, found[section]) for section in SECTIONS}
    docs = ROOT / "docs"
    files = {
        "accuracy.json": json.dumps(committed, indent=1) + "\n",
        "accuracy.md": accuracy_page.page(found, kinds, peer_predictions(folder), reprints(folder)),
        "accuracy-tpot.svg": accuracy_plots.deployments(found["deployments"], kinds, "tpot_mean_s"),
        "accuracy-ttft.svg": accuracy_plots.deployments(found["deployments over time"], kinds,
                                                        "ttft_mean_s"),
        "accuracy-operators.svg": accuracy_plots.operators(found["operators"]),
    }
    for name, text in files.items():
        (docs / name).write_text(text, encoding="utf-8")
    faults = page_faults(committed, files["accuracy.md"])
    sys.stderr.writelines(f"accuracy: {x}\n" for x in faults)
    return 1 if faults else 0


def main(arguments):
    if arguments[:1] == ["--check"] and len(arguments) == 2:
        failed = False
        for name, outcome, detail in check(arguments[1]):
            failed = failed or outcome == FAILED
            print(f"{outcome.upper()} {name}")
            if outcome != PASSED:
                print("    " + detail.replace("\n", "\n    "))
        return 1 if failed else 0
    if len(arguments) > 1 or any(x.startswith("-") for x in arguments):
        print(__doc__, file=sys.stderr)
        return 2
    return write(arguments[0] if arguments else ROOT / "build" / "muster")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
