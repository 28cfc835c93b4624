#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a CSV of published figures into cases that `muster validate` reads.

    tools/published.py FIGURES.csv [-o CASES.json] [--trust AB]

One row is one value under its conditions; rows that differ in nothing but metric and value become
one case. Columns: id, task, model, chip, chips, parallelism, dtype_weights, dtype_kv, engine,
input_len, output_len, batch_global, batch_per_chip, concurrency, slo, metric, value, unit, notes
(docs/validate.md says what each means). What a column leaves open is read by one rule for each kind
of row, never for a single one. Rows that no scenario says are left out and counted by reason on
stderr; names are handed on as they are, so that muster itself answers an unknown one with the
nearest it knows.

Terms: group = what stands before the number in a row's id, a source; trust = the class of a group
in the guide of the collection, A and B (measured by a script or typed from a primary page) if it
is not named here.
"""
import collections
import csv
import difflib
import hashlib
import json
import re
import sys

# Sources whose primary text could not be read (C) or that are bars of regression tests (D).
TRUST = {**dict.fromkeys(("CM384", "XDS", "STRATA", "PANGU", "STEP3", "FA4", "CNPRESS"), "C"),
         **dict.fromkeys(("VASCN", "SGLNPU"), "D")}

# Requests in all by input and output length, as TensorRT-LLM's performance pages say they used.
TRT_REQUESTS = {(128, 128): 30000, (128, 2048): 3000, (128, 4096): 1500, (500, 2000): 3000,
                (1000, 1000): 3000, (1000, 2000): 1500, (1024, 2048): 1500, (2048, 128): 3000,
                (2048, 2048): 1500, (5000, 500): 1500, (20000, 2000): 1000, (1024, 1024): 3000,
                (8192, 1024): 1500, (1024, 8192): 1500, (32768, 1024): 1000, (1024, 32768): 1000}

# Lengths that rows leave out because the data set is named instead: mean input tokens.
INPUTS = (("mean input about 778", 778), ("mean input about 9.4k", 9400),
          ("OpenOrca prompts", 294))
# Outputs from hundreds to twenty thousand tokens: the longest, not the mean, set the pace.
SPREAD = "reasoning mix"

ENGINES = (("mindie", "mindie"), ("vllm-ascend", "vllm-ascend"),
           ("vllm (early", "vllm-0.2"), ("vllm", "vllm"), ("sglang", "sglang"), ("mango", "vllm"),
           ("chitu", "chitu"), ("cloudmatrix-infer", "mindie"), ("xdeepserve", "mindie"))

# TensorRT-LLM's backend; before it, and in MLPerf, engines were built ahead of time. The first
# releases were measured with static batches.
PYTORCH_SINCE = (0, 20)
BATCHED_SINCE = (0, 10)

# The server that a chip is sold in, where it is also part of larger systems.
SYSTEMS = {"ascend-910b": "atlas-900-a2", "ascend-910c": "cloudmatrix-384",
           "kunlun-p800": "p800-8", "t-head-ppu-zw810e": "ppu-16", "hygon-dcu-64gb": "hygon-k100-8",
           "a800-sxm-40gb": "hgx-a100", "l40s-48gb": "l40s-server"}

# Weights, inputs of linear layers, experts; None leaves it to the model's own format.
FORMATS = {"fp16": ("fp16", None, None), "bf16": ("bf16", None, None), "fp32": ("fp32", None, None),
           "bf16/fp16": ("bf16", None, None), "fp8": ("fp8", None, None),
           "fp4": ("fp4", None, None), "nvfp4": ("fp4", None, None), "mxfp4": ("fp4", None, None),
           "nvfp4 experts": ("fp4", None, None), "int4 experts": (None, None, "int4"),
           "nvfp4 (moe/dense ffn), bf16 attention": ("bf16", None, "fp4"),
           "int8": ("int8", "int8", None), "w8a8": ("int8", "int8", None),
           "w8a8_dynamic": ("int8", "int8", None), "w8a8_static": ("int8", "int8", None),
           "int8-weight-only": ("int8", "bf16", None), "uint4": ("int4", None, None),
           "w4a8": ("int8", "int8", "int4"), "w4a8_dynamic": ("int8", "int8", "int4"),
           "": (None, None, None)}

# metric -> (measure, what one unit of the row is of the measure's)
DIRECT = {"output_throughput": ("output_tokens_per_s", 1),
          "output_throughput_per_chip": ("output_tokens_per_s_per_chip", 1),
          "total_token_throughput": ("total_tokens_per_s", 1),
          "total_throughput_per_chip": ("total_tokens_per_s_per_chip", 1),
          "ttft_mean": ("ttft_mean_s", 1e-3), "ttft": ("ttft_mean_s", 1e-3),
          "ttft_median": ("ttft_p50_s", 1e-3), "ttft_p50": ("ttft_p50_s", 1e-3),
          "tpot_mean": ("tpot_mean_s", 1e-3), "tpot": ("tpot_mean_s", 1e-3),
          "tpot_median": ("tpot_p50_s", 1e-3), "tpot_p50": ("tpot_p50_s", 1e-3),
          "itl_mean": ("tpot_mean_s", 1e-3), "itl_median": ("tpot_p50_s", 1e-3),
          "e2e_mean": ("e2e_mean_s", 1e-3), "batch_latency": ("e2e_mean_s", 1)}
POOL = {"output_throughput_per_chip": ("decode_tokens_per_s_per_chip", 1),
        "tpot": ("tpot_mean_s", 1e-3), "tpot_mean": ("tpot_mean_s", 1e-3)}

# Published in a narrow format: what a row calls its weights is how the engine multiplies them.
NARROW = ("gpt-oss",)

COLUMNS = ("id", "source", "task", "model", "chip", "chips", "nodes", "parallelism",
           "dtype_weights", "dtype_kv", "engine", "input_len", "output_len", "batch_global",
           "batch_per_chip", "concurrency", "slo", "metric", "value", "unit", "notes")
CONFIGURATION = ("model", "chip", "chips", "parallelism", "dtype_weights", "input_len",
                 "output_len", "batch_global", "batch_per_chip", "concurrency")
OWN = ("id", "metric", "value", "unit")  # columns in which rows of one case differ


class Left(Exception):
    """A row that no scenario says; the text is the reason."""


def number(text):
    """The one number of a cell; None when there is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value > 0 and value == value and value != float("inf") else None


