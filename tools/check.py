#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules of the house that compiler, formatter and tidy cannot see.

    tools/check.py        one line a finding; exit 1 when there is any

Each rule_* function takes the repository and returns findings as "file:line: what".
"""
import re
import subprocess
import sys
from pathlib import Path

LAYERS = {
    "base": 1,
    "catalog": 2, "model": 2,
    "program": 3, "chip": 3, "fabric": 3,
    "schedule": 4,
    "serving": 5, "training": 5, "economics": 5,
    "study": 6,
    "io": 7, "report": 7, "calibrate": 7, "sweep": 7,
    "cli": 8, "endpoint": 8, "api": 8,
}
CORE_TOP = 6
CORE_HEADERS = set("""assert.h ctype.h errno.h float.h inttypes.h limits.h math.h pthread.h stdarg.h
stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h""".split())
BANNED = """strcpy strcat sprintf vsprintf gets atoi atol atoll atof strtok rand srand setlocale
gmtime localtime asctime ctime alloca""".split()
FILE_LINES, LINE_COLUMNS, FUNCTION_LINES, PARAMETERS, BLOB_BYTES = 800, 100, 70, 8, 256 * 1024
CODE = (".c", ".h", ".def")


class Repository:
    """Tracked files that exist, and their text."""

    def __init__(self, root):
        self.root = Path(root)
        done = subprocess.run(["git", "ls-files"], cwd=root, text=True, check=True,
                              stdout=subprocess.PIPE)
        self.files = [x for x in done.stdout.split("\n") if x and (self.root / x).is_file()]

    def text(self, name):
        return (self.root / name).read_text(errors="replace")

    def code(self, *folders):
        """Tracked C files below some folders."""
        return [x for x in self.files if x.endswith(CODE) and x.split("/")[0] in folders]


def bare(text):
    """C without comments and the insides of strings; line numbers are kept."""
    def blank(match):
        piece = match.group(0)
        if piece.startswith("/"):
            return re.sub(r"[^\n]", " ", piece)
        return piece[0] + piece[0]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)


def rule_layers(repository):
    """A file includes only from layers below its own; the core only plain C and pthreads."""
    findings = []
    for name in repository.code("src"):
        folder = name.split("/")[1]
        layer = LAYERS.get(folder)
        if layer is None:
            findings.append(f"{name}:1: folder src/{folder} has no layer")
            continue
        for number, line in enumerate(repository.text(name).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)', line)
            if not match:
                continue
            quote, path = match.groups()
            other = path.split("/")[0] if "/" in path else folder
            if quote == "<":
                if layer <= CORE_TOP and path not in CORE_HEADERS:
                    findings.append(f"{name}:{number}: the core may not use <{path}>")
            elif other == "muster":
                if layer < 8:
                    findings.append(f"{name}:{number}: the public header is for the faces")
            elif other not in LAYERS:
                findings.append(f"{name}:{number}: unknown folder in \"{path}\"")
            elif other != folder and LAYERS[other] >= layer:
                findings.append(f"{name}:{number}: {folder} (layer {layer}) may not include "
                                f"\"{path}\" (layer {LAYERS[other]})")
    return findings


def rule_file_length(repository):
    """Files and lines are short enough to read."""
    findings = []
    for name in repository.files:
        if not name.endswith((*CODE, ".py", ".sh")):
            continue
        lines = repository.text(name).splitlines()
        if len(lines) > FILE_LINES:
            findings.append(f"{name}:{FILE_LINES}: {len(lines)} lines, at most {FILE_LINES}")
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_COLUMNS and not name.endswith(".def"):
                findings.append(f"{name}:{number}: {len(line)} columns, at most {LINE_COLUMNS}")
    return findings


def functions(text):
    """(first line, last line, signature) of each function; its braces stand in column 1."""
    lines = bare(text).split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            head = start - 1
            while head > 1 and not re.search(r"^\s*$|[;}]\s*$|^#", lines[head - 2]):
                head -= 1
            yield head, number, " ".join(lines[head - 1:start - 1])
            start = None


def parameters(signature):
    """Number of parameters of a signature."""
    match = re.search(r"\w+\s*\((.*)\)\s*$", signature)
    if not match or match.group(1).strip() in ("", "void"):
        return 0
    depth = 0
    count = 1
    for letter in match.group(1):
        depth += (letter in "([") - (letter in ")]")
        count += letter == "," and depth == 0
    return count


def rule_function_length(repository):
    """Functions are short and take few parameters."""
    findings = []
    for name in repository.code("src", "tests", "tools", "bench"):
        for first, last, signature in functions(repository.text(name)):
            if last - first + 1 > FUNCTION_LINES:
                findings.append(f"{name}:{first}: a function of {last - first + 1} lines, at most "
                                f"{FUNCTION_LINES}")
            if parameters(signature) > PARAMETERS:
                findings.append(f"{name}:{first}: {parameters(signature)} parameters, at most "
                                f"{PARAMETERS}")
    return findings


def rule_banned_calls(repository):
    """No calls that overrun, keep hidden state or depend on the locale."""
    calls = r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\("
    pattern = re.compile(calls + r'|\bassert\s*\(\s*(?:0|false|!\s*"")\s*\)')
    findings = []
    for name in repository.code("src", "include"):
        for number, line in enumerate(bare(repository.text(name)).split("\n"), 1):
            match = pattern.search(line)
            if match:
                findings.append(f"{name}:{number}: {match.group(0).strip()} is banned")
    return findings


def rule_opening(repository):
    """Every source file opens with its licence; C files go on with a comment on what and why."""
    findings = []
    for name in repository.files:
        text = repository.text(name) if name.endswith((*CODE, ".py", ".sh")) else ""
        if text and "SPDX-License-Identifier: Apache-2.0" not in text[:200]:
            findings.append(f"{name}:1: no SPDX line")
        elif text and name.endswith((".c", ".h")) and not re.match(r"/\*.*\*/\n/\*", text):
            findings.append(f"{name}:2: no opening comment")
    return findings


def rule_blobs(repository):
    """Nothing heavy in the tree."""
    sizes = ((name, (repository.root / name).stat().st_size) for name in repository.files)
    return [f"{name}:1: {size} bytes, at most {BLOB_BYTES}" for name, size in sizes
            if size > BLOB_BYTES]


def rule_places(repository):
    """No path of any one machine; the tables' default is named in tests only."""
    machine = re.compile("(?<![\\w.])/(?:wo" + "rk|tm" + "p|ho" + "me)/|\\.\\./sha" + "red")
    findings = []
    for name in repository.files:
        if name.startswith(("tests/", "tools/fit", ".git")):
            continue
        for number, line in enumerate(repository.text(name).split("\n"), 1):
            if machine.search(line):
                findings.append(f"{name}:{number}: names a place of one machine")
    return findings


