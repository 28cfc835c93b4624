#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Flows on shared links: processor time, events a second and peak memory of every case, beside
# SimGrid's on the same platform and traffic in the same run, where libsimgrid-dev is installed.
#
#   bench/fabric.sh [--long]      --long: SimGrid's case of three quarters of an hour, too
#
# MUSTER names the binary of the build whose bench/bench_flow is measured.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ours=$(dirname "${MUSTER:-build/muster}")/bench/bench_flow
long=${1:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
theirs=$scratch/simgrid_alltoall
if ! pkg-config --exists simgrid > /dev/null 2>&1 ||
    ! g++ -O2 -std=c++17 -I"$here/../tests/unit" "$here/simgrid_alltoall.cpp" -o "$theirs" \
        -lsimgrid; then
    echo "SKIPPED: SimGrid's side (libsimgrid-dev)"
    theirs=
fi

# row WITH NAME ARGUMENTS...: a case of ours; WITH: beside SimGrid's (yes), only with --long (long),
# beside SimGrid's of the row before (same), alone (no)
last=
row() {
    local with=$1 name=$2
    shift 2
    case $with in
    yes) last=$([ -z "$theirs" ] || "$theirs" "$@" --log=root.thresh:error) ;;
    long) last=$([ -z "$theirs" ] || [ "$long" != --long ] ||
        "$theirs" "$@" --log=root.thresh:error) ;;
    no) last= ;;
    esac
    python3 - "$name" "$("$ours" "$@")" "$last" << 'END'
import sys
name, ours, theirs = sys.argv[1:]
ours, theirs = (dict(x.split("=") for x in text.split()) for text in (ours, theirs))
took = float(ours["time_s"])
line = f"{name:40} {ours['method']:8} {int(ours['messages']):14,} messages {took * 1e3:9.2f} ms"
rate = 2e-6 * float(ours["flows"]) / took
events = f"{rate:.2f} M events/s" if ours["method"] != "symmetry" else ""
line += f" {events:>18} {float(ours['peak_mib']):5.0f} MiB"
if theirs:
    slow = float(theirs["time_s"])
    apart = float(ours["end_s"]) / float(theirs["end_s"]) - 1
    line += f" | SimGrid {slow:9.2f} s {float(theirs['peak_mib']):5.0f} MiB: {slow / took:7.0f} x"
    line += f", ends apart {abs(apart):.0e}"
print(line)
END
}

row yes "64 hosts at once, 1,024 sizes" burst 8 8 8 1024
row yes "256 hosts at once, equal" burst 16 16 16 1
row same "the same" all-to-all 16 16 16 auto
row long "256 hosts at once, 16 sizes" burst 16 16 16 16
row no "1,024 hosts at once, equal" burst 32 32 32 1
row no "the same" all-to-all 32 32 32 auto
row yes "1,024 hosts in rounds, equal" rounds 32 32 32 1
row yes "1,024 hosts in rounds, 1,024 sizes" rounds 32 32 32 1024
row no "4,096 chips, ring all-reduce" all-reduce 64 64 64 plain
row no "the same" all-reduce 64 64 64 auto
row no "4,096 chips, direct all-to-all" all-to-all 64 64 64 waves
row no "the same" all-to-all 64 64 64 auto
row no "131,072 chips, ring all-reduce" all-reduce 512 256 256 auto
row no "131,072 chips, direct all-to-all" all-to-all 512 256 256 auto
