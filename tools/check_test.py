# SPDX-License-Identifier: Apache-2.0
"""Proves that every rule of check.py can fail: a small repository with one fault for each."""
import subprocess
import tempfile
from pathlib import Path

import check

HEAD = "/* SPDX-License-Identifier: Apache-2.0 */\n/*\n * What: a test.\n */\n"

# rule: (file, text with one fault, text without)
FAULTS = {
    "layers": ("src/base/a.c", HEAD + '#include "model/model.h"\n',
               HEAD + '#include "base/text.h"\n#include <math.h>\n'),
    "file length": ("src/base/a.c", HEAD + "int x;\n" * 900, HEAD + "int x;\n"),
    "function length": ("src/base/a.c", HEAD + "int f(void)\n{\n" + "    g();\n" * 80 + "}\n",
                        HEAD + "int f(void)\n{\n    g();\n}\n"),
    "banned calls": ("src/base/a.c", HEAD + "int f(char *a)\n{\n    return atoi(a);\n}\n",
                     HEAD + 'const char *f(void)\n{\n    return "atoi(a)"; /* atoi(a) */\n}\n'),
    "opening": ("src/base/a.c", "int x;\n", HEAD + "int x;\n"),
    "blobs": ("data/blob", "x" * 300000, "x"),
    "places": ("src/base/a.c", HEAD + "/* see ." + "./shared */\n", HEAD),
    "listed": ("tests/unit/test_lost.c", HEAD, None),
    "sources": ("data/chips/a.yaml", "memory:\n  capacity: {best: 1, unit: GB}\n",
                "memory:\n  capacity: {best: 1, unit: GB, grade: A, source: known}\n"),
    "public": ("include/muster/muster.h", HEAD + "MUSTER_API int muster_f(void);\n", HEAD),
}

# More faults of the layer rule: same layer, the core on a library, an unknown folder.
LAYER_FAULTS = (
    ("src/chip/a.c", '#include "fabric/fabric.h"\n'),
    ("src/study/a.c", '#include "io/doc_read.h"\n'),
    ("src/base/a.c", "#include <time.h>\n"),
    ("src/model/a.c", "#include <jansson.h>\n"),
    ("src/stray/a.c", '#include "base/text.h"\n'),
)


def findings(rule, name, text):
    """What a rule finds in a repository of one file (and what every repository needs)."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        files = {"meson.build": "", "data/sources.yaml": "sources:\n  - id: known\n", name: text}
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        subprocess.run(["git", "init", "-q", folder], check=True)
        subprocess.run(["git", "-C", folder, "add", "."], check=True)
        return check.RULES[rule](check.Repository(root))


def cases():
    """(name, error text or "") of each proof."""
    for rule in check.RULES:
        if rule not in FAULTS:
            yield f"{rule}: proof", "no fault proves this rule"
            continue
        name, faulty, sound = FAULTS[rule]
        yield f"{rule}: a fault is found", "" if findings(rule, name, faulty) else faulty[-200:]
        if sound is not None:
            yield f"{rule}: no false alarm", "\n".join(findings(rule, name, sound))
    for name, text in LAYER_FAULTS:
        found = findings("layers", name, HEAD + text)
        yield f"layers: {name} may not {text.strip()}", "" if found else "not found"
