# SPDX-License-Identifier: Apache-2.0
"""The text of docs/accuracy.md from what `muster validate --json` says.

Terms: score = dictionary n, mape, median, p90, bias, coverage90, width (fractions) as in the JSON;
held out = rows that no parameter was fitted on.
"""
import re
from collections import Counter

MEASURES = {"tpot_mean_s": "TPOT", "ttft_mean_s": "TTFT"}
# What answers a section's deployments; each is a table of its own.
OF_DEPLOYMENTS = {"deployments": "", "deployments over time": " over time"}
OF_OPERATORS = ("operators", "operator figures", "left out")
KINDS = ("mode", "engine", "system", "model", "source")
HEAD = "n | MAPE | median | p90 | bias | in 90 % | width"
SIZES = ("mape", "median", "p90", "bias", "coverage90", "width")
# Where a group counts as weak: at least so many rows, and a median error above so much.
WEAK_ROWS, WEAK_OPERATOR, WEAK_DEPLOYMENT = 10, 0.20, 0.25
DIE = {"ascend-910c"}
FAR = 3.0  # times too much or too little
LOW, HIGH = 0.87, 0.93
UNANSWERED_MAX = 40  # reasons listed


def percent(value, signed=False):
    if value is None:
        return "-"
    return f"{100 * value + 0.0:{'+' if signed else ''}.1f}"


def quantile(ordered, share):
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def score(cases):
    """Score of outcomes, as the program counts; unanswered ones are counted only."""
    rows = [x for x in cases if x["predicted"]]
    n = len(rows)
    if n == 0:
        return {"n": 0, "unanswered": len(cases), **dict.fromkeys(SIZES)}
    sizes = sorted(abs(x["error"]) for x in rows)
    inside = sum(x["low"] <= x["measured"] <= x["high"] for x in rows)
    return {"n": n, "mape": sum(sizes) / n, "median": quantile(sizes, 0.5),
            "p90": quantile(sizes, 0.9), "bias": sum(x["error"] for x in rows) / n,
            "coverage90": inside / n, "unanswered": len(cases) - n,
            "width": sum((x["high"] - x["low"]) / x["predicted"] for x in rows) / n}


def cells(group):
    """A score as the cells under HEAD."""
    return " | ".join([str(group["n"]), *(percent(group[x], x == "bias") for x in SIZES)])


def label(section, group):
    """First cells of a group's row."""
    parts = group.split("/")
    if section in OF_DEPLOYMENTS:
        first = MEASURES.get(parts[0], parts[0])
        return f"{first} | {' '.join(parts[1:]) or 'all'}"
    if section == "published tables":
        return " | ".join(parts) if len(parts) == 2 else f"{group} | all"
    if section in OF_OPERATORS and len(parts) == 3:
        return " | ".join(parts)
    return f"{group} | all | all" if section in OF_OPERATORS else group


def start_of_row(section, group, digest):
    """How the page's row of a group begins; digest: n and per cent, rounded."""
    return (f"| {label(section, group)} | {digest['n']} | {digest['mape']:.1f} | "
            f"{digest['median']:.1f} |")


def groups(section, validation):
    """Scores of a section that the page shows; published figures are too few to be cut finer."""
    every = {"all": validation["summary"], **validation["groups"]}
    return {name: x for name, x in every.items()
            if x["n"] and (section != "published figures" or "/" not in name)}


def is_rate(metric):
    return "tokens_per_s" in metric or metric == "requests_per_s"


def figure_groups(outcomes, cases):
    """Scores of held-out published figures by kind, source, system and model. cases: by id."""
    members = {}
    for x in outcomes:
        if x["fit"]:
            continue
        case = cases[x["id"]]
        scenario = case["scenario"]
        for kind, value in (("measure", x["metric"]), ("source", case["source"]),
                            ("system", scenario["system"]["id"]), ("model", scenario["model"])):
            members.setdefault(f"{kind}/{value.lower()}", []).append(x)
    return {name: score(members[name]) for name in sorted(members)}


