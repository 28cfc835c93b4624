#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps the transcripts of the documentation true.

    tools/transcripts.py PROGRAM FILE...            runs every command and rewrites what it prints
    tools/transcripts.py --check PROGRAM FILE...    runs every command; fails when one fails

A transcript is a fenced block of the language `console`; each line that begins with `$ ` is a
command, what follows is its output. `# exit N` at the end of a command is the exit code expected.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
EXIT = re.compile(r"\s+# exit (\d+)$")


def execute(command, folder):
    """(output, fault or None)"""
    code = EXIT.search(command)
    expected = int(code.group(1)) if code else 0
    env = dict(os.environ, NO_COLOR="1", PATH=f"{folder}:{os.environ['PATH']}")
    env.pop("MUSTER_CATALOG", None)
    done = subprocess.run(["bash", "-c", EXIT.sub("", command)], env=env, text=True, cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    fault = None if done.returncode == expected else f"exit {done.returncode}: {command}"
    return done.stdout, fault


def renew(block, folder, faults):
    lines = []
    for command in [line for line in block.splitlines() if line.startswith("$ ")]:
        output, fault = execute(command[2:], folder)
        if fault:
            faults.append(f"{fault}\n{output}")
        lines += [command, *[line.rstrip() for line in output.splitlines()]]
    return "```console\n" + "\n".join(lines) + "\n```"


def main(arguments):
    check = "--check" in arguments
    program, *files = [x for x in arguments if x != "--check"]
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "muster").symlink_to(Path(program).resolve())
        for name in files:
            path = Path(name)
            text = path.read_text(encoding="utf-8")
            new = BLOCK.sub(lambda m: renew(m.group(1), folder, faults), text)
            if not check and new != text:
                path.write_text(new, encoding="utf-8")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