def need(row, column):
    value = number(row[column])
    if value is None:
        raise Left(f"{column} is not said")
    return value


def group_of(row):
    return row["id"].rpartition("-")[0] or row["id"]


def chip_of(row):
    """(chip as the catalogue writes it, packages one unit of the row is)."""
    name = row["chip"].strip()
    if not name:
        raise Left("the chip is not said")
    share = 1.0
    if name.endswith(" die"):
        name, share = name[:-4], 0.5
    return name.lower().replace(" ", "-"), share


def model_of(row):
    name = row["model"].strip()
    if not name:
        raise Left("the model is not said")
    return name.replace("V3/R1", "V3").replace(" ", "-")


def degrees(text):
    """tp, pp, dp, ep, cp of one role; words that say nothing of the cut are passed over."""
    found = {}
    for key, value in re.findall(r"\b(attn_dp|tp|pp|dp|ep|cp)\s*=\s*(\d+)", text):
        found["dp" if key == "attn_dp" else key] = int(value)
    return found


def roles(row):
    """{role: degrees} as the row cuts them; {} when it says nothing."""
    text = row["parallelism"]
    if "prefill" in text and "decode" in text:
        cut = {}
        for part in text.split(";decode" if ";decode" in text else "decode", 1):
            cut["decode" if cut else "prefill"] = part
        count = re.search(r"(\d+)\s*(?:prefill instances|x\()", cut["prefill"])
        found = {role: degrees(part) for role, part in cut.items()}
        if count:
            found["prefill"]["instances"] = int(count.group(1))
        if not (found["prefill"] and found["decode"]):
            raise Left("the cut of its roles is not said")
        return found
    found = degrees(text)
    return {"serve": found} if found else {}