def group_rows(section, validation, prefix=""):
    return [f"| {label(section, name)} | {cells(x)} |"
            for name, x in groups(section, validation).items() if name.startswith(prefix)]


def table(head, rows):
    columns = head.count("|") + 1
    return [f"| {head} |", "| " + " | ".join(["---"] * columns) + " |", *rows, ""]


def held_out(validation, metric=None):
    return [x for x in validation["cases"]
            if not x["fit"] and (metric is None or x["metric"] == metric)]


def operator_rows(cases, kinds, formats=None, chips=None, but=()):
    """Held-out rows of some operators; formats and chips None = any."""
    found = []
    for case in cases:
        chip, kind, dtype = case["id"].split(" ", 3)[:3]
        if (kind in kinds and (formats is None or dtype in formats) and chip not in but
                and (chips is None or chip in chips)):
            found.append(case)
    return found


def of_size(cases, low, high):
    """Collectives of low to high bytes."""
    sizes = ((x, re.search(r"\bbytes=(\d+)", x["id"])) for x in cases)
    return [x for x, size in sizes if size and low <= int(size.group(1)) <= high]


def goal_rows(found):
    """(what, goal as {size: fraction}, score or None) of the goals on errors."""
    ops = held_out(found["operators"])
    nccl = operator_rows(ops, {"all_reduce", "all_gather", "all_to_all"}, but={"ascend-910c"})
    deep = {"dispatch", "combine", "dispatch_low_latency", "combine_low_latency"}
    mla = {"context_mla", "generation_mla", "mla_gen_pre", "mla_gen_post"}
    gemm = {"gemm"}
    yield ("GEMM BF16, GPUs with tables", {"mape": 0.05, "p90": 0.12},
           score(operator_rows(ops, gemm, {"bf16"}, but=DIE)))
    yield ("GEMM FP8 and FP8-block", {"mape": 0.06},
           score(operator_rows(ops, gemm, {"fp8", "fp8_block"})))
    yield ("GEMM BF16, chip left out altogether", {"mape": 0.10},
           score(operator_rows(found["left out"]["cases"], gemm, {"bf16"})))
    yield "attention, prefill", {"mape": 0.06}, score(operator_rows(ops, {"context_attention"}))
    yield "attention, decode", {"mape": 0.08}, score(operator_rows(ops, {"generation_attention"}))
    yield "MLA, absorbed products included", {"mape": 0.08}, score(operator_rows(ops, mla))
    yield ("MoE and grouped GEMM", {"mape": 0.10},
           score(operator_rows(ops, {"moe", "grouped_gemm"})))
    yield ("NCCL all-reduce, all-gather, all-to-all, 1 KB to 512 MB", {"mape": 0.08},
           score(of_size(nccl, 1000, 512 << 20)))
    yield "DeepEP dispatch and combine", {"mape": 0.12}, score(operator_rows(ops, deep))
    yield "910C die, GEMM", {"mape": 0.08}, score(operator_rows(ops, gemm, chips=DIE))
    yield ("PPU (ZW810E), GEMM", {"mape": 0.08},
           score(operator_rows(held_out(found["operator figures"]), gemm, chips={"ppu-zw810e"})))
    for section, metric, goal in (
            ("deployments", "tpot_mean_s", {"mape": 0.12, "median": 0.08}),
            ("deployments", "ttft_mean_s", {"mape": 0.25, "median": 0.15}),
            ("deployments over time", "tpot_mean_s", {"mape": 0.12}),
            ("deployments over time", "ttft_mean_s", {"mape": 0.25, "median": 0.15})):
        yield (f"{section}, {MEASURES[metric]}", goal, score(held_out(found[section], metric)))
    rates = [x for x in held_out(found["published tables"]) if is_rate(x["metric"])]
    yield "published throughput", {"median": 0.10, "p90": 0.25}, score(rates)
    for name, own in shipped(found):
        yield (name, {"median": 0.10, "p90": 0.25}, score(own))


