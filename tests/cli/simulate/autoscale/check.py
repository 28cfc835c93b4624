# SPDX-License-Identifier: Apache-2.0
"""Instances that start on the way count as chips for as long as they are up."""
import json
import sys

answer = json.load(sys.stdin)
chips = (answer["output_tokens_per_s"]["value"] /
         answer["output_tokens_per_s_per_chip"]["value"])
most = answer["engines"]["instances_most"]
assert answer["chips"] == 1 and most > 2, (answer["chips"], most)
assert 2 < chips <= most, chips
