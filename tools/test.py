#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the test suites and sums up their cases in one closing line.

    tools/test.py [SUITE...]      all suites, or those named
    tools/test.py --list
    tools/test.py --update cli    rewrite what the command-line cases expect

Every suite yields cases (name, passed | failed | skipped, detail). The run fails when a case fails
or nothing ran. Builds go to build-<flavour>/ and are kept between runs.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import accuracy  # noqa: E402
import accuracy_test  # noqa: E402
import published_test  # noqa: E402
import check  # noqa: E402
import check_test  # noqa: E402
import cli_cases  # noqa: E402

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
JOBS = str(min(os.cpu_count() or 1, 8))
SANITIZE = "-fsanitize=address,undefined,float-divide-by-zero,float-cast-overflow"

# flavour: (compiler, meson options)
FLAVOURS = {
    "gcc": ("gcc", ["-Dwerror=true", f"-Dprefix={ROOT / 'build-gcc' / 'prefix'}"]),
    "clang": ("clang", ["-Dwerror=true"]),
    "asan": ("clang", ["-Doptimization=1", "-Ddebug=true", "-Db_lundef=false",
                       f"-Dc_args={SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer",
                       f"-Dc_link_args={SANITIZE}"]),
    "tsan": ("clang", ["-Doptimization=1", "-Ddebug=true", "-Db_lundef=false",
                       "-Db_sanitize=thread"]),
}


def brief(text):
    """The start and, of long text, the end."""
    lines = text.strip().splitlines()
    if len(lines) > 60:
        lines = [*lines[:40], f"... {len(lines) - 60} lines more ...", *lines[-20:]]
    return "\n".join(line[:400] for line in lines)


class Report:
    """Cases of all suites; prints failures and skips as they come."""

    def __init__(self):
        self.counts = {PASSED: 0, FAILED: 0, SKIPPED: 0}

    def add(self, suite, name, outcome, detail=""):
        self.counts[outcome] += 1
        if outcome != PASSED:
            print(f"{outcome.upper()} {suite}: {name}", flush=True)
            if detail.strip():
                print("    " + brief(detail).replace("\n", "\n    "), flush=True)


def run(command, cwd=ROOT, env=None, timeout=1800, **more):
    """Completed process with stdout and stderr together as text; a timeout is a failure."""
    full = dict(os.environ, **(env or {}))
    try:
        return subprocess.run(command, cwd=cwd, env=full, timeout=timeout, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              errors="replace", **more)
    except subprocess.TimeoutExpired as error:
        return subprocess.CompletedProcess(command, 124, str(error), "")


def build(flavour, targets=("all", "meson-test-prereq")):
    """Sets up and builds a flavour; (folder, error text or None)."""
    compiler, options = FLAVOURS[flavour]
    folder = ROOT / f"build-{flavour}"
    if not (folder / "build.ninja").exists():
        shutil.rmtree(folder, ignore_errors=True)
        done = run(["meson", "setup", str(folder), *options], env={"CC": compiler})
        if done.returncode != 0:
            return folder, done.stdout
    done = run(["ninja", "-k", "20", "-C", str(folder), *targets])
    faults = done.stdout.partition("FAILED: ")
    return folder, None if done.returncode == 0 else faults[2] or faults[0]


CMOCKA_CASE = re.compile(r"^\[ *(OK|FAILED|SKIPPED) *\] (\w+)$", re.M)
OUTCOMES = {"OK": PASSED, "FAILED": FAILED, "SKIPPED": SKIPPED}


def add_program(report, suite, entry):
    """Cases of one test program from its line in meson's testlog.json."""
    text = (entry.get("stdout") or "") + (entry.get("stderr") or "")
    stdout = entry.get("stdout") or ""
    body = stdout.split("test(s) run.")[0]
    cases = CMOCKA_CASE.findall(body)
    failures = 0
    for outcome, name in cases:
        failed = OUTCOMES[outcome] == FAILED
        failures += failed
        report.add(suite, f"{entry['name']}/{name}", OUTCOMES[outcome], text if failed else "")
    if entry["result"] == "SKIP" and not cases:
        report.add(suite, entry["name"], SKIPPED, text)
    elif entry["result"] != "OK" and failures == 0:
        report.add(suite, entry["name"], FAILED, f"{entry['result']}\n{text}")
    elif not cases:
        report.add(suite, entry["name"], PASSED)