def shipped(found):
    """(name, held-out rows) of the figures in data/measured: deployments, networks, watts."""
    own = held_out(found["published figures"])
    network, power = ("latency_s", "_bytes_per_s"), "_w"
    return (("published figures that muster ships with",
             [x for x in own if not x["metric"].endswith(network)
              and not x["metric"].endswith(power)]),
            ("published figures of networks, shipped too",
             [x for x in own if x["metric"].endswith(network)]),
            ("published figures of power, shipped too",
             [x for x in own if x["metric"].endswith(power)]))


NAMES = {"mape": "MAPE", "median": "median", "p90": "p90"}


def goals(found):
    rows = []
    for what, goal, reached in goal_rows(found):
        aims = ", ".join(f"{NAMES[k]} {100 * v:.0f} %" for k, v in goal.items())
        if reached is None or reached["n"] == 0:
            rows.append(f"| {what} | {aims} | 0 | - | not measured |")
            continue
        got = ", ".join(f"{NAMES[k]} {percent(reached[k])} %" for k in goal)
        met = all(reached[k] <= v for k, v in goal.items())
        rows.append(f"| {what} | {aims} | {reached['n']} | {got} | "
                    f"{'reached' if met else '**not reached**'} |")
    rows += [answered_row(section, found[section]) for section in OF_DEPLOYMENTS]
    for name, cases in (("operators", held_out(found["operators"])),
                        *((f"{name}{suffix}", held_out(found[section], metric))
                          for section, suffix in OF_DEPLOYMENTS.items()
                          for metric, name in MEASURES.items()),
                        ("published tables", held_out(found["published tables"])),
                        *((name.split(" that ")[0].split(",")[0], own)
                          for name, own in shipped(found)),
                        ("chips left out", found["left out"]["cases"])):
        x = score(cases)
        met = LOW <= x["coverage90"] <= HIGH
        rows.append(f"| 90 % intervals, {name} | hold 87 to 93 % | {x['n']} | "
                    f"{percent(x['coverage90'])} %, mean width {percent(x['width'])} % | "
                    f"{'reached' if met else '**not reached**'} |")
    return table("what | goal | n | is | ", rows)


def answered_row(section, validation):
    every = held_out(validation)
    answered = sum(1 for x in every if x["predicted"])
    met = "reached" if answered == len(every) else "**not reached**"
    return (f"| {section}, answered | every measurement | {len(every)} | "
            f"{100 * answered / max(len(every), 1):.1f} % | {met} |")


SCALES = {"_per_s_per_chip": ("tokens/s/chip", 1.0), "_bytes_per_s": ("GB/s", 1e-9),
          "latency_s": ("us", 1e6), "_s": ("ms", 1000.0)}


def shown(metric, value):
    """A measure's value with one decimal, and its unit."""
    for end, (unit, scale) in SCALES.items():
        if metric.endswith(end):
            return f"{scale * value:.1f} {unit}"
    return f"{value:.1f}"


def published(validation, fit):
    rows = []
    for x in validation["cases"]:
        if x["fit"] != fit:
            continue
        start = f"| {x['id']} | {x['metric']} | {shown(x['metric'], x['measured'])} |"
        if not x["predicted"]:
            rows.append(f"{start} no answer | - | - | - |")
            continue
        low, high = (shown(x["metric"], x[k]).split()[0] for k in ("low", "high"))
        rows.append(f"{start} {shown(x['metric'], x['predicted'])} | {low} to {high} | "
                    f"{'yes' if x['low'] <= x['measured'] <= x['high'] else 'no'} | "
                    f"{percent(x['error'], True)} |")
    return table("case | measure | measured | predicted | 90 % interval | inside | error %", rows)