def complete(cut, experts_by_data):
    """Ranks hold experts too: ep x moe_tp = tp x dp, or no expert parallelism is meant."""
    cut = {key: value for key, value in cut.items() if value > 1 or key == "tp"}
    ranks = cut.get("tp", 1) * cut.get("dp", 1)
    if experts_by_data and "dp" not in cut and ranks > 1:
        return {**{k: v for k, v in cut.items() if k != "tp"}, "dp": ranks, "ep": ranks}
    ep = cut.get("ep", 1)
    if ep > 1 and ranks == 1:
        cut["dp"] = ranks = ep
    if ep > 1 and ranks % ep:
        raise Left("ep does not divide tp x dp")
    if ep > 1 and ranks > ep:
        cut["moe_tp"] = ranks // ep
    return cut


def precision(row):
    name = row["dtype_weights"].strip().lower()
    if "config runs quantised" in row["notes"] or group_of(row) == "MLI41":
        name = "fp8"  # MLPerf v4.1 logs call the weights before quantisation
    if name not in FORMATS:
        raise Left(f"weights {row['dtype_weights']}")
    weights, activations, experts = FORMATS[name]
    if row["model"].lower().startswith(NARROW):
        weights = activations = None
    kv = row["dtype_kv"].strip().lower()
    said = {"weights": weights, "activations": activations, "experts": experts,
            "kv": kv if kv in ("fp8", "bf16", "fp16", "int8") else None}
    return {key: value for key, value in said.items() if value}


def drafts(row):
    """{mtp, acceptance} of speculative decoding, as the notes say."""
    notes = row["notes"]
    if "cumulative" in notes:
        raise Left("one step of an engine under development, its drafts not said")
    if re.search(r"\b(no (MTP|speculation)|speculation: none|num_mtp_tokens 0)\b", notes):
        return {}
    count = re.search(r"(?:NEXTN|EAGLE3?) (\d+) step|(\d+) speculative token|num_mtp_tokens (\d+)|"
                      r"speculat\w*,? (\d+) tokens|decoding, (\d+) tokens", notes)
    if count is None:
        if re.search(r"\bMTP\b|DSpark|more MTP|fewer MTP", notes):
            raise Left("the number of drafts is not said")
        return {}
    found = {"mtp": next(int(x) for x in count.groups() if x)}
    rate = re.search(r"accept rate ([\d.]+)%", notes)
    if rate:
        found["acceptance"] = float(rate.group(1)) / 100
    return found


def offered(row):
    """What of a load the row says: {concurrency} or {rate}; {} = as many as fit."""
    told = number(row["concurrency"])
    if told:
        return {"concurrency": int(told)}
    text = row["notes"] + ";" + row["slo"]
    rate = re.search(r"(?:target_qps=|qps=|request rate |stage rates )([\d./]+|INF)", text)
    if rate and "/" in rate.group(1).rstrip("/"):
        raise Left("several request rates in one figure")
    if rate and rate.group(1) != "INF":
        return {"rate": float(rate.group(1).rstrip("/."))}
    told = number(row["batch_global"])
    return {"concurrency": int(told)} if told else {}


def in_all(row, given, output):
    """{requests} of a run that has an end, where its source says how many."""
    told = re.search(r"([\d,]+) (?:requests|prompts|\w+-like requests)", row["notes"])
    count = int(told.group(1).replace(",", "")) if told else None
    if count is None and "TensorRT-LLM perf" in row["source"]:
        count = TRT_REQUESTS.get((given, output))
    ends = row["task"] == "serve_offline" or "qps=" in row["notes"]
    return {"requests": count} if count and ends else {}


