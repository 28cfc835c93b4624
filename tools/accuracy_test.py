# SPDX-License-Identifier: Apache-2.0
"""Does tools/accuracy.py see what it is there to see? Worked by hand."""
import accuracy
import accuracy_page


def group(n, mape, median):
    return {"g": {"n": n, "mape": mape, "median": median}}


def outcome(error, low, high, predicted=1.0):
    return {"measured": predicted / (1 + error), "predicted": predicted, "low": low, "high": high,
            "error": error, "fit": False}


# (name, committed, found, errors that grew, other differences)
COMPARISONS = [
    ("nothing changed", group(9, 10.0, 5.0), group(9, 10.0, 5.0), 0, 0),
    ("half a point more is let pass as growth", group(9, 10.0, 5.0), group(9, 10.5, 5.0), 0, 1),
    ("a MAPE grew", group(9, 10.0, 5.0), group(9, 10.6, 5.0), 1, 0),
    ("a median grew", group(9, 10.0, 5.0), group(9, 10.0, 5.6), 1, 0),
    ("0.2 points are no difference", group(9, 10.0, 5.0), group(9, 10.2, 4.8), 0, 0),
    ("an error fell", group(9, 10.0, 5.0), group(9, 7.0, 5.0), 0, 1),
    ("rows were lost", group(9, 10.0, 5.0), group(8, 10.0, 5.0), 0, 1),
    ("a group is gone", group(9, 10.0, 5.0), {}, 0, 1),
    ("a group is new", {}, group(9, 10.0, 5.0), 0, 1),
]


def cases():
    """(name, error or empty text) of each test."""
    for name, old, new, grew, stale in COMPARISONS:
        found = tuple(len(x) for x in accuracy.compare("s", old, new))
        yield f"compare: {name}", "" if found == (grew, stale) else f"{found}"
    # measured 1 / 1.25 = 0.8 inside [0.7, 1.1]; measured 2 outside [0.9, 1.3]; one unanswered
    lost = {"measured": 1.0, "predicted": None, "fit": False}
    x = accuracy_page.score([outcome(0.25, 0.7, 1.1), outcome(-0.5, 0.9, 1.3), lost])
    wanted = {"n": 2, "mape": 0.375, "median": 0.375, "p90": 0.475, "bias": -0.125,
              "coverage90": 0.5, "width": 0.4, "unanswered": 1}
    wrong = [k for k, v in wanted.items() if abs(x[k] - v) > 1e-12]
    yield "score of two rows", f"{wrong}: {x}" if wrong else ""
    by_sign = accuracy_page.cut({"cases": [{**y, "metric": "ttft_mean_s", "fit": x} for y, x in (
        (outcome(0.25, 0.7, 1.1), False), (outcome(-0.5, 0.9, 1.3), False),
        (outcome(-0.1, 0.9, 1.3), True))]}, "sign", lambda x: ("+" if x["error"] > 0 else "-",))
    wanted = ["| TTFT | + | 1 | 25.0 | 25.0 | 25.0 | +25.0 | 100.0 | 40.0 |",
              "| TTFT | - | 1 | 50.0 | 50.0 | 50.0 | -50.0 | 0.0 | 40.0 |", ""]
    yield "a cut of held-out rows", "" if by_sign[2:] == wanted else "\n".join(by_sign)
    timed = accuracy_page.label("deployments over time", "ttft_mean_s/engine/vllm")
    yield "a group of deployments", "" if timed == "TTFT | engine vllm" else timed
    committed = {"published figures": group(9, 10.0, 5.0)}
    good = accuracy_page.start_of_row("published figures", "g", committed["published figures"]["g"])
    yield "the page's rows are found", "\n".join(accuracy.page_faults(committed, good))
    seen = accuracy.page_faults(committed, good.replace("10.0", "9.0"))
    yield "an edited page is seen", "" if seen else "no fault found"
