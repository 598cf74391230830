#!/usr/bin/python3
"""Puts the files that doc/ shows into it.

    tools/doc_files.py [--check]

A fenced block with `file=PATH` behind its language holds that file.  --check: changes
nothing, exit status 1 when one differs.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^(```\w+ file=(\S+)\n)(.*?)^```$", re.MULTILINE | re.DOTALL)


def filled(text):
    return BLOCK.sub(lambda m: m.group(1) + (ROOT / m.group(2)).read_text(encoding="utf-8") + "```", text)


if __name__ == "__main__":
    stale = []
    for page in [ROOT / "README.md", *sorted((ROOT / "doc").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        if filled(text) != text:
            stale.append(str(page.relative_to(ROOT)))
            if "--check" not in sys.argv:
                page.write_text(filled(text), encoding="utf-8")
    if "--check" in sys.argv and stale:
        sys.exit(f"not as the files they show: {', '.join(stale)}; run tools/doc_files.py")