def figure_tables(validation):
    """Published figures of the tables: by measure, source, system and model, and what is left."""
    every = held_out(validation)
    answered = sum(1 for x in every if x["predicted"])
    reasons = sorted(validation["left"].items(), key=lambda x: (-x[1], x[0]))
    return [f"{answered} of {len(every)} held-out measurements are answered. Rates with no limit "
            "stated are asked as the most that memory and engine allow; an unstated layout is "
            "searched.", "",
            *table(f"by | of | {HEAD}", group_rows("published tables", validation)),
            "Rows of the collection that are no question to muster:", "",
            *table("rows | why", [f"| {count} | {why} |" for why, count in reasons])]


def peer_table(validation, kinds, peer):
    """AIConfigurator and muster on the same held-out rows."""
    rows = []
    for metric, name in MEASURES.items():
        every = [x for x in held_out(validation, metric) if x["predicted"]]
        parts = [("all", every)]
        for place, kind in ((0, "mode"), (1, "system")):
            for value in sorted({kinds[x["id"]][place] for x in every}):
                parts.append((f"{kind} {value}",
                              [x for x in every if kinds[x["id"]][place] == value]))
        for part, cases in parts:
            same = [x for x in cases if (x["id"], metric) in peer]
            rest = [x for x in cases if (x["id"], metric) not in peer]
            theirs = score([{**x, "error": peer[x["id"], metric] / x["measured"] - 1}
                            for x in same])
            line = [name, part, str(len(cases)), str(len(same))]
            for x in (theirs, score(same), score(rest)):
                line += [percent(x["mape"]), percent(x["median"])]
            rows.append("| " + " | ".join(line) + " |")
    return table("measure | of | rows | it answers | its MAPE | its median | "
                 "muster's MAPE, same rows | median | muster's MAPE, other rows | median", rows)


def fitted(found):
    """Fitted rows beside held-out ones, by measure and by chip."""
    rows = []
    sides = [(f"{section}, {name}", [x for x in found[section]["cases"] if x["metric"] == metric])
             for section in OF_DEPLOYMENTS for metric, name in MEASURES.items()]
    chips = {}
    for x in found["operators"]["cases"]:
        chips.setdefault(x["id"].split(" ", 1)[0], []).append(x)
    sides += [(f"operators, {chip}", chips[chip]) for chip in sorted(chips)]
    for section in ("published tables", "published figures"):
        sides.append((section, found[section]["cases"]))
    for name, cases in sides:
        parts = [score([x for x in cases if x["fit"] == fit]) for fit in (True, False)]
        rows.append(f"| {name} | " + " | ".join(
            f"{x['n']} | {percent(x['mape'])} | {percent(x['median'])}" for x in parts) + " |")
    return table("what | fitted n | MAPE | median | held out n | MAPE | median", rows)


def weak_groups(validation, limit, name):
    """Groups of enough rows whose median error is above the limit, worst first."""
    worst = [(x["median"], group, x) for group, x in validation["groups"].items()
             if x["n"] >= WEAK_ROWS and x["median"] > limit]
    worst.sort(key=lambda x: (-x[0], x[1]))
    return [f"  - {name(group)}: median {percent(x['median'])} %, MAPE {percent(x['mape'])} %, "
            f"bias {percent(x['bias'], True)} %, n {x['n']}" for _, group, x in worst]


def far_off(validation):
    """What the deployments that are several times off weigh in the MAPE."""
    lines = []
    for metric, name in MEASURES.items():
        rows = [x for x in held_out(validation, metric) if x["predicted"]]
        far = [abs(x["error"]) for x in rows
               if not 1 / FAR <= x["predicted"] / x["measured"] <= FAR]
        lines.append(f"  - {name}: {len(far)} of {len(rows)} rows, which make "
                     f"{percent(sum(far) / max(len(rows), 1))} points of the MAPE")
    return lines


def deployment_name(group):
    parts = group.split("/")
    return " ".join([MEASURES.get(parts[0], parts[0]), *parts[1:]])


