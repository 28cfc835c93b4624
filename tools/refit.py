#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refits data/calibration/*.yaml of chips from measured tables (MUSTER_TABLES/ops).

    tools/refit.py [PROGRAM] [CHIP...]     default build/muster and every chip that has tables

`muster calibrate` fits, starting from what the program was built with; this writes what it found
into the files that the catalogue is made of, and leaves alone what the rows do not determine. Build
again to take it up, then run tools/margins.sh.
"""
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "data" / "calibration"
TABLES = pathlib.Path(os.environ.get("MUSTER_TABLES", ROOT.parent / "shared" / "data")) / "ops"

# chip: folder of its tables, its calibrations
CHIPS = {
    "a100-sxm-80gb": ("a100", ["a100-sxm-80gb", "a100-sxm-80gb-attention"]),
    "h100-sxm": ("h100", ["h100-sxm", "h100-sxm-attention"]),
    "h800-sxm": ("h800", ["h800-sxm", "h800-sxm-attention"]),
    "b200-sxm": ("b200", ["b200-sxm", "b200-sxm-attention"]),
    "l40s": ("l40s", ["l40s", "l40s-attention"]),
    "ascend-910c": ("910b", ["ascend-910c-die", "ascend-910c-die-attention"]),
}
# What the first file of a chip holds; the second holds the rest.
PRODUCTS = ("gemm_", "batched_", "moe_", "stream_")
PRODUCT_ROWS = ("gemm_", "mla_gen_", "moe_", "grouped_gemm_", "quantise_", "stream_")
OF_NETWORK = ("nccl", "hccl", "custom_allreduce", "wideep_", "moe_fused_dispatch")
SURFACES = "surfaces:\n"
SURFACES_SAID = ("# Factors exp(s) on times, s in thousandths on grids over logarithms of the "
                 "shape.\n")
SPLIT = "seven rows in ten fitted, by a hash of the question; errors on the others"


def fit(program, chip, folder, file):
    tables = sorted(p for p in (TABLES / folder).iterdir()
                    if ".csv" in p.suffixes and not p.name.startswith(OF_NETWORK))
    known = [p for p in tables if not p.name.startswith("dsa_") or "_module" not in p.name]
    command = [program, "calibrate", *map(str, known), "--chip", chip, "--json", "-o", file]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        sys.exit(f"refit: {chip}: {answer.stderr.strip()}")
    return json.loads(answer.stdout)


def number(value):
    return f"{value:.4g}"


def error_lines(groups):
    lines = []
    for name, group in groups.items():
        told = group["after"] if group["after"]["n"] > 0 else group["cross_validated"]
        if group["fitted"] and told["n"] > 0:
            said = ", ".join(f"{k}: {told[k]:.3f}" for k in ("mape", "median", "p90", "bias"))
            lines.append(f"    {name}: {{n: {told['n']}, {said}}}\n")
    return lines


def entries(text):
    """Lines of `params:` or `surfaces:` by name; an entry may go over several lines."""
    found, name = {}, None
    for line in text.splitlines(keepends=True):
        start = re.match(r"  (\w+):", line)
        if start:
            name = start.group(1)
            found[name] = ""
        if name:
            found[name] += line
    return found


def rewrite(path, rows, errors, params, surfaces):
    text, _, grids = path.read_text().replace(SURFACES_SAID, "").partition(SURFACES)
    head, old = text.split("params:\n")
    head = re.sub(r"  date: .*\n", f"  date: {datetime.date.today()}\n", head)
    head = re.sub(r"  rows: .*\n", f"  rows: {rows}\n", head)
    head = re.sub(r"  split: .*\n", f'  split: "{SPLIT}"\n', head)
    head = re.sub(r"  errors:\n(    .*\n)*", lambda _: "  errors:\n" + "".join(errors), head)
    kept = entries(old)
    for name, found in params.items():
        if "grade:" in kept.get(name, ""):
            continue  # said by somebody else than these rows
        said = ", ".join(f"{k}: {number(found[k])}" for k in ("best", "low", "high"))
        kept[name] = f"  {name}: {{{said}}}\n"
    grids = entries(grids) | surfaces
    end = SURFACES_SAID + SURFACES + "".join(grids.values()) if grids else ""
    path.write_text(head + "params:\n" + "".join(kept.values()) + end)


def main():
    arguments = sys.argv[1:]
    program = arguments.pop(0) if arguments and arguments[0] not in CHIPS else "build/muster"
    for chip in arguments or CHIPS:
        if chip not in CHIPS:
            sys.exit(f"refit: unknown chip {chip}: expected one of {' '.join(CHIPS)}")
        folder, files = CHIPS[chip]
        with tempfile.TemporaryDirectory() as place:
            written = pathlib.Path(place) / "fit.yaml"
            found = fit(program, chip, folder, written)
            grids = written.read_text().partition(SURFACES)[2].partition("margins:\n")[0]
            surfaces = entries(grids)
        for i, file in enumerate(files):
            groups = {n: g for n, g in found["groups"].items()
                      if n.startswith(PRODUCT_ROWS) == (i == 0)}
            params = {n: p for n, p in found["params"].items()
                      if n.startswith(PRODUCTS) == (i == 0)}
            rows = sum(g["rows"] for g in groups.values() if g["fitted"])
            grids = {n: s for n, s in surfaces.items() if n.startswith(PRODUCTS) == (i == 0)}
            rewrite(DATA / f"{file}.yaml", rows, error_lines(groups), params, grids)
        print(f"refit: {chip}: {found['rows']} rows, {len(found['params'])} parameters, "
              f"{len(surfaces)} surfaces")


if __name__ == "__main__":
    main()
