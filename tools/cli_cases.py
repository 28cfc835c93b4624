# SPDX-License-Identifier: Apache-2.0
"""Command-line cases: folders under tests/cli, or scripts tests/cli/*.sh.

A folder holds
    cmd             a shell line; `muster` is the program under test, run in the case's folder
    stdout          expected, to the letter; missing: not looked at
    stdout.has      lines that must each occur in stdout somewhere
    stdout.json     expected JSON; numbers may differ by 1e-9 of their size (or by the fraction in
                    the file `tolerance`); keys that are not expected are allowed
    stderr          expected, to the letter; missing: must be empty
    stderr.has      lines that must each occur in stderr (then stderr is not compared as a whole)
    exit            expected exit code; missing: 0
In expected text `...` stands for anything within a line.

A script finds the program as `muster` on PATH; exit 0 passes, 77 skips, anything else fails.
"""
import json
import math
import os
import re
import subprocess
import tempfile
from pathlib import Path

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
TIMEOUT_S = 300


class Case:
    def __init__(self, path, root):
        self.path = path
        self.name = str(path.relative_to(root / "tests" / "cli"))
        self.is_script = path.is_file()
        source = path if self.is_script else path / "cmd"
        self.threaded = "--threads" in source.read_text()


def find(root):
    base = root / "tests" / "cli"
    paths = [x.parent for x in base.glob("**/cmd")] + list(base.glob("*.sh"))
    return [Case(path, root) for path in sorted(paths)]


def matches(expected, found):
    """`...` stands for anything within a line."""
    pattern = "".join(".*" if part == "..." else re.escape(part)
                      for part in re.split(r"(\.\.\.)", expected))
    return re.fullmatch(pattern, found) is not None


def difference(expected, found, tolerance, path="$"):
    """Where two JSON values differ, or None."""
    if isinstance(expected, bool) or isinstance(found, bool) or expected is None:
        return None if expected is found else f"{path}: expected {expected!r}, found {found!r}"
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        if math.isclose(expected, found, rel_tol=tolerance, abs_tol=1e-300):
            return None
        return f"{path}: expected {expected!r}, found {found!r}"
    if type(expected) is not type(found):
        return f"{path}: expected {expected!r}, found {found!r}"
    if isinstance(expected, dict):
        for key, value in expected.items():
            if key not in found:
                return f"{path}.{key}: missing"
            where = difference(value, found[key], tolerance, f"{path}.{key}")
            if where:
                return where
        return None
    if isinstance(expected, list):
        if len(expected) != len(found):
            return f"{path}: expected {len(expected)} entries, found {len(found)}"
        for i, value in enumerate(expected):
            where = difference(value, found[i], tolerance, f"{path}[{i}]")
            if where:
                return where
        return None
    return None if expected == found else f"{path}: expected {expected!r}, found {found!r}"


def check_text(case, stream, found, required):
    """A message when a stream is not what the case's files say."""
    exact, has = case.path / stream, case.path / f"{stream}.has"
    if has.exists():
        lines = found.splitlines()
        for line in has.read_text().splitlines():
            if not any(matches("..." + line + "...", x) for x in lines):
                return f"{stream}: no line has \"{line}\"; it is:\n{found}"
    if exact.exists():
        expected = exact.read_text()
        if expected == found:
            return None
        pairs = expected.splitlines(), found.splitlines()
        if len(pairs[0]) == len(pairs[1]) and all(matches(a, b) for a, b in zip(*pairs)):
            return None
        return f"{stream}: expected:\n{expected}\n{stream}: found:\n{found}"
    if required and found and not has.exists():
        return f"{stream}: expected nothing, found:\n{found}"
    return None


def check_json(case, found):
    path = case.path / "stdout.json"
    if not path.exists():
        return None
    tolerance_file = case.path / "tolerance"
    tolerance = float(tolerance_file.read_text()) if tolerance_file.exists() else 1e-9
    try:
        value = json.loads(found)
    except ValueError as error:
        return f"stdout is not JSON: {error}\n{found[:500]}"
    return difference(json.loads(path.read_text()), value, tolerance)


def rewrite(case, done):
    for stream, text in (("stdout", done.stdout), ("stderr", done.stderr)):
        if (case.path / stream).exists():
            (case.path / stream).write_text(text)
    if (case.path / "stdout.json").exists():
        value = json.loads(done.stdout)
        (case.path / "stdout.json").write_text(json.dumps(value, indent=1) + "\n")
    if done.returncode or (case.path / "exit").exists():
        (case.path / "exit").write_text(f"{done.returncode}\n")


def execute(case, program, env):
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "muster").symlink_to(Path(program).resolve())
        full = dict(os.environ, **(env or {}), NO_COLOR="1", LC_ALL="C.UTF-8",
                    PATH=f"{scratch}:{os.environ['PATH']}", SCRATCH=scratch)
        for name in ("MUSTER_CATALOG", "COLUMNS"):
            full.pop(name, None)
        command = str(case.path) if case.is_script else (case.path / "cmd").read_text()
        where = case.path.parent if case.is_script else case.path
        return subprocess.run(["bash", command] if case.is_script else ["bash", "-c", command],
                              cwd=where, env=full, text=True, errors="replace",
                              capture_output=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)


def run(case, program, env=None, update=False):
    """(outcome, detail) of one case; SCRATCH names a folder it may write to."""
    if not Path(program).exists():
        return SKIPPED, "no command line was built"
    try:
        done = execute(case, program, env)
    except subprocess.TimeoutExpired:
        return FAILED, f"still running after {TIMEOUT_S} s"
    if case.is_script:
        outcome = {0: PASSED, 77: SKIPPED}.get(done.returncode, FAILED)
        return outcome, "" if outcome == PASSED else done.stdout + done.stderr
    if update:
        rewrite(case, done)
    exit_file = case.path / "exit"
    expected = int(exit_file.read_text()) if exit_file.exists() else 0
    if done.returncode != expected:
        return FAILED, f"exit: expected {expected}, found {done.returncode}\n{done.stderr}"
    detail = (check_text(case, "stderr", done.stderr, True) or
              check_text(case, "stdout", done.stdout, False) or check_json(case, done.stdout))
    return (FAILED, detail) if detail else (PASSED, "")