def meson_tests(report, suite, folder, select, env=None):
    """Runs meson's tests (select = extra arguments) and adds their cases."""
    log = folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    done = run(["meson", "test", "-C", str(folder), "--no-rebuild", "--num-processes", JOBS,
                *select], env=env)
    if not log.exists():
        report.add(suite, "meson test", FAILED, done.stdout)
        return
    with open(log, encoding="utf-8", errors="replace") as lines:
        entries = [json.loads(line) for line in lines]
    for entry in entries:
        add_program(report, suite, entry)


def built(report, suite, flavour, *targets):
    folder, error = build(flavour, *targets)
    if error is not None:
        report.add(suite, f"build with {flavour}", FAILED, error)
        return None
    return folder


def comma_locale():
    """Environment with a locale whose decimal point is a comma, where one can be made."""
    places = ROOT / "build-gcc" / "locales"
    places.mkdir(parents=True, exist_ok=True)
    if not (places / "de_DE.UTF-8").exists() and shutil.which("localedef"):
        run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(places / "de_DE.UTF-8")])
    return {"LOCPATH": str(places)}


def suite_unit(report):
    """Unit tests and fuzz corpora, gcc, warnings as errors."""
    folder = built(report, "unit", "gcc")
    if folder:
        meson_tests(report, "unit", folder, [], comma_locale())


def suite_clang(report):
    """Builds everything with clang, warnings as errors."""
    if built(report, "clang", "clang"):
        report.add("clang", "build", PASSED)


SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1",
}


def suite_asan(report):
    """Unit tests, fuzz corpora and command-line cases under ASan and UBSan."""
    folder = built(report, "asan", "asan")
    if not folder:
        return
    meson_tests(report, "asan", folder, ["--timeout-multiplier", "5"],
                {**SANITIZER_ENV, **comma_locale()})
    for case in cli_cases.find(ROOT):
        outcome, detail = cli_cases.run(case, folder / "muster", env=SANITIZER_ENV)
        report.add("asan cli", case.name, outcome, detail)


def threaded_tests(folder):
    """Unit tests whose source speaks of the pool or of threads."""
    names = []
    for entry in json.loads(run(["meson", "introspect", str(folder), "--tests"]).stdout):
        source = ROOT / "tests" / "unit" / f"test_{entry['name']}.c"
        if source.exists() and re.search(r"mu_pool_|pthread_", source.read_text()):
            names.append(entry["name"])
    return names


def suite_tsan(report):
    """What uses threads, under TSan."""
    folder = built(report, "tsan", "tsan")
    if not folder:
        return
    names = threaded_tests(folder)
    meson_tests(report, "tsan", folder, [*names, "--timeout-multiplier", "10"], SANITIZER_ENV)
    for case in cli_cases.find(ROOT):
        if case.threaded:
            outcome, detail = cli_cases.run(case, folder / "muster", env=SANITIZER_ENV)
            report.add("tsan cli", case.name, outcome, detail)


def suite_cli(report, update=False):
    """Command-line cases with the gcc build."""
    folder = built(report, "cli", "gcc")
    if not folder:
        return
    if not (folder / "muster").exists():
        report.add("cli", "all", SKIPPED, "no command line was built")
        return
    for case in cli_cases.find(ROOT):
        outcome, detail = cli_cases.run(case, folder / "muster", update=update)
        report.add("cli", case.name, outcome, detail)


def suite_accuracy(report):
    """No error grew, and docs/accuracy.md is what the program says now."""
    for name, error in [*accuracy_test.cases(), *published_test.cases()]:
        report.add("accuracy", name, FAILED if error else PASSED, error)
    folder = built(report, "accuracy", "gcc")
    if not folder:
        return
    if not (folder / "muster").exists():
        report.add("accuracy", "all", SKIPPED, "no command line was built")
        return
    for name, outcome, detail in accuracy.check(folder / "muster"):
        report.add("accuracy", name, outcome, detail)


