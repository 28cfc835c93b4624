# SPDX-License-Identifier: Apache-2.0
"""Does tools/published.py read rows as docs/validate.md says? Worked by hand."""
import collections
import os
import tempfile

import published

EMPTY = dict.fromkeys(published.COLUMNS, "")
ROW = {**EMPTY, "id": "X-1", "task": "serve_offline", "model": "Llama-3.1-70B",
       "chip": "H100-SXM-80GB", "chips": "4", "parallelism": "tp=4;pp=1", "dtype_weights": "FP8",
       "engine": "TensorRT-LLM 1.0", "input_len": "128", "output_len": "2048",
       "metric": "output_throughput", "value": "100"}


def one(**cells):
    """The only case of one row; the reason when it is left out."""
    left = collections.Counter()
    cases = published.convert([{**ROW, **cells}], "AB", left)
    return cases[0] if cases else next(iter(left))


def at(case, path):
    """What a case's scenario says under a dotted path; None when it says nothing."""
    node = case["scenario"] if isinstance(case, dict) else {}
    for key in path.split("."):
        node = node.get(key) if isinstance(node, dict) else None
    return node


# (name, cells of the row, path in the scenario, what is there)
SCENARIOS = [
    ("the most there is", {}, "workload", {"input": 128, "output": 2048}),
    ("the cut", {}, "deployment.serve", {"tp": 4}),
    ("the engine", {}, "engine", "trtllm-offline"),
    ("one with a server", {"task": "serve_online", "concurrency": "8"}, "engine", "trtllm"),
    ("one built ahead of time", {"engine": "TensorRT-LLM 0.14"}, "engine", "trtllm-cpp"),
    ("an early one", {"engine": "TensorRT-LLM 0.9.0"}, "engine", "trtllm-0.9"),
    ("MLPerf's", {"engine": "TensorRT 10.2, CUDA 12.4"}, "engine", "trtllm-mlperf"),
    ("copies of a cut", {"parallelism": "tp=1"}, "deployment.serve.instances", 4),
    ("a static batch", {"batch_global": "64"}, "workload.concurrency", 64),
    ("a request rate", {"task": "serve_online", "notes": "concurrency: qps=8"}, "workload.rate", 8),
    ("attention by data", {"parallelism": "attn_dp=4;ep=4"}, "deployment.serve",
     {"dp": 4, "ep": 4}),
    ("experts cut by tensors, too", {"parallelism": "tp=4;ep=2"}, "deployment.serve",
     {"tp": 4, "ep": 2, "moe_tp": 2}),
    ("dies are half a chip", {"chip": "Ascend 910C die", "parallelism": "tp=4"}, "system",
     {"id": "cloudmatrix-384", "chips": 2}),
    ("weights alone", {"dtype_weights": "INT8-weight-only"}, "precision",
     {"weights": "int8", "activations": "bf16"}),
    ("drafts", {"notes": "suffix decoding, 3 tokens, accept rate 25%"}, "deployment.serve",
     {"tp": 4, "mtp": 3, "acceptance": 0.25}),
    ("a pool's batch is one of each group",
     {"task": "decode", "parallelism": "dp=4;ep=4", "batch_per_chip": "32", "metric": "tpot"},
     "deployment.decode", {"dp": 4, "ep": 4, "batch": 32}),
    ("two roles", {"parallelism": "2 prefill instances tp=8; decode tp=1;dp=8;ep=8"},
     "deployment", {"mode": "disaggregated", "prefill": {"tp": 8, "instances": 2},
                    "decode": {"tp": 1, "dp": 8, "ep": 8}}),
]

# (name, cells of the row, measured)
MEASURED = [
    ("a rate", {}, {"output_tokens_per_s": 100.0}),
    ("milliseconds", {"metric": "tpot_mean", "concurrency": "8"}, {"tpot_mean_s": 0.1}),
    ("a user's rate", {"task": "decode", "batch_global": "4", "metric": "output_rate_per_user"},
     {"tpot_mean_s": 0.01}),
    ("a prompt's time", {"task": "prefill", "metric": "ttft", "unit": "ms"},
     {"prefill_tokens_per_s_per_chip": 128 / 0.1 / 4}),
]

# (name, cells of the row, reason)
LEFT = [
    ("training", {"task": "train_step"}, "training is not predicted"),
    ("no length", {"input_len": ""}, "input_len is not said"),
    ("percentiles", {"metric": "tpot_p99"}, "a percentile: steady state knows means"),
    ("not a number", {"value": "nan"}, "no positive value"),
    ("a class not asked for", {"id": "CM384-1"}, "trust class C"),
    ("another chip than sold", {"notes": "chip as named by the source: H100 (power capped)"},
     "chips under a power cap"),
    ("an unknown metric", {"metric": "smell"}, "metric smell"),
    ("a cut that does not divide", {"parallelism": "tp=4;ep=3"}, "ep does not divide tp x dp"),
]


def read_fault(text):
    """What published.read says of a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        try:
            published.read(path)
        except ValueError as error:
            return str(error).removeprefix(path)
    return ""


def cases():
    """(name, error or empty text) of each test."""
    for name, cells, path, wanted in SCENARIOS:
        found = at(one(**cells), path)
        yield f"published: {name}", "" if found == wanted else f"{path}: {found}"
    for name, cells, wanted in MEASURED:
        case = one(**cells)
        found = case["measured"] if isinstance(case, dict) else case
        close = isinstance(found, dict) and found.keys() == wanted.keys() and all(
            abs(found[k] / v - 1) < 1e-12 for k, v in wanted.items())
        yield f"published: {name}", "" if close else f"{found}"
    for name, cells, wanted in LEFT:
        found = one(**cells)
        yield f"published: {name} is left out", "" if found == wanted else f"{found}"
    left = collections.Counter()
    rows = [ROW, {**ROW, "id": "X-2", "metric": "ttft_mean", "value": "9"}]
    found = published.convert(rows, "AB", left)
    yield "published: rows of one run are one case", "" if len(found) == 1 else f"{found}"
    head = ",".join(published.COLUMNS)
    fault = read_fault(head.replace("input_len", "inputlen") + "\n")
    yield ("published: a missing column is named with the nearest",
           "" if 'expected a column "input_len"; is "inputlen" it?' in fault else fault)
    fault = read_fault(f"{head}\n1,2,3\n")
    yield ("published: a short row is named", "" if fault.startswith(":2: expected") else fault)
