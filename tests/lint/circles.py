#!/usr/bin/env python3
"""Circles of modules. A module is a stem: dsn.c, dsn.h and dsn_priv.h are one. It leans on another when it includes its
header, or when its code names a function or an object that the other defines, wherever that is declared: a.h
that declares what b.c defines, with a.c calling it and b.c including a.h, is a circle of two. Rows of a .def
count where a file spells them out. Prints each circle with the lines that close it, and exits 1.
usage: circles.py [FOLDER], the folder that holds the rooms."""
import re
import sys
from pathlib import Path

ROOMS = "core parser library domain dns spool store ingest suppress logs load api serve cli".split()
WORD = re.compile(r"\b[A-Za-z_]\w*\b")
INCLUDE = re.compile(r'^#include "([^"]+)"')
DEFINE = re.compile(r"^#define (\w+)\(([^)]*)\)(.*)$")
FUNCTION = re.compile(r"^(?!static\b|typedef\b|#|extern\b|struct \w+ \{|enum\b[^(]*\{)[A-Za-z_][\w *]*?\b(\w+)\([^;{}]*\)\s*\{", re.M)
OBJECT = re.compile(r"^(?!static\b|typedef\b|#|extern\b)[A-Za-z_][\w *]*?\b(\w+)(?:\[[^\]]*\])*\s*=[^=]", re.M)


def bare(text):
    """Without comments and the insides of texts, each line where it was."""
    pattern = r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"

    def blank(match):
        found = match.group()
        return '""' if found[0] == '"' else "\n" * found.count("\n") or " "

    lines = [line if INCLUDE.match(line) else None for line in text.split("\n")]
    rest = re.sub(pattern, blank, text, flags=re.S)
    return "\n".join(kept or line for kept, line in zip(lines, rest.split("\n")))


def module_of(path):
    return re.sub(r"_priv$", "", str(path.with_suffix("")))


def arguments(text, at):
    """The arguments behind an opening bracket at `at`."""
    depth, start, found = 0, at + 1, []
    for i in range(at, len(text)):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
        if not depth or depth == 1 and text[i] == ",":
            found.append(text[start:i].strip())
            start = i + 1
        if not depth:
            break
    return found


def spelled_out(table, macros):
    """What the rows of a .def become under the macros of the file that includes it."""
    out = []
    for match in re.finditer(r"^(\w+)\(", table, re.M):
        if match.group(1) not in macros:
            continue
        parameters, body = macros[match.group(1)]
        values = dict(zip(parameters, arguments(table, match.end() - 1)))
        body = re.sub(r"(?<!#)#\s*\w+", '""', body)
        body = WORD.sub(lambda word: values.get(word.group(), word.group()), body)
        out.append(re.sub(r"\s*##\s*", "", body))
    return " ".join(out)


def read(root):
    files = {}
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.[ch]")) + sorted((root / room).rglob("*.def")):
            files[path.relative_to(root)] = bare(path.read_text())
    return files


def words_of(path, text, files):
    """(line, word) of the code, rows of tables spelled out."""
    macros, lines = {}, text.split("\n")
    for number, line in enumerate(lines, 1):
        joined, ahead = line, number
        while joined.endswith("\\") and ahead < len(lines):
            joined, ahead = joined[:-1] + lines[ahead], ahead + 1
        macro = DEFINE.match(joined)
        if macro:
            macros[macro.group(1)] = ([p.strip() for p in macro.group(2).split(",")], macro.group(3))
        included = INCLUDE.match(line)
        if included:
            table = Path(included.group(1))
            if table.suffix == ".def" and table in files:
                line = spelled_out(files[table], macros)
        for word in WORD.findall(line):
            yield number, word


def edges_of(files):
    """module -> {module: the line that leans}"""
    owner, edges = {}, {}
    for path, text in files.items():
        edges.setdefault(module_of(path), {})
        if path.suffix == ".c":
            for match in list(FUNCTION.finditer(text)) + list(OBJECT.finditer(text)):
                owner.setdefault(match.group(1), module_of(path))
    for path, text in files.items():
        if path.suffix == ".def":
            continue
        here = module_of(path)
        for number, line in enumerate(text.split("\n"), 1):
            included = INCLUDE.match(line)
            if included and Path(included.group(1)) in files:
                there = module_of(Path(included.group(1)))
                edges[here].setdefault(there, f"{path}:{number}: includes {included.group(1)}")
        if path.suffix == ".c":
            for number, word in words_of(path, text, files):
                there = owner.get(word, here)
                if there != here:
                    edges[here].setdefault(there, f"{path}:{number}: names {word}, of {there}.c")
        edges[here].pop(here, None)
    return edges


def circles(edges):
    """The strongly connected parts of more than one module, by Tarjan's way."""
    index, low, stack, on, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on.add(node)
        for other in edges[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part = set()
            while node not in part:
                part.add(stack.pop())
            on.difference_update(part)
            if len(part) > 1:
                found.append(part)

    sys.setrecursionlimit(10000)
    for node in edges:
        if node not in index:
            visit(node)
    return found


def shortest(edges, part):
    """The shortest way round within a part."""
    best = None
    for start in sorted(part):
        ways = [[start]]
        seen = {start}
        while ways and (not best or len(ways[0]) < len(best)):
            way = ways.pop(0)
            for other in sorted(edges[way[-1]]):
                if other == start:
                    best, ways = way + [start], []
                    break
                if other in part and other not in seen:
                    seen.add(other)
                    ways.append(way + [other])
    return best


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    edges = edges_of(read(root))
    found = circles(edges)
    for part in sorted(found, key=sorted):
        print("circles: " + ", ".join(sorted(part)))
        way = shortest(edges, part)
        for here, there in zip(way, way[1:]):
            print("  " + edges[here][there])
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