STRICT = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-fsyntax-only",
          "-D_POSIX_C_SOURCE=200809L"]


def suite_headers(report):
    """Each header on its own as C17; the public one also as C++17."""
    with tempfile.TemporaryDirectory() as scratch:
        for header in sorted([*ROOT.glob("src/**/*.h"), *ROOT.glob("include/**/*.h")]):
            name = str(header.relative_to(ROOT))
            unit = Path(scratch) / "unit.c"
            twice = f'#include "{header}"\n' * 2
            unit.write_text(twice + "extern int unit_not_empty;\n")
            done = run(["gcc", "-std=c17", *STRICT, "-Isrc", "-Iinclude", str(unit)])
            report.add("headers", name, FAILED if done.returncode else PASSED, done.stdout)
            if header.is_relative_to(ROOT / "include"):
                done = run(["g++", "-std=c++17", *STRICT, "-Iinclude", "-x", "c++", str(unit)])
                outcome = FAILED if done.returncode else PASSED
                report.add("headers", f"{name} as C++17", outcome, done.stdout)


def exported_symbols(library):
    done = run(["nm", "-D", "--defined-only", str(library)])
    return [line.split()[-1].split("@")[0] for line in done.stdout.splitlines() if line.strip()]


def suite_install(report):
    """Installs into a folder of its own; a C and a C++ program find it with pkg-config."""
    folder = built(report, "install", "gcc")
    if not folder:
        return
    prefix = folder / "prefix"
    shutil.rmtree(prefix, ignore_errors=True)
    done = run(["meson", "install", "-C", str(folder), "--no-rebuild"])
    configs = list(prefix.glob("**/muster.pc"))
    if done.returncode != 0 or not configs:
        outcome = FAILED if done.returncode or (ROOT / "src/api/meson.build").exists() else SKIPPED
        report.add("install", "install", outcome, done.stdout if outcome == FAILED else
                   "the library is not there yet")
        return
    report.add("install", "install", PASSED)
    library = configs[0].parent.parent
    env = {"PKG_CONFIG_PATH": str(configs[0].parent), "LD_LIBRARY_PATH": str(library)}
    flags = run(["pkg-config", "--cflags", "--libs", "muster"], env=env).stdout.split()
    for source in sorted((ROOT / "tests" / "install").glob("use_*.c")):
        for compiler in (["gcc", "-std=c17"], ["g++", "-std=c++17", "-x", "c++"]):
            program = folder / f"{source.stem}_{compiler[0].replace('+', 'x')}"
            done = run([*compiler, "-Wall", "-Wextra", "-Werror", str(source), "-x", "none",
                        "-o", str(program), *flags])
            if done.returncode == 0:
                done = run([str(program)], env=env)
            outcome = FAILED if done.returncode else PASSED
            report.add("install", f"{source.name} with {compiler[0]}", outcome, done.stdout)
    alien = [x for x in exported_symbols(library / "libmuster.so") if not x.startswith("muster_")]
    report.add("install", "only muster_ symbols are exported", FAILED if alien else PASSED,
               " ".join(alien))


# Files, network, clock, environment, printing: none of it in the core.
NOT_IN_CORE = set("""
fopen fopen64 freopen fdopen open open64 openat creat read write pread pwrite fread fwrite fgets
fgetc getc getline mmap stat lstat fstat opendir readdir scandir unlink remove rename mkdir
socket connect bind listen accept send recv getaddrinfo
time clock clock_gettime gettimeofday nanosleep usleep sleep localtime gmtime strftime
getenv secure_getenv setenv putenv setlocale
printf fprintf vprintf vfprintf puts fputs putchar fputc putc perror stdout stderr stdin
exit _exit quick_exit system popen fork execve signal sigaction rand srand random drand48
""".split())


