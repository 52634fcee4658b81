#!/usr/bin/python3
"""The power goes, thousands of times: programs run with a recorder of their calls in front of them, and of what their disk may then
hold (disk.py) each is recovered by the program itself. Of a lane, each mail that had its 250 is loaded, none twice, and nothing is
called damaged; of an export's folder each file is an old or a new one, and the manifest speaks of no file that is not there; of a
maildir that is imported with --move each mail is where it is taken from or in the lane.

CUTS: how many in all (bench/power has many), SEED repeats a run as far as threads do; what fails is kept in the folder that is named.
"""
import hashlib
import json
import os
import pathlib
import pwd
import random
import shutil
import subprocess
import sys
import tempfile
import time

import disk
import server as e2e

CUTS = int(os.environ.get("CUTS", "100"))
SEED = int(os.environ.get("SEED", "16"))
BUILD = e2e.BINARY.resolve().parent
RECORD, SPOOL, EXPORT = (BUILD / "tests" / name for name in ("libpower_record.so", "power_spool", "power_export"))
A_RUN = 50 if CUTS > 1000 else 12  # cuts of one recorded run
ASAN = {"ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}  # each is run and checked elsewhere


class Recorded:
    """A folder to cut, the log, and a place for what is left."""

    def __init__(self, name, deaf):
        self.deaf = deaf
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.top = pathlib.Path(tempfile.mkdtemp(prefix=f"bounced-power-{name}-", dir=base))
        self.live, self.left, self.log = self.top / "live", self.top / "left", self.top / "log"
        self.live.mkdir()

    def run(self, *command, **environment):
        """Entries of the log, and the disk in front of them."""
        self.log.unlink(missing_ok=True)
        before = disk.Disk(self.live)
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env={
            **os.environ, "LD_PRELOAD": str(RECORD), "POWER_LOG": str(self.log), "POWER_DEAF": str(self.deaf), **ASAN,
            **{key: str(value) for key, value in environment.items()}}, timeout=300)
        # A sync that fails while a lane is recovered ends its writer, as it ends a role.
        fails = environment.get("POWER_FAIL") and "writer: input/output error" in done.stderr
        assert done.returncode == 0 or fails, (command, done.stdout[-500:], done.stderr)
        return before, list(disk.entries(self.log))

    def cuts(self, before, log, n, rng):
        """The disk at n places of the log, in order, with what had been said by then: anywhere, or where a sync is under way."""
        said, at = [], 0
        syncs = [place for place, entry in enumerate(log) if entry[0] == "s"] or [0]
        for place in sorted(rng.choice((rng.randint(0, len(log)), rng.choice(syncs))) for _ in range(n)):
            for entry in log[at:place]:
                text = before.apply(entry, rng)
                if text:
                    said += text.splitlines()
            at = place
            shutil.rmtree(self.left, ignore_errors=True)
            before.cut(rng, self.left)
            yield said

    def go_on(self):
        """What is left now is where the next run begins."""
        shutil.rmtree(self.live)
        self.left.rename(self.live)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None or self.deaf:
            shutil.rmtree(self.top)
        else:
            print(f"kept: {self.top}", file=sys.stderr)


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, env={**os.environ, **ASAN})
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout.splitlines()


# ---- a lane ----

class Lane:
    """What its writer has promised, and what the database behind its reader has."""

    def __init__(self):
        self.told, self.stored, self.position, self.record_at, self.torn = set(), {}, 0, 0, 0

    def take(self, lines):
        for line in lines:
            word, *rest = line.split()
            if word == "told":
                self.told.add(int(rest[0]))
            elif word == "stored":
                number, self.position, self.record_at = map(int, rest)
                self.stored[number] = self.stored.get(number, 0) + 1
            elif word == "other":
                raise AssertionError(line)
            elif word == "gap":
                assert rest[0] == "torn", line
                self.position, self.record_at = int(rest[2]), 0
                self.torn += 1

    def after(self, lines):
        lane = Lane()
        lane.told, lane.stored = set(self.told), dict(self.stored)
        lane.position, lane.record_at = self.position, self.record_at
        lane.take(lines)
        return lane

    def check(self):
        lost, doubled = self.told - set(self.stored), [number for number, n in self.stored.items() if n > 1]
        assert not lost and not doubled, ("lost", sorted(lost)[:9], "doubled", doubled[:9])


def cut_lanes(cuts, rng, deaf=0):
    done = torn = 0
    number, told = 1, 0
    while done < cuts:
        lane = Lane()
        with Recorded("lane", deaf) as place:
            for _ in range(4):  # runs one behind the other, each on what a cut of the one before has left
                n = rng.randint(20, 80)
                before, log = place.run(SPOOL, place.live / "lane", number, n, lane.position, lane.record_at, POWER_SYNC_US=100,
                                        POWER_SEED=rng.randint(1, 1 << 30), POWER_FAIL=rng.choice((0, 0, 20)))
                number += n
                for said in place.cuts(before, log, A_RUN, rng):
                    now = lane.after(said)
                    kept = place.top / "kept"
                    shutil.rmtree(kept, ignore_errors=True)
                    shutil.copytree(place.left, kept)
                    then = now.after(run(SPOOL, kept / "lane", number, 1, now.position, now.record_at))
                    then.told.add(number)
                    then.check()
                    number += 1
                    done += 1
                    torn += then.torn
                    told += len(then.told)
                lane = now
                place.go_on()
    return f"lane: {done} cuts, {told} mails that had their 250, 0 lost, 0 doubled; {torn} torn batches"


