#!/usr/bin/python3
"""bench_log beside pflogsumm (Debian) on the same Postfix log, one after the other, in one run: logs.py [MEGABYTES].

BENCH_LOG is the program; the packages of pflogsumm are unpacked beside the build and not installed."""
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parent / "build-bench" / "pflogsumm"


def fetch():
    """pflogsumm with the Perl modules that it needs; the command line."""
    root = CACHE / "root"
    if not (root / "usr/sbin/pflogsumm").exists():
        (CACHE / "partial").mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "-qq", "-y", "-d", "-o", f"Dir::Cache::archives={CACHE}", "-o", "Debug::NoLocking=1",
                        "--no-install-recommends", "install", "pflogsumm"], check=True, stdout=subprocess.DEVNULL)
        for package in CACHE.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    libraries = [*root.glob("usr/share/perl5"), *root.glob("usr/lib/*/perl5/*")]
    return ["perl", *[f"-I{folder}" for folder in libraries], root / "usr/sbin/pflogsumm"]


def run(name, command, megabytes):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    print(f"{name:10} {megabytes / cpu:8.1f} MB/s of CPU  {cpu:8.2f} s CPU  {wall:8.2f} s")
    return cpu, done.stdout


def main():
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        subprocess.run([sys.executable, HERE / "make_mail_log.py", str(megabytes * 1000000)], stdout=log, check=True)
        size = os.path.getsize(log.name) / 1e6
        ours, text = run("bounced", [os.environ["BENCH_LOG"], "postfix", log.name], size)
        print("          ", text.strip())
        theirs, text = run("pflogsumm", [*fetch(), "--no_no_msg_size", log.name], size)
        print("           " + "\n           ".join(line.strip() for line in text.splitlines() if "delivered" in line or "deferred" in line
                                                   or "bounced" in line)[:400].splitlines()[0])
        print(f"{theirs / ours:.0f} times as fast")


main()