def suite_link(report):
    """The core needs libm and pthreads only, and calls nothing that reaches outside."""
    folder = built(report, "link", "gcc", ["libmuster_core.a"])
    if not folder:
        return
    archive = str(folder / "libmuster_core.a")
    program = str(folder / "core_link")
    done = run(["gcc", "-std=c17", "-Isrc", "tests/install/core_link.c", "-o", program,
                "-Wl,--whole-archive", archive, "-Wl,--no-whole-archive",
                "-nodefaultlibs", "-lm", "-lpthread", "-lc", "-lgcc"])
    if done.returncode == 0:
        done = run([program])
    report.add("link", "whole core on libm and pthreads", FAILED if done.returncode else PASSED,
               done.stdout)
    needed = run(["readelf", "-d", program]).stdout
    libraries = set(re.findall(r"NEEDED.*\[(.*?)\]", needed))
    extra = libraries - {"libm.so.6", "libc.so.6", "libpthread.so.0"}
    report.add("link", "no other library", FAILED if extra else PASSED, " ".join(extra))
    wanted = run(["nm", "-u", archive]).stdout
    symbols = set(re.findall(r"^ +U (\S+)$", wanted, re.M))
    found = sorted(symbols & NOT_IN_CORE)
    report.add("link", "no files, clock, environment or printing", FAILED if found else PASSED,
               " ".join(found))


def sources(*patterns):
    done = run(["git", "ls-files", *patterns])
    return [x for x in done.stdout.split("\n") if x and (ROOT / x).exists()]


def suite_format(report):
    """clang-format has nothing to change."""
    for name in sources("*.c", "*.h"):
        done = run(["clang-format", "--dry-run", "-Werror", name])
        report.add("format", name, FAILED if done.returncode else PASSED,
                   "\n".join(done.stdout.splitlines()[:3]))


def suite_check(report):
    """Layers and the rules of the house that the compiler cannot see."""
    for rule, findings in check.all_rules(ROOT):
        report.add("check", rule, FAILED if findings else PASSED, "\n".join(findings))
    for name, error in check_test.cases():
        report.add("check", name, FAILED if error else PASSED, error)


def suite_tidy(report):
    """clang-tidy, warnings as errors; files in parallel."""
    folder, _ = build("clang")  # a failure is the clang suite's to report
    database = {Path(x["directory"], x["file"]).resolve()
                for x in json.loads((folder / "compile_commands.json").read_text())}
    names = [x for x in sources("*.c") if (ROOT / x).resolve() in database]
    pending = list(names)
    running = {}
    while pending or running:
        while pending and len(running) < int(JOBS):
            name = pending.pop(0)
            running[name] = subprocess.Popen(
                ["clang-tidy", "--quiet", "-p", str(folder), name], cwd=ROOT, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        name = next(iter(running))
        process = running.pop(name)
        text = process.communicate()[0]
        report.add("tidy", name, FAILED if process.returncode else PASSED, text)


SUITES = {
    "check": suite_check,
    "format": suite_format,
    "headers": suite_headers,
    "unit": suite_unit,
    "link": suite_link,
    "cli": suite_cli,
    "accuracy": suite_accuracy,
    "install": suite_install,
    "clang": suite_clang,
    "asan": suite_asan,
    "tsan": suite_tsan,
    "tidy": suite_tidy,
}


def main(arguments):
    if arguments == ["--list"]:
        for name, suite in SUITES.items():
            print(f"{name:8} {suite.__doc__}")
        return 0
    update = "--update" in arguments
    names = [x for x in arguments if not x.startswith("--")] or list(SUITES)
    unknown = [x for x in names if x not in SUITES]
    if unknown:
        print(f"test: no suite {' '.join(unknown)}; there are {' '.join(SUITES)}", file=sys.stderr)
        return 2
    report = Report()
    for name in names:
        start = time.monotonic()
        before = dict(report.counts)
        if name == "cli":
            suite_cli(report, update)
        else:
            SUITES[name](report)
        cases = {k: report.counts[k] - before[k] for k in before}
        print(f"{name:8} {cases[PASSED]:5} passed {cases[FAILED]:3} failed "
              f"{cases[SKIPPED]:3} skipped  {time.monotonic() - start:6.1f} s", flush=True)
    counts = report.counts
    print(f"{counts[PASSED]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped")
    return 1 if counts[FAILED] or not counts[PASSED] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
