#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures operators of one device with PyTorch and writes a table for `muster calibrate`.

    tools/measure/measure.py --device npu --minutes 20 --out mine.csv

Matrix products, prefill and decode attention (scaled_dot_product_attention) and streams (copy, add,
norm) over a spread of sizes; each is warmed up, then timed between two synchronisations, and the
median of several times is written. Shapes come in an order drawn at random from --seed, so that
whatever the minutes allow is a fair sample. A row a line:

    op,dtype,kv,m,n,k,batch,input,context,heads,kv_heads,head_dim,bytes,latency_s
"""
import argparse
import csv
import importlib
import os
import random
import statistics
import sys
import tempfile
import time

COLUMNS = ("op", "dtype", "kv", "m", "n", "k", "batch", "input", "context", "heads", "kv_heads",
           "head_dim", "bytes", "latency_s")
# Devices that PyTorch knows only once their vendor's package is imported.
PACKAGES = {"npu": "torch_npu", "mlu": "torch_mlu", "musa": "torch_musa", "gcu": "torch_gcu",
            "xpu": "intel_extension_for_pytorch"}
# What each kind of operator gets of the time: products have most parameters.
SHARES = {"gemm": 0.55, "prefill": 0.15, "decode": 0.2, "stream": 0.1}
CALL_SECONDS_MAX = 2.0  # one call beyond this is not repeated, larger ones are not tried


class Device:
    """A torch device with its clock."""

    def __init__(self, torch, name):
        self.torch = torch
        self.kind = name.split(":")[0]
        if self.kind in PACKAGES:
            try:
                importlib.import_module(PACKAGES[self.kind])
            except ImportError:
                if self.kind != "xpu":  # newer PyTorch has xpu built in
                    raise
        self.device = torch.device(name)
        self.backend = getattr(torch, self.kind, None)
        torch.empty(1, device=self.device)  # fails here, with the reason, when there is none

    def wait(self):
        """Until everything given to the device is done."""
        if hasattr(self.backend, "synchronize"):
            self.backend.synchronize()

    def memory(self):
        """Bytes that operands may take together."""
        if hasattr(self.backend, "mem_get_info"):
            return self.backend.mem_get_info()[0] // 3
        if self.kind == "cpu":
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 8
        return 4 << 30


def time_call(device, call, repeats):
    """Median seconds of one call. Short calls are timed in runs, as engines queue them."""
    call()
    device.wait()
    start = time.perf_counter()
    call()
    device.wait()
    once = max(time.perf_counter() - start, 1e-7)
    if once > CALL_SECONDS_MAX:
        return once
    run = max(1, min(50, int(2e-3 / once)))
    for _ in range(min(run, 10)):
        call()
    device.wait()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(run):
            call()
        device.wait()
        times.append((time.perf_counter() - start) / run)
    return statistics.median(times)


def gemm_shapes(quick):
    rows = (1, 4, 16, 64, 256) if quick else (
        1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072,
        4096, 8192, 16384)
    sides = (256, 512, 1024) if quick else (
        512, 1024, 1536, 2048, 2560, 3072, 4096, 5120, 6144, 7168, 8192, 10240, 12288, 14336,
        16384, 28672)
    return [{"m": m, "n": n, "k": k} for m in rows for n in sides for k in sides]


def attention_shapes(quick, prefill):
    batches = (1, 4) if quick else (1, 2, 4, 8, 16, 32, 64, 128)
    lengths = (64, 256, 512) if quick else (
        128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)
    heads = ((8, 8), (8, 2)) if quick else (
        (8, 1), (16, 2), (16, 16), (32, 4), (32, 8), (32, 32), (64, 8), (64, 64))
    key = "input" if prefill else "context"
    most = 32768 if prefill else 4 << 20  # tokens
    return [{"batch": b, key: length, "heads": h, "kv_heads": g, "head_dim": d}
            for b in batches for length in lengths for h, g in heads
            for d in ((64,) if quick else (64, 128)) if b * length <= most]


def stream_shapes(quick):
    top = 26 if quick else 32  # sizes differ, as no operator is to be asked of twice
    return [{"bytes": times << power, "how": how} for power in range(12, top)
            for times, how in ((4, "copy"), (5, "elementwise"), (6, "norm"))]


class Bench:
    """Makes operands and the call of each kind of operator."""

    def __init__(self, device):
        self.device = device
        self.torch = device.torch
        self.functional = device.torch.nn.functional

    def tensor(self, dtype, *sizes):
        return self.torch.randn(*sizes, device=self.device.device).to(dtype)

    def element_bytes(self, dtype):
        return self.torch.empty(0, dtype=dtype).element_size()

    def gemm(self, shape, dtype):
        a = self.tensor(dtype, shape["m"], shape["k"])
        b = self.tensor(dtype, shape["n"], shape["k"])  # weights as Linear keeps them
        return lambda: self.functional.linear(a, b)

    def attention(self, shape, dtype, queries, keys):
        b, h, g, d = (shape[x] for x in ("batch", "heads", "kv_heads", "head_dim"))
        q = self.tensor(dtype, b, h, queries, d)
        k = self.tensor(dtype, b, g, keys, d)
        v = self.tensor(dtype, b, g, keys, d)
        attend = self.functional.scaled_dot_product_attention
        if g == h:
            return lambda: attend(q, k, v, is_causal=queries > 1)
        return lambda: attend(q, k, v, is_causal=queries > 1, enable_gqa=True)

    def prefill(self, shape, dtype):
        return self.attention(shape, dtype, shape["input"], shape["input"])

    def decode(self, shape, dtype):
        return self.attention(shape, dtype, 1, shape["context"])

    def stream(self, shape, dtype):
        elements = max(1, shape["bytes"] // 2 // self.element_bytes(dtype))
        wide = 1024 if elements >= 1024 else elements
        a = self.tensor(dtype, elements // wide, wide)
        out = self.torch.empty_like(a)
        if shape["how"] == "copy":
            return lambda: out.copy_(a)
        if shape["how"] == "elementwise":
            return lambda: self.torch.mul(a, 2.0, out=out)
        return lambda: self.functional.layer_norm(a, (wide,))

    def operand_bytes(self, kind, s, dtype):
        size = max(self.element_bytes(dtype), 4)  # operands are drawn in fp32 and narrowed
        if kind == "gemm":
            return size * (s["m"] * s["k"] + s["n"] * s["k"] + s["m"] * s["n"])
        if kind == "stream":
            return 2 * s["bytes"]
        length = s.get("input", s.get("context"))
        return 3 * size * s["batch"] * length * max(s["heads"], s["kv_heads"]) * s["head_dim"]


def work_of(kind, s):
    """Something that grows with the time of a call."""
    if kind == "gemm":
        return s["m"] * s["n"] * s["k"] + 200 * s["n"] * s["k"]
    if kind == "stream":
        return s["bytes"]
    length = s.get("input", s.get("context"))
    return s["batch"] * length * (length if kind == "prefill" else 1) * s["heads"] * s["head_dim"]


OP_WORDS = {"gemm": "gemm", "prefill": "context_attention", "decode": "generation_attention"}


def row_of(kind, shape, dtype_word, seconds):
    row = {x: shape[x] for x in shape if x in COLUMNS}
    row["op"] = shape["how"] if kind == "stream" else OP_WORDS[kind]
    row["dtype"] = dtype_word
    if kind in ("prefill", "decode"):
        row["kv"] = dtype_word
    row["latency_s"] = f"{seconds:.9g}"
    return row


class Plan:
    """What is measured: kinds, formats, shapes and how long."""

    def __init__(self, options):
        self.quick = options.quick
        self.repeats = 3 if options.quick else 5
        self.seconds = options.minutes * 60
        self.seed = options.seed
        self.ops = options.ops.split(",")
        self.dtypes = options.dtypes.split(",")

    def shapes(self, kind):
        if kind == "gemm":
            found = gemm_shapes(self.quick)
        elif kind == "stream":
            found = stream_shapes(self.quick)
        else:
            found = attention_shapes(self.quick, kind == "prefill")
        random.Random(f"{self.seed} {kind}").shuffle(found)
        return found


def measure_kind(bench, plan, kind, dtype_word, seconds):
    """Rows of one kind in one format, until the seconds are over."""
    dtype = getattr(bench.torch, {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}[
        dtype_word])
    end = time.monotonic() + seconds
    too_much = float("inf")
    room = bench.device.memory()
    rows = []
    failures = 0
    for shape in plan.shapes(kind):
        if time.monotonic() > end:
            break
        if work_of(kind, shape) >= too_much or bench.operand_bytes(kind, shape, dtype) > room:
            continue
        try:
            call = getattr(bench, kind)(shape, dtype)
            taken = time_call(bench.device, call, plan.repeats)
        except (RuntimeError, TypeError, NotImplementedError) as error:
            failures += 1
            if failures == 1:
                print(f"measure: {kind} {dtype_word} {shape}: {str(error).splitlines()[0]}",
                      file=sys.stderr)
            if failures >= 8 and not rows:
                print(f"measure: {kind} {dtype_word}: given up", file=sys.stderr)
                break
            continue
        if taken > CALL_SECONDS_MAX:
            too_much = min(too_much, work_of(kind, shape))
        rows.append(row_of(kind, shape, dtype_word, taken))
    print(f"measure: {kind} {dtype_word}: {len(rows)} rows, {failures} failures", file=sys.stderr)
    return rows


def measure(bench, plan):
    share = sum(SHARES[x] for x in plan.ops)
    rows = []
    for kind in plan.ops:
        if kind in ("prefill", "decode") and not hasattr(bench.functional,
                                                         "scaled_dot_product_attention"):
            print(f"measure: {kind}: needs PyTorch 2.0 or later, left out", file=sys.stderr)
            continue
        for dtype_word in plan.dtypes:
            seconds = plan.seconds * SHARES[kind] / share / len(plan.dtypes)
            rows += measure_kind(bench, plan, kind, dtype_word, seconds)
    return rows


def write(path, rows):
    """Whole or not at all."""
    folder = os.path.dirname(os.path.abspath(path))
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".measure-")
    try:
        with os.fdopen(descriptor, "w", newline="") as out:
            table = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", help="torch device: cuda, npu, mlu, musa, cpu")
    parser.add_argument("--minutes", type=float, default=20.0, help="time budget")
    parser.add_argument("--out", default="measured.csv", help="table to write")
    parser.add_argument("--dtypes", default="bf16", help="of bf16, fp16, fp32")
    parser.add_argument("--ops", default="gemm,prefill,decode,stream", help="what to measure")
    parser.add_argument("--seed", type=int, default=1, help="order of shapes")
    parser.add_argument("--quick", action="store_true", help="small shapes only, to try it out")
    options = parser.parse_args(argv)
    for word in options.ops.split(","):
        if word not in SHARES:
            parser.error(f"--ops: expected some of {', '.join(SHARES)}, found {word!r}")
    for word in options.dtypes.split(","):
        if word not in ("bf16", "fp16", "fp32"):
            parser.error(f"--dtypes: expected some of bf16, fp16, fp32, found {word!r}")
    if not options.minutes > 0:
        parser.error("--minutes: expected a number above 0")
    return options


def main(argv):
    options = parse(argv)
    try:
        import torch
    except ImportError:
        print("measure: PyTorch is not installed", file=sys.stderr)
        return 77
    try:
        device = Device(torch, options.device)
    except (ImportError, RuntimeError, AssertionError) as error:
        print(f"measure: no device {options.device!r}: {str(error).splitlines()[0]}",
              file=sys.stderr)
        return 3
    with torch.no_grad():
        rows = measure(Bench(device), Plan(options))
    if not rows:
        print("measure: nothing could be measured", file=sys.stderr)
        return 1
    write(options.out, rows)
    print(f"measure: {len(rows)} rows in {options.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
