#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The JSON contract: the keys that other programs rely on, and intervals that hold their value.
set -euo pipefail
flags="--model llama-3.1-8b --input 1024 --output 128 --uncertainty 16 --json"
muster predict $flags --system hgx-h20 > "$SCRATCH/predict"
muster plan $flags --system hgx-h20 > "$SCRATCH/plan"
muster plan $flags --system hgx-h20 --rate 5/s --requests 300 --verify > "$SCRATCH/verified"
muster match $flags hgx-h100 --with hgx-h20 > "$SCRATCH/match"
muster simulate $flags --system hgx-h20 --rate 5/s --requests 300 > "$SCRATCH/simulate"
muster fabric hgx-h20 --collective all-reduce --fail link:0 --uncertainty 16 --json \
    > "$SCRATCH/fabric"
python3 - "$SCRATCH" << 'END'
import json, sys

PREDICT = {
    "scenario": (), "ttft_s": (), "power_w": (), "energy_per_output_token_j": (), "chips": (),
    "prefill": ("step_s", "tokens_per_s_per_chip", "tokens_per_s", "batch_tokens", "breakdown"),
    "decode": ("step_s", "tpot_s", "tokens_per_s_per_chip", "tokens_per_s", "batch", "breakdown"),
    "power": ("idle_w", "compute_w", "memory_w", "links_w", "optics_w", "hosts_w", "cooling_w",
              "conversion_w", "facility_w", "total_w", "rack_w", "output_tokens_per_s_per_kw"),
    "throughput": ("output_tokens_per_s", "total_tokens_per_s", "requests_per_s"),
    "memory": ("weights_bytes", "kv_bytes", "activations_bytes", "capacity_bytes"),
}


def read(name):
    with open(f"{sys.argv[1]}/{name}") as file:
        return json.load(file)


PARTS = ("idle_w", "compute_w", "memory_w", "links_w", "optics_w", "hosts_w", "cooling_w",
         "conversion_w")


def check_power(answer, where):
    power = answer["power"]
    inside = sum(power[part]["value"] for part in PARTS)
    assert abs(inside - answer["power_w"]["value"]) <= 1e-12 * inside, f"{where}: {inside}"
    whole = inside + power["facility_w"]["value"]
    assert abs(whole - power["total_w"]["value"]) <= 1e-12 * whole, f"{where}: {whole}"


def check_predict(answer, where):
    check_power(answer, where)
    for key, inner in PREDICT.items():
        assert key in answer, f"{where}.{key} is missing"
        for name in inner:
            assert name in answer[key], f"{where}.{key}.{name} is missing"


def check_quantities(value, where):
    if isinstance(value, dict) and {"value", "low", "high"} <= set(value):
        assert value["low"] <= value["value"] <= value["high"], f"{where}: {value}"
        assert "unit" in value, f"{where}: no unit"
    elif isinstance(value, dict):
        for key, inner in value.items():
            check_quantities(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            check_quantities(inner, f"{where}[{i}]")


predict, plan, match = read("predict"), read("plan"), read("match")
check_predict(predict, "predict")
for key in ("best", "candidates", "evaluated", "pareto", "seconds"):
    assert key in plan, f"plan.{key} is missing"
check_predict(plan["best"], "plan.best")
for i, point in enumerate(plan["pareto"]):
    check_predict(point, f"plan.pareto[{i}]")
verified = read("verified")
assert set(plan) < set(verified), "plan --verify lost a key"
assert verified["verified"][0]["best"] is True
for i, one in enumerate(verified["verified"]):
    for key in ("best", "pareto", "traffic", "steady", "simulated", "keeps_slo", "verdict", "why"):
        assert key in one, f"verified[{i}].{key} is missing"
    assert one["pareto"] is None or one["pareto"] < len(verified["pareto"])
    assert one["simulated"]["requests"] == 300
    for key in ("ttft_s", "tpot_s", "output_tokens_per_s", "requests_per_s"):
        assert key in one["steady"] and key in one["simulated"], f"verified[{i}]: {key}"
assert verified["verified"][verified["verified_best"]]["keeps_slo"] is True
for key in ("reference", "matched", "chips", "ratio", "power_ratio", "cost_ratio", "bottleneck"):
    assert key in match, f"match.{key} is missing"
simulate = read("simulate")
for key in ("requests", "duration_s", "ttft_s", "tpot_s", "e2e_s", "goodput",
            "output_tokens_per_s", "steps", "wall_s", "scenario", "engines", "steady"):
    assert key in simulate, f"simulate.{key} is missing"
for key in ("ttft_s", "tpot_s", "itl_s", "e2e_s"):
    for name in ("mean", "p50", "p90", "p99"):
        check_quantities(simulate[key][name], f"simulate.{key}.{name}")
        assert simulate[key][name]["unit"] == "s", f"simulate.{key}.{name}"
check_predict(match["reference"], "match.reference")
check_predict(match["matched"], "match.matched")
check_power(simulate, "simulate")
fabric = read("fabric")
for key in ("system", "name", "chips", "ranks", "ranks_per_chip", "networks", "availability",
            "broken", "traffic", "warnings"):
    assert key in fabric, f"fabric.{key} is missing"
for i, network in enumerate(fabric["networks"]):
    for key in ("name", "shape", "switches", "bandwidth_per_rank", "bisection", "diameter",
                "diameter_latency_s", "links"):
        assert key in network, f"fabric.networks[{i}].{key} is missing"
for key in ("time_s", "algorithm_bandwidth", "bus_bandwidth", "contention", "wire_s",
            "closed_form_s", "bound_s", "hottest"):
    assert key in fabric["traffic"], f"fabric.traffic.{key} is missing"
for name, answer in (("fabric", fabric), ("predict", predict), ("plan", plan), ("match", match),
                     ("simulate", simulate), ("verified", verified)):
    check_quantities(answer, name)
END