def rule_listed(repository):
    """Every source, test and fuzz target is in a build file, or it would silently not run."""
    findings = []
    for name in repository.files:
        match = re.fullmatch(r"(src/\w+|tests/unit|tests/fuzz)/((?:test_|fuzz_)?)(\w+)\.c", name)
        if not match:
            continue
        folder, prefix, stem = match.groups()
        build = repository.root / folder / "meson.build"
        wanted = f"{prefix}{stem}.c" if folder.startswith("src") else stem
        builds = (build.read_text() if build.exists() else "") + repository.text("meson.build")
        if stem != "replay" and f"'{wanted}'" not in builds and f"{folder}/{wanted}'" not in builds:
            findings.append(f"{name}:1: not in {folder}/meson.build")
    return findings


def line_of(text, match):
    return text.count("\n", 0, match.start()) + 1


def rule_sources(repository):
    """Every number of the catalogue, or its whole file, names a known source and a grade."""
    known = set()
    if "data/sources.yaml" in repository.files:
        known = set(re.findall(r"\bid:\s*([\w.-]+)", repository.text("data/sources.yaml")))
        known |= set(re.findall(r"^ {0,4}([\w.-]+):", repository.text("data/sources.yaml"), re.M))
    findings = []
    for name in repository.files:
        if not re.match(r"data/\w+/[\w.-]+\.yaml$", name) or "/schema/" in name:
            continue
        text = repository.text(name)
        whole = re.search(r"^source:", text, re.M) and re.search(r"^grade:", text, re.M)
        for match in [] if whole else re.finditer(r"\{[^{}]*\bbest:[^{}]*\}", text):
            if not re.search(r"\bsource:", match.group(0)) or "grade:" not in match.group(0):
                findings.append(f"{name}:{line_of(text, match)}: a number without source and grade")
        for match in re.finditer(r"\bsource:[ \[]*([\w.-]+)", text):
            if match.group(1) not in known:
                findings.append(f"{name}:{line_of(text, match)}: unknown source {match.group(1)}")
    return findings


def rule_public(repository):
    """Every function of the public header is commented and called by some test."""
    header = "include/muster/muster.h"
    if header not in repository.files:
        return []
    lines = repository.text(header).splitlines()
    tests = "".join(repository.text(x) for x in repository.code("tests"))
    findings = []
    for number, line in enumerate(lines, 1):
        match = re.match(r"MUSTER_API\b.*?\b(muster_\w+)\s*\(", line)
        if not match:
            continue
        if not lines[number - 2].strip().endswith("*/"):
            findings.append(f"{header}:{number}: {match.group(1)} has no comment")
        if not re.search(rf"\b{match.group(1)}\s*\(", tests):
            findings.append(f"{header}:{number}: no test calls {match.group(1)}")
    return findings


RULES = {
    "layers": rule_layers,
    "file length": rule_file_length,
    "function length": rule_function_length,
    "banned calls": rule_banned_calls,
    "opening": rule_opening,
    "blobs": rule_blobs,
    "places": rule_places,
    "listed": rule_listed,
    "sources": rule_sources,
    "public": rule_public,
}


def all_rules(root):
    """(rule, findings) of every rule."""
    repository = Repository(root)
    for name, rule in RULES.items():
        yield name, rule(repository)


def main():
    total = 0
    for name, findings in all_rules(Path(__file__).resolve().parent.parent):
        total += len(findings)
        sys.stdout.writelines(f"{finding} [{name}]\n" for finding in findings)
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