def lengths(row):
    if SPREAD in row["notes"]:
        raise Left("outputs of very different length")
    given = number(row["input_len"])
    if given is None:
        given = next((n for word, n in INPUTS if word in row["notes"]), None)
    if given is None:
        raise Left("input_len is not said")
    output = number(row["output_len"])
    hits = re.search(r"prefix hit (\d+)%|(\d+)% (?:prefix hits|shared prefix)", row["notes"])
    if "prefix caching on" in row["notes"] or "multi-turn" in row["notes"]:
        raise Left("turns share a growing prefix: no steady length")
    found = {"input": round(given), "output": round(output) if output else None}
    if number(row["batch_global"]) is None and output:
        found.update(in_all(row, round(given), round(output)))
    if hits:
        found["prefix_hit"] = int(next(x for x in hits.groups() if x)) / 100
    return found


def engine_of(row):
    name = row["engine"].lower()
    if "tensorrt" in name:
        told = re.search(r"tensorrt-llm (\d+)\.(\d+)", name)
        if told is None:
            return "trtllm-mlperf"
        version = tuple(int(x) for x in told.groups())
        if version < PYTORCH_SINCE:
            return "trtllm-0.9" if version < BATCHED_SINCE else "trtllm-cpp"
        return "trtllm-offline" if row["task"] == "serve_offline" else "trtllm"
    return next((engine for word, engine in ENGINES if word in name), None)


def base(row):
    """Scenario without load and cut; number of packages."""
    chip, share = chip_of(row)
    scenario = {"model": model_of(row), "system": {"id": SYSTEMS.get(chip, chip)}}
    engine = engine_of(row)
    if engine:
        scenario["engine"] = engine
    formats = precision(row)
    if formats:
        scenario["precision"] = formats
    return scenario, share


def limits(row):
    found = {}
    for key, value in re.findall(r"(TTFT|TPOT)(?: p99)?\s*(?:<=)?\s*(\d+)\s*ms", row["slo"]):
        found[key.lower()] = f"{value}ms"
    return found


def in_flight(load, measured, output):
    """Requests in flight by Little's law; None when something to count them by is missing."""
    first, each = measured.get("ttft_mean_s"), measured.get("tpot_mean_s")
    if not ("rate" in load and first and each):
        return None
    return max(round(load["rate"] * (first + (output - 1) * each)), 1)


def service(row, metrics):
    """A case of a whole deployment under load."""
    scenario, share = base(row)
    scenario["workload"] = lengths(row)
    if scenario["workload"]["output"] is None:
        raise Left("output_len is not said")
    load = offered(row)
    cut = roles(row)
    chips = number(row["chips"])
    if chips is None and not cut:
        raise Left("the number of chips is not said")
    by_data = "attention DP and --ep" in row["notes"]
    deployment = {}
    if not cut:  # searched, but for drafts: only where a row says so
        deployment["serve"] = {"mtp": 0}
    for role, said in cut.items():
        deployment[role] = {**complete(said, by_data), **(drafts(row) if role != "prefill" else {})}
    if not cut and drafts(row):
        raise Left("drafts without a cut")
    if chips is not None:
        scenario["system"]["chips"] = max(round(chips * share), 1)
    if "serve" in cut and chips is not None:
        ranks = 1
        for key in ("tp", "pp", "dp", "cp"):
            ranks *= deployment["serve"].get(key, 1)
        per_chip = 2 if "910c" in row["chip"].lower() else 1
        copies = scenario["system"]["chips"] * per_chip // ranks
        if copies > 1:
            deployment["serve"]["instances"] = copies
        if "max_num_batched_tokens" in row["parallelism"]:
            budget = re.search(r"max_num_batched_tokens=(\d+)", row["parallelism"])
            deployment["serve"]["batch_tokens"] = int(budget.group(1))
    measured = {}
    for metric, value in metrics:
        if metric not in DIRECT:
            raise Left(f"metric {metric}")
        measure, unit = DIRECT[metric]
        measured[measure] = value * unit
    rates = {k: v for k, v in measured.items() if not k.endswith("_s") or "tokens_per_s" in k}
    times = {k: v for k, v in measured.items() if k not in rates}
    if "as logged" in row["slo"]:
        # MLPerf: the largest rate that met the limit; latencies with as many in flight as then.
        made = [({"slo": limits(row)}, rates)] if rates else []
        flight = in_flight(load, measured, scenario["workload"]["output"])
        made += [({"concurrency": flight}, times)] if flight else []
    elif not load and times and row["task"] == "serve_online":
        made = [({}, rates)] if rates else []  # a burst: its latencies are those of a queue
        if not rates:
            raise Left("latency of a burst of requests")
    else:
        made = [(load, measured)]
    for said, values in made:
        case = json.loads(json.dumps(scenario))
        limit = said.pop("slo", None)
        case["workload"].update(said)
        if limit:
            case["slo"] = limit
        if deployment:
            roles_said = {"mode": "aggregated" if "serve" in deployment else "disaggregated",
                          **deployment}
            case["deployment"] = roles_said
        yield case, values


