#!/usr/bin/python3
"""libbounced-parser as a stranger meets it: installed into a prefix, found by pkg-config, its example built and run; the shared
library shows just what its header declares, and the header still has all that it ever promised (tests/data/bounced_parser.abi)."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import server as e2e

HEADER = e2e.ROOT / "library" / "bounced_parser.h"
MAP = e2e.ROOT / "library" / "bounced_parser.map"
ABI = e2e.ROOT / "tests" / "data" / "bounced_parser.abi"
EXAMPLE = e2e.ROOT / "docs" / "examples" / "failures.c"
GOLDEN = e2e.ROOT / "tests" / "golden"
STRICT = "-std=c99 -Wall -Wextra -Wpedantic -Werror".split()
BUILD = e2e.BINARY.resolve().parent


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def cached(name):
    found = re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)
    return found[1] if found else ""


def promised():
    """The header as lines that must not change: each enumerator with its number, each function with its parameters."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    enumerators = re.findall(r"\b(BOUNCED_[A-Z_]+)\s*=\s*(\d+)", text)
    functions = re.findall(r"^BOUNCED_PUBLIC (.*?);", text, re.M | re.S)
    lines = [f"{name} = {number}" for name, number in enumerators]
    return lines + [re.sub(r"\s+", " ", function).replace("( ", "(") for function in functions]


def header_keeps_its_word():
    now, then = promised(), ABI.read_text().splitlines()
    assert len(now) > 60, now
    broken = [line for line in then if line not in now]
    assert not broken, f"the header no longer has, so that programs break that were built before: {broken}"
    assert now == then, f"new in the header: add to {ABI.name}, in the header's order: {[l for l in now if l not in then] or 'order'}"
    for name in re.findall(r"#include (\S+)", HEADER.read_text()):
        assert name in ("<stddef.h>", "<stdint.h>"), f"{name} is none of a stranger's"


def shows_just_that(library):
    """Header, map and library name the same functions."""
    declared = {re.search(r"(\w+)\(", line)[1] for line in promised() if "(" in line}
    listed = set(re.findall(r"^\t(bounced_\w+);$", MAP.read_text(), re.M))
    symbols = {}
    for line in run("nm", "-D", "--defined-only", library).splitlines():
        name, _, version = line.split()[-1].partition("@@")
        symbols[name] = (line.split()[-2], version)
    versions = {name for name, (kind, _) in symbols.items() if kind == "A"}
    shown = {name for name in symbols if name not in versions}
    assert declared == listed == shown, (declared ^ listed, declared ^ shown)
    assert all(version in versions for name, (_, version) in symbols.items() if name in shown), symbols
    dynamic = run("readelf", "-d", library)
    assert "SONAME" in dynamic and "[libbounced-parser.so.0]" in dynamic, dynamic
    assert "TEXTREL" not in dynamic, dynamic
    for stranger in ("libpq", "microhttpd", "libssl", "libcurl", "libevent", "libsystemd"):
        assert stranger not in dynamic, (stranger, dynamic)
    return len(shown)


def install(prefix):
    for component in ("library", "dev"):
        run("cmake", "--install", BUILD, "--prefix", prefix, "--component", component)
    package, = prefix.rglob("bounced-parser.pc")
    files = {path.relative_to(prefix).as_posix() for path in prefix.rglob("*") if not path.is_dir()}
    assert [file for file in files if file.endswith(".h")] == ["include/bounced_parser.h"], files
    assert not any(file.startswith(("bin/", "etc/")) for file in files), files
    return {**os.environ, "PKG_CONFIG_PATH": str(package.parent), "LD_LIBRARY_PATH": str(package.parent.parent),
            "ASAN_OPTIONS": "detect_leaks=1"}


def build_example(prefix, env):
    """By cc and pkg-config alone, from the copy that is installed."""
    flags = run("pkg-config", "--cflags", "--libs", "bounced-parser", env=env).split()
    assert run("pkg-config", "--modversion", "bounced-parser", env=env).strip() == cached("CMAKE_PROJECT_VERSION")
    assert os.path.realpath(flags[0][2:]) == str(prefix / "include"), flags
    source, = prefix.rglob("failures.c")
    program = prefix / "failures"
    sanitized = ["-fsanitize=address,undefined"] if cached("BOUNCED_SANITIZE") == "ON" else []
    run(cached("CMAKE_C_COMPILER") or "cc", *STRICT, *sanitized, "-o", program, source, *flags)
    if shutil.which("clang"):
        run("clang", "-x", "c++", "-std=c++11", "-Wall", "-Werror", "-fsyntax-only", HEADER)
    return program


def failures(program, env, *paths, code=0, **more):
    done = subprocess.run([str(program), *map(str, paths)], capture_output=True, text=True, timeout=300, env=env, **more)
    assert done.returncode == code, (done.returncode, done.stdout[-500:], done.stderr[-2000:])
    return done.stdout, done.stderr


def escaped(text):
    return "".join(c if " " <= c <= "~" and c != "\\" else "".join(f"\\x{b:02x}" for b in c.encode()) for c in text)


def expected(paths):
    """The same lines out of what `bounced parse` prints."""
    lines = []
    for line in run(e2e.BINARY, "parse", *paths).splitlines():
        for event in json.loads(line)["events"]:
            if event["outcome"] == "failed":
                rule = event["rule"] and event["rule"]["id"]
                words = (event["recipient"], event["class"], event["reason"], event["status"], rule)
                lines.append("\t".join(escaped(word or "") for word in words))
    return lines


def example_tells_what_parse_tells(program, env, folder):
    mails = sorted(GOLDEN.glob("*.eml"))
    out, _ = failures(program, env, *mails)
    assert out.splitlines() == expected(mails)
    assert len(out.splitlines()) > 500, len(out.splitlines())
    box = folder / "box"
    texts = [b"From x Thu Jan  1 00:00:00 1970\n" + mail.read_bytes().replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")
             + b"\n\n" for mail in mails[::5]]
    box.write_bytes(b"".join(texts))
    out, _ = failures(program, env, box)
    assert len(run(e2e.BINARY, "parse", box).splitlines()) == len(texts)
    assert out.splitlines() == expected([box]) and len(out.splitlines()) > 50, out
    piped, _ = failures(program, env, "-", stdin=box.open())
    assert piped == out
    _, said = failures(program, env, folder / "none", code=1)
    assert said == f"failures: {folder / 'none'}: not found\n", said
    failures(program, env, code=2)


def main():
    header_keeps_its_word()
    if not shutil.which("pkg-config"):
        e2e.skip("no pkg-config")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        env = install(folder / "prefix")
        library, = (path for path in folder.rglob("libbounced-parser.so.0.*"))
        n = shows_just_that(library)
        program = build_example(folder / "prefix", env)
        example_tells_what_parse_tells(program, env, folder)
    print(f"{n} functions are shown and no other, and the example tells what bounced parse tells")


if __name__ == "__main__":
    sys.exit(main())