def outside(found):
    """How many groups' intervals hold too few or too many."""
    lines = []
    for section in (*OF_DEPLOYMENTS, "operators"):
        enough = [x for x in found[section]["groups"].values()
                  if x["n"] >= WEAK_ROWS and x["coverage90"] is not None]
        few = sum(x["coverage90"] < LOW for x in enough)
        many = sum(x["coverage90"] > HIGH for x in enough)
        lines.append(f"  - {section}: of {len(enough)} groups of {WEAK_ROWS} rows or more, {few} "
                     f"hold fewer than 87 % (too narrow or shifted) and {many} more than 93 % "
                     "(too wide)")
    return lines


def unanswered(found):
    lines = []
    for section, validation in found.items():
        reasons = Counter(x.get("why") or "no reason given"
                          for x in held_out(validation) if not x["predicted"])
        lines += [f"  - {section}: {count} rows: {why}"
                  for why, count in sorted(reasons.items(), key=lambda x: (-x[1], x[0]))]
    lines = lines[:UNANSWERED_MAX]
    for text in found["operators"]["warnings"]:
        match = re.search(r"([\w.-]+/[\w-]+)\.csv[.\w]*: no known table", str(text))
        if match:
            lines.append(f"  - table {match.group(1)} is of a layout that muster does not read")
    return lines or ["  - nothing"]


def weak_deployments(found):
    lines = []
    for section in OF_DEPLOYMENTS:
        lines += [f"* {section.capitalize()} with a median error above "
                  f"{100 * WEAK_DEPLOYMENT:.0f} %:",
                  *weak_groups(found[section], WEAK_DEPLOYMENT, deployment_name),
                  f"* {section.capitalize()} more than {FAR:.0f} times off:",
                  *far_off(found[section])]
    return lines


def weak(found):
    return [
        "Generated from the numbers, but for the last remarks.",
        "",
        *weak_deployments(found),
        f"* Operators with a median error above {100 * WEAK_OPERATOR:.0f} %:",
        *weak_groups(found["operators"], WEAK_OPERATOR, lambda x: x.replace("/", " ")),
        "* Intervals:",
        *outside(found),
        "* Not answered, and so in no error above:",
        *unanswered(found),
        "* TTFT of the steady state is a closed form: the wave in which clients start, queues and "
        "percentiles are answered by *deployments over time* alone.",
        "* Disaggregated rows often name neither the decode batch nor the workers that ran; they "
        "are read as [validate.md](validate.md) says, with wider intervals.",
        "* Published throughput is predicted too high for gpt-oss on TensorRT-LLM (Hopper), vLLM "
        "on MI300X, MLPerf on H100 and H200 NVL, FP4 on H20, and somewhat for boards with a lower "
        "power limit than the chip whose calibration they take (A100 PCIe).",
        "",
    ]