def pool(row, metrics):
    """A case of one phase: a static batch, or one pool of a disaggregated deployment."""
    scenario, share = base(row)
    scenario["workload"] = lengths(row)
    cut = roles(row)
    if "serve" not in cut:
        raise Left("the cut of the pool is not said")
    cut = complete(cut["serve"], False)
    groups = cut.get("dp", 1)
    ranks = groups * cut.get("tp", 1) * cut.get("pp", 1) * cut.get("cp", 1)
    chips = number(row["chips"])
    batch = number(row["batch_global"])
    each = number(row["batch_per_chip"])
    measured = {}
    if row["task"] == "decode":
        if scenario["workload"]["output"] is None:
            scenario["workload"]["output"] = 2  # at this context
        if batch is None and each is None:
            raise Left("the decode batch is not said")
        batch = batch if batch is not None else each * ranks * share
        decode = {**cut, **drafts(row), "batch": max(round(batch / groups), 1)}
        if "two microbatches" in row["notes"] or "two-batch overlap on" in row["notes"]:
            decode["microbatches"] = 2
        prefill = {**cut, "instances": 1}
        for metric, value in metrics:
            if metric == "output_rate_per_user":
                measured["tpot_mean_s"] = 1 / value
            elif metric == "output_throughput_per_node":
                per_node = chips / need(row, "nodes")
                measured["decode_tokens_per_s_per_chip"] = value / per_node
            elif metric == "output_throughput":
                measured["decode_tokens_per_s_per_chip"] = value / need(row, "chips")
            elif metric == "step_time":
                measured["step_s"] = value * 1e-3
            elif metric in POOL:
                measure, unit = POOL[metric]
                measured[measure] = value * unit
            else:
                raise Left(f"metric {metric}")
    else:
        tokens = each * share if each is not None and each >= 1024 else None
        scenario["workload"]["output"] = scenario["workload"]["output"] or 2
        size = scenario["workload"]["input"]
        # A batch goes as one step, as a prompt alone does; a rate alone is of full steps.
        prompts = batch if batch is not None else groups
        prefill = dict(cut)
        if tokens is not None or batch is not None or "ttft" in (m for m, _ in metrics):
            prefill["batch_tokens"] = round(tokens or prompts / groups * size)
        decode = {**cut, "instances": 1, "batch": 1}
        if "two-batch" in row["notes"]:
            prefill["microbatches"] = 2
        for metric, value in metrics:
            if metric in ("ttft", "step_time"):
                unit = 1e-3 if row["unit"] == "ms" else 1
                per_chip = prompts * size / (value * unit) / need(row, "chips") * (1 / share)
                measured["prefill_tokens_per_s_per_chip"] = per_chip
            elif metric == "input_throughput_per_chip":
                measured["prefill_tokens_per_s_per_chip"] = value / share
            elif metric == "input_throughput_per_node":
                measured["prefill_tokens_per_s_per_chip"] = value * need(row, "nodes") / chips
            elif metric == "input_throughput":
                measured["prefill_tokens_per_s_per_chip"] = value / need(row, "chips")
            else:
                raise Left(f"metric {metric}")
    if "profile" in row["notes"].lower():
        scenario["engine"] = "profile"
    scenario["deployment"] = {"mode": "disaggregated", "prefill": prefill, "decode": decode}
    yield scenario, measured


