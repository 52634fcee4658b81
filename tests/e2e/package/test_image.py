#!/usr/bin/python3
"""Both images of docker/Dockerfile, made by buildah with the program of this build and started by podman: the one with PostgreSQL takes
bounces and answers, the slim one answers from the database of the first, runs as nobody else and has no PostgreSQL in it."""
import pathlib
import platform
import subprocess
import sys

import server as e2e

ROOT = pathlib.Path(__file__).resolve().parents[3]


def program():
    """A bounced without sanitizers, for the images have none of their libraries."""
    for path in (e2e.BINARY, ROOT / "build-clang/bounced", ROOT / "build-release/bounced"):
        if path.exists() and b"libasan" not in subprocess.run(["ldd", path], capture_output=True, timeout=60).stdout:
            return path
    return None


def main():
    if platform.freedesktop_os_release().get("VERSION_CODENAME") != "bookworm":
        e2e.skip("a program of another system's libraries does not run in images of Debian 12")
    built = program()
    if built is None:
        e2e.skip("there is no build without sanitizers")
    done = subprocess.run([ROOT / "docker/try.sh", built], capture_output=True, text=True, timeout=900)
    if done.returncode == e2e.SKIP:
        e2e.skip(done.stdout.splitlines()[-1].removeprefix("skipped: "))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.count('"domains":[{"domain":"harbour.example"') == 2, done.stdout
    print(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