def page(found, kinds, peer, reprinted):
    """The whole text. kinds: id -> (mode, system); peer: (id, metric) -> predicted, or None;
    reprinted: held-out deployments that stand a second time among those marked fit."""
    services, timed, ops, own = (found[x] for x in (*OF_DEPLOYMENTS, "operators",
                                                    "published figures"))
    lines = [
        "# Accuracy",
        "",
        "Written by `make accuracy` from what `muster validate` says; not to be edited. `make "
        "test` fails when an error grows by more than half a point or this page is stale.",
        "",
        "An error is (predicted - measured) / measured. MAPE and median are of its size, p90 is "
        "the 90th percentile of its size, bias its mean; all in per cent. *in 90 %* is the share "
        "of measurements inside the 90 % interval (90 if the intervals are honest), *width* the "
        "mean of (high - low) / predicted. Every table is of **held-out** rows "
        "(services: nothing was fitted on them; operators: see below), unless it says otherwise.",
        "",
        "## Measured by whom",
        "",
        "* **Deployments**: published end-to-end measurements of InferenceX and NVIDIA: mean TTFT "
        "and TPOT under closed-loop concurrency. Repeats of one configuration on different days "
        "differ by 5 % (TPOT) and 7 % (TTFT) on average. InferenceX's rows are set up as its "
        "published configurations say ([validate.md](validate.md)). Of the held-out measurements "
        f"{reprinted} stand a second time, under another label, among the cases that engine "
        "profiles were fitted on.",
        "* **Operators**: tables of single operators and collectives: NVIDIA's aiconfigurator "
        "(A100, H100, B200, L40S), Alibaba's InferSim (H800), aiconfigurator-npu (one die of an "
        "Ascend 910C). Seven rows in ten may be fitted on; which, follows from a hash of the row. "
        "**Caution:** the parameters of CloudMatrix 384's network were fitted to another random "
        "70 % of its table, so they have seen part of these rows.",
        "* **Published tables**: a collection of published figures (TensorRT-LLM's performance "
        "pages, MLPerf Inference, engines' own benchmarks, papers), read by `tools/published.py`; "
        "of its trust classes A and B. Half of the configurations, by a hash, may be looked at "
        "when models are mended; the tables show the other half.",
        "* **Operator figures**: single figures of operators and collectives from papers, vendors "
        "and engines' pages in one table, `measured.csv`. The PPU's products are fitted on seven "
        "in ten of theirs; nothing was fitted on any other, though the same hash holds out three "
        "in ten of them here.",
        "* **Published figures**: papers and vendors' pages, in `data/measured/` with their "
        "sources.",
        "",
        "The tables are other people's and not part of the project; `muster validate` takes them "
        "as arguments ([validate.md](validate.md)).",
        "",
        "## Goals",
        "",
        *goals(found),
        "## Whole deployments",
        "",
        "In steady state: `muster validate CASES`.",
        "",
        "![Predicted over measured TPOT](accuracy-tpot.svg)",
        "",
        *every_group("deployments", services),
        *over_time(timed, kinds),
        "## Beside NVIDIA AIConfigurator",
        "",
        *against_peer(found, kinds, peer),
        "## Published figures of the tables",
        "",
        *figure_tables(found["published tables"]),
        "## Published figures that muster ships with, case by case",
        "",
        *published(own, False),
        *table(f"measure | {HEAD}", group_rows("published figures", own)),
        "## Operators",
        "",
        "![Median error by operator and chip](accuracy-operators.svg)",
        "",
        "Times are of calls that repeat on the same operands. `_kv_fp8`: the cache is FP8.",
        "",
        *table(f"chip | operator | format | {HEAD}", group_rows("operators", ops)),
        "### Published figures of operators",
        "",
        "Other libraries, other clusters: what was fitted to the tables above meets them here for "
        "the first time.",
        "",
        *table(f"chip | operator | format | {HEAD}",
               group_rows("operator figures", found["operator figures"])),
        "## As if a chip had no table",
        "",
        "Each chip predicted from what the others teach, its family left out (`muster validate "
        "--leave-out`): all its rows, for none was fitted on. How far off muster is on a chip that "
        "nobody measured is in between: some such chips are closer to a measured one than these "
        "are to each other, some further.",
        "",
        *left_out(found["left out"]),
        *table(f"chip | operator | format | {HEAD}", group_rows("left out", found["left out"])),
        "## Rows that were fitted on",
        "",
        "Beside the held-out ones of the same kind: where the two differ much, too much was "
        "fitted.",
        "",
        *fitted(found),
        "Published figures that were fitted on:",
        "",
        *published(own, True),
        "## Known to be weak",
        "",
        *weak(found),
    ]
    return "\n".join(lines).rstrip() + "\n"


FAMILIES = (("GEMM", {"gemm"}), ("MoE", {"moe", "grouped_gemm"}),
            ("prefill attention", {"context_attention"}),
            ("decode attention", {"generation_attention"}),
            ("MLA", {"context_mla", "generation_mla", "mla_gen_pre", "mla_gen_post"}))