def held_out(row):
    """Half of all configurations, by a hash: models and engines are looked at on the rest."""
    said = "|".join(row[column].strip().lower() for column in CONFIGURATION)
    return hashlib.sha256(said.encode()).digest()[0] < 128


PERCENTILE = re.compile(r"_p9\d$")


def convert(rows, trust, left):
    """Cases of the rows; reasons of what was left out are counted in `left`."""
    together = collections.OrderedDict()
    for row in rows:
        together.setdefault(tuple(v for k, v in row.items() if k not in OWN), []).append(row)
    cases = []
    for rows_of_case in together.values():
        row = rows_of_case[0]
        task = row["task"]
        grade = TRUST.get(group_of(row), "A")
        try:
            if grade not in trust and not (grade == "A" and "B" in trust):
                raise Left(f"trust class {grade}")
            if task == "train_step":
                raise Left("training is not predicted")
            if "(power capped)" in row["notes"]:
                raise Left("chips under a power cap")
            if task.startswith(("op_", "comm_")):
                raise Left("an operator: see muster validate --ops")
            if task not in ("prefill", "decode", "serve_offline", "serve_online"):
                raise Left(f"task {task}")
            metrics = []
            for each in rows_of_case:
                value = number(each["value"])
                if PERCENTILE.search(each["metric"]):
                    left["a percentile: steady state knows means"] += 1
                elif value is None:
                    left["no positive value"] += 1
                else:
                    metrics.append((each["metric"], value))
            if not metrics:
                continue
            make = pool if task in ("prefill", "decode") else service
            made = list(make(row, metrics))
            for part, (scenario, measured) in enumerate(made):
                name = row["id"] + ("" if len(made) == 1 else "ab"[part])
                fit = not held_out(row)
                cases.append({"id": name, "source": group_of(row).lower(),
                              "date": row.get("date", ""), "engine_version": row["engine"],
                              "fit": fit, "verb": "predict", "scenario": scenario,
                              "measured": measured})
        except Left as reason:
            left[str(reason)] += len(rows_of_case)
    return cases


def read(path):
    """Rows of a CSV; raises ValueError with file and line for what is no such table."""
    with open(path, encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        names = reader.fieldnames or []
        for column in COLUMNS:
            if column not in names:
                near = difflib.get_close_matches(column, names, 1)
                hint = f'; is "{near[0]}" it?' if near else ""
                raise ValueError(f'{path}:1: expected a column "{column}"{hint}')
        rows = []
        for row in reader:
            if None in row or None in row.values():
                raise ValueError(f"{path}:{reader.line_num}: expected {len(names)} cells, as the "
                                 "first line has")
            rows.append(row)
    return rows


def main(arguments):
    trust, out, paths = "AB", None, []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--trust":
            trust = next(rest, "").upper()
        elif argument == "-o":
            out = next(rest, "")
        else:
            paths.append(argument)
    if len(paths) != 1 or paths[0].startswith("-") or not trust or out == "":
        print(__doc__, file=sys.stderr)
        return 2
    try:
        rows = read(paths[0])
    except (OSError, ValueError, csv.Error) as error:
        print(f"published: {error}", file=sys.stderr)
        return 3
    left = collections.Counter()
    cases = convert(rows, trust, left)
    text = json.dumps(cases, indent=1) + "\n"
    try:
        if out:
            with open(out, "w", encoding="utf-8") as file:
                file.write(text)
        else:
            sys.stdout.write(text)
    except OSError as error:
        print(f"published: {error}", file=sys.stderr)
        return 4
    print(f"{len(rows)} rows: {len(cases)} cases, "
          f"{sum(len(c['measured']) for c in cases)} measurements", file=sys.stderr)
    for reason, count in left.most_common():
        print(f"  {count:5d} left out: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
