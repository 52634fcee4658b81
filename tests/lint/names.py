#!/usr/bin/env python3
"""A function's name is said in one header. Two of one name in two rooms compile, and the linker takes either for both.
Prints each breach and exits 1. usage: names.py [FOLDER], the folder that holds the rooms."""
import re
import sys
from pathlib import Path

ROOMS = "core parser library domain dns spool store ingest suppress logs load api serve cli".split()
# At the first column: type and name; what is static belongs to each file that includes it.
DECLARED = re.compile(r"^(?!static|typedef|#|/|\s|\*)[A-Za-z_][^;{}()=]*?\b([a-z_][a-z0-9_]*)\(", re.M)


def declared(root):
    for top in ROOMS:
        for path in sorted((root / top).rglob("*.h")):
            text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
            text = re.sub(r"^(MUST_CHECK|NORETURN) ", "", text, flags=re.M)
            yield from ((name, path.relative_to(root)) for name in set(DECLARED.findall(text)))


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
    seen, bad = {}, 0
    for name, path in declared(root):
        if name in seen:
            print(f"names: {name} is declared in {seen[name]} and in {path}")
            bad = 1
        seen[name] = path
    if len(seen) < 500:
        print(f"names: only {len(seen)} functions found")
        bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