def left_out(validation):
    """MAPE, p90 and share inside the interval by chip and family of operators."""
    chips = {}
    for x in validation["cases"]:
        chips.setdefault(x["id"].split(" ", 1)[0], []).append(x)
    rows = []
    for chip in sorted(chips):
        line = [chip]
        for _, kinds in FAMILIES:
            x = score(operator_rows(chips[chip], kinds))
            line.append("-" if x["n"] == 0 else
                        " / ".join(percent(x[k]) for k in ("mape", "p90", "coverage90")))
        rows.append("| " + " | ".join(line) + " |")
    return ["MAPE / p90 / in 90 %:", "",
            *table("chip | " + " | ".join(name for name, _ in FAMILIES), rows)]


def against_peer(found, kinds, peer):
    if peer is None:
        return ["Its predictions were not at hand.", ""]
    rows = held_out(found["deployments"], "tpot_mean_s")
    count = sum((x["id"], "tpot_mean_s") in peer for x in rows)
    lines = [f"AIConfigurator (version of 4 August 2026) answers {count} of the {len(rows)} "
             f"held-out deployments ({100 * count / max(len(rows), 1):.1f} %); muster is held "
             "against it on those same rows, and its error on the others stands beside.", ""]
    for section in OF_DEPLOYMENTS:
        lines += [f"muster's {section}:", "", *peer_table(found[section], kinds, peer)]
    return lines


def cut(validation, head, names):
    """Table of held-out rows' scores by measure and by names(outcome), cells under head."""
    rows = []
    for metric, measure in MEASURES.items():
        members = {}
        for x in held_out(validation, metric):
            members.setdefault(names(x), []).append(x)
        rows += [f"| {' | '.join((measure, *name))} | {cells(score(members[name]))} |"
                 for name in sorted(members)]
    return table(f"measure | {head} | {HEAD}", rows)


def every_group(section, validation):
    return [*table(f"measure | of | {HEAD}", group_rows(section, validation, "t")),
            "Both measures together:", "",
            *table(f"measure | of | {HEAD}", group_rows(section, validation, "all"))]


def over_time(validation, kinds):
    """The section of deployments answered request by request."""
    rows = held_out(validation, "ttft_mean_s")
    return [
        "## Deployments over time",
        "",
        "The same deployments, answered by `muster validate CASES --verb simulate`: request by "
        "request and step by step. How a published run went is read so "
        "([validate.md](validate.md)):",
        "",
        "* **Servers.** How they were launched stands in the benchmark's own scripts and "
        "configurations, transcribed in `data/recipes` (`servers`): how many sequences may run, "
        "tokens a step, memory, how many steps lie between two looks of a scheduler at what "
        "arrived, how many tokens a streamed chunk has. They are known of "
        f"{sum('server' in x for x in rows)} of the {len(rows)} held-out deployments; for the "
        "others the engine's defaults hold.",
        "* **Clients.** InferenceX's sends ten requests a client, all clients there at the start, "
        "with lengths even between 80 and 100 % of the nominal ones (the steady state sees their "
        "mean). NVIDIA's collection holds some of its runs, too; what it sent to SGLang itself is "
        "taken to be all of one length, as its rows marked fit tell. Of the rest nothing is known "
        "but the closed loop: ten requests a client (200 or more in all), lengths within a tenth "
        "of what the row says.",
        "* **Intervals.** One simulation is the point; the draws are those of the steady state, "
        "each moved by what simulating changed at the point.",
        "",
        "The goals of this section were set where NVIDIA's tools were said to get 52 to 77 % "
        "(TTFT) and 28 to 33 % (TPOT); what its AIConfigurator gets on these very rows stands "
        "further down.",
        "",
        "![Predicted over measured TTFT](accuracy-ttft.svg)",
        "",
        *cut(validation, "engine | mode", lambda x: (kinds[x["id"]][2], kinds[x["id"]][0])),
        "By what is known of the server:",
        "",
        *cut(validation, "server", lambda x: ("published" if "server" in x else "unknown",)),
        *every_group("deployments over time", validation),
    ]
