#!/usr/bin/env python3
"""Sizes beyond which nobody keeps a thing in mind. No room holds more than a fifth of the lines of all rooms, no folder
more than 45 files of code, no file more than 500 lines, no function more than 50 of them, its first line and its last
brace counted. Data is no code: rules and their cases, golden mails, migrations. A floor is a room.
Prints each breach and exits 1. usage: sizes.py [FOLDER], the folder that holds the rooms."""
import ast
import re
import sys
from pathlib import Path

ROOMS = "core parser library domain dns spool store ingest suppress logs load api serve cli".split()
BESIDE = "tests bench cmake".split()
ROOM_SHARE, FOLDER_FILES, FILE_LINES, FUNCTION_LINES = 5, 45, 500, 50
CODE = {".c", ".h", ".def", ".py", ".sh", ".js", ".css", ".html"}


def code_files(root):
    for top in ROOMS + BESIDE:
        for path in sorted((root / top).rglob("*")):
            if path.is_file() and path.suffix in CODE and "corpus" not in path.parts:
                yield path.relative_to(root), path.read_text().split("\n")


def c_functions(lines):
    """(first line, number of lines) of each definition, which ends with a brace in the first column."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            first = number - 1
            while first > 1 and re.match(r"[\s)]", lines[first - 1]):
                first -= 1
            start = first
        elif start is None and re.match(r"START_TEST\(", line):
            start = number
        elif line.startswith("}") and start:
            yield start, number - start + 1
            start = None


def js_functions(lines):
    start = None
    for number, line in enumerate(lines, 1):
        if re.match(r"(async )?function |class ", line):
            start = number
        elif line.startswith("}") and start:
            yield start, number - start + 1
            start = None


def functions(path, lines):
    if path.suffix in {".c", ".h"}:
        yield from c_functions(lines)
    elif path.suffix == ".js":
        yield from js_functions(lines)
    elif path.suffix == ".py":
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield node.lineno, node.end_lineno - node.lineno + 1


def breaches(root):
    rooms, folders = {}, {}
    for path, lines in code_files(root):
        n = len(lines) - (lines[-1] == "")
        folders[path.parent] = folders.get(path.parent, 0) + 1
        if path.parts[0] in ROOMS:
            # A folder of tables or of a page belongs to the room around it.
            room = path.parent if any((root / path.parent).glob("*.c")) else path.parent.parent
            rooms[room] = rooms.get(room, 0) + n
        if n > FILE_LINES:
            yield f"{path}: {n} lines, {FILE_LINES} at most"
        for first, length in functions(path, lines):
            if length > FUNCTION_LINES:
                yield f"{path}:{first}: a function of {length} lines, {FUNCTION_LINES} at most"
    for folder, n in folders.items():
        if n > FOLDER_FILES:
            yield f"{folder}: {n} files, {FOLDER_FILES} at most"
    total = sum(rooms.values())
    for room, n in rooms.items():
        if n * ROOM_SHARE > total and len(rooms) > ROOM_SHARE:
            yield f"{room}: {n} of {total} lines, a fifth at most"


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    found = list(breaches(root))
    for breach in found:
        print("sizes: " + breach)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
