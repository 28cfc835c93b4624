#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every command of the documentation runs and ends as it says.
set -eu
root=$(cd ../.. && pwd)
"$root/tools/transcripts.py" --check "$(command -v muster)" "$root"/docs/*.md "$root/README.md"