# ---- an export ----

def sums(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()
            if path.is_file() and not path.name.startswith(".")}


def manifests(folder):
    return [json.loads(path.read_text()) for path in folder.glob("*manifest.json")
            if not path.name.startswith(".")]


def whole(folder, known):
    """Each file is one that a run wrote; those of a manifest are there, as it says or newer."""
    for name, value in sums(folder).items():
        assert value in known.get(name, ()), (name, "is neither old nor new")
    for manifest in manifests(folder):
        for file in manifest["files"]:
            path = folder / file["file"]
            assert path.exists(), (file["file"], "is in the manifest and not in the folder")
            values = known[path.name]
            assert values.index(sums(folder)[path.name]) >= values.index(file["sha256"]), (path.name, "is older than its manifest")


def cut_exports(cuts, rng, deaf=0):
    done, seq = 0, 0
    while done < cuts:
        known = {}
        with Recorded("export", deaf) as place:
            folder = place.live / "out"
            for size in rng.sample(range(60, 400), 4):
                seq += size
                to = (size, size // 2)[seq % 2]  # the list grows, and the database was set back
                before, log = place.run(EXPORT, folder, to)
                for name, value in sums(folder).items():
                    values = known.setdefault(name, [])
                    if value in values:
                        values.remove(value)
                    values.append(value)
                for _ in place.cuts(before, log, A_RUN, rng):
                    done += 1
                    left = place.left / "out"
                    if not left.exists():
                        continue
                    whole(left, known)
                    if done % 10 == 0:
                        again = place.top / "again"
                        shutil.rmtree(again, ignore_errors=True)
                        shutil.copytree(left, again)
                        run(EXPORT, again, to)
                        for manifest in manifests(again):
                            assert all(sums(again)[file["file"]] == file["sha256"] for file in manifest["files"])
    return f"export: {done} cuts, each file old or new, none half, the manifest last"


# ---- a maildir ----

def give_away(top):
    """Started by root, an import is the spool's user."""
    if os.geteuid():
        return
    user = pwd.getpwnam("postgres")
    for path in (top, *top.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)


def cut_imports(cuts, rng, deaf=0):
    done = 0
    while done < cuts:
        with Recorded("import", deaf) as place:
            box, n = place.live / "Maildir", rng.randint(20, 60)
            for sub in ("new", "cur", "tmp"):
                (box / sub).mkdir(parents=True)
            for i in range(n):
                text = f"Subject: {i}\nFrom: a@example.com\nTo: b@example.org\n\n" + "x" * rng.randint(1, 3000) + "\n"
                (box / "new" / f"{i}.host").write_text(text)
            (place.live / "data").mkdir()
            config = place.top / "bounced.conf"
            config.write_text(f"[server]\ndata_dir = {place.live}/data\n[spool]\nmin_free_bytes = 1048576\nsegment_bytes = 1048576\n")
            give_away(place.top)
            before, log = place.run(e2e.BINARY, "import", "--config", config, "--move", box)
            for _ in place.cuts(before, log, A_RUN, rng):
                done += 1
                lane = place.left / "data" / "spool" / "import"
                there = run(SPOOL, lane, 1, 0, 0, 0) if (lane / "lane.id").exists() else []
                assert not [line for line in there if line.startswith("gap damaged")], there
                for i in range(n):
                    waits = (place.left / "Maildir" / "new" / f"{i}.host").exists()
                    assert waits or f"other Subject: {i}" in there, (i, "is in no place")
            assert not list((box / "new").iterdir())
    return f"import: {done} cuts, each mail in the maildir or in the lane"


def sees(what):
    """Would it be seen? On a disk that does not do what it is told something is lost soon."""
    try:
        what(4 * A_RUN, random.Random(SEED), deaf=1)
    except AssertionError:
        return
    raise SystemExit(f"{what.__name__}: nothing was lost on a disk that never syncs")


def main():
    start = time.process_time()
    if not RECORD.exists():
        e2e.skip(f"{RECORD} was not built")
    shares = ((cut_lanes, 0.6), (cut_exports, 0.3), (cut_imports, 0.1))
    for what, share in shares:
        sees(what)
        print(what(max(1, int(CUTS * share)), random.Random(SEED)), flush=True)
    print(f"seed {SEED}, {time.process_time() - start:.1f} s of this process")


if __name__ == "__main__":
    sys.exit(main())
