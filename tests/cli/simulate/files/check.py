# SPDX-License-Identifier: Apache-2.0
"""The files of a run: rows of all requests, in steps' time, and a picture."""
import csv
import json
import sys
import xml.dom.minidom

folder = sys.argv[1]
with open(f"{folder}/r.csv", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
assert sorted(int(row["number"]) for row in rows) == list(range(300)), "a row each request"
for row in rows:
    arrival, start, first, end = (float(row[key]) for key in
                                  ("arrival_s", "start_s", "first_token_s", "end_s"))
    assert arrival <= start <= first <= end, row
    assert abs(float(row["ttft_s"]) - (first - arrival)) < 3e-6, row
with open(f"{folder}/t.json", encoding="utf-8") as file:
    events = json.load(file)
events = events["traceEvents"] if isinstance(events, dict) else events
steps = [event for event in events if event.get("ph") == "X"]
assert len(steps) > 1000 and all(event["dur"] >= 0 for event in steps), len(steps)
print(xml.dom.minidom.parse(f"{folder}/p.svg").documentElement.tagName, len(rows))
