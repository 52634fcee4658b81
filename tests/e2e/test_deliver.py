"""Files of export jobs are handed to the job's command: delivered, refused, hung, killed, restarted in between, never through a shell."""
import json
import os
import pathlib
import signal
import subprocess
import sys

import server as e2e

# What the operator would have written: it notes how it was called, and does as the file `mode` says.
LOADER = """#!/usr/bin/python3
import json, os, pathlib, sys, time
out = pathlib.Path({out!r})
mode = (out / "mode").read_text().strip()
files = [word for word in sys.argv[1:] if word.startswith("/")]
line = {{"argv": sys.argv[1:], "mode": mode, "environment": sorted(os.environ), "stdin": sys.stdin.read(), "cwd": os.getcwd(),
        "pid": os.getpid(), "size": [os.path.getsize(f) for f in files], "text": open(files[0]).read(),
        "data": os.access({data!r} + "/spool", os.R_OK)}}
try:
    os.listdir({data!r} + "/spool")
except OSError as error:
    line["denied"] = error.errno
with open(out / "calls", "a") as calls:
    calls.write(json.dumps(line) + "\\n")
print("taken \\x1b[31m" + "x" * 300 + "\\n" + "y\\n" * 100)
if mode == "hang":
    time.sleep(1000)
sys.exit(3 if mode == "fail" else 0)
"""


class Server(e2e.Server):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.lists = self.folder / "lists"
        self.out = self.folder / "out"
        for folder in (self.lists, self.out):
            folder.mkdir()
            folder.chmod(0o777)  # the server may run as another user
        loader = self.folder / "load list"
        loader.write_text(LOADER.format(out=str(self.out), data=str(self.folder / "data")))
        loader.chmod(0o755)
        self.mode("ok")
        (self.out / "calls").touch()
        (self.out / "calls").chmod(0o666)
        self.settings["export.command_timeout_s"] = "3"
        self.settings["export.jobs"] = (
            f"inc format=plain mode=incremental every=1 path=\"{self.lists}/a b; $(id) `id` {{to}}.{{change}}.txt\" "
            f"command=\"'{loader}' {{file}} '{{name}} of {{format}}' {{change}} {{from}} {{to}} ';' '$(touch {self.out}/shell)' '|'\"; "
            f"once format=plain every=3600 rows=1 path={self.lists}/once.txt command=\"'{loader}' {{manifest}} {{name}}\"")

    def quiet(self):
        """Nothing is on its way: what comes next is the first in its line."""
        e2e.wait_for(lambda: (self.job()["delivery"] or {}).get("waiting") == 0, "all to be delivered", 90, self)

    def mode(self, mode):
        (self.out / "mode.new").write_text(mode)
        (self.out / "mode.new").rename(self.out / "mode")

    def calls(self, job):
        lines = [json.loads(line) for line in (self.out / "calls").read_text().splitlines()]
        return [line for line in lines if (line["argv"][1] if job == "once" else line["argv"][1].split(" of ")[0]) == job]

    def job(self, name="inc"):
        status, body = self.get("/v1/exports")
        assert status == 200, body
        return {job["name"]: job for job in body["exports"]}[name]

    def suppress(self, *words):
        done = subprocess.run([e2e.BINARY, "suppress", *words, "--config", self.config], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def told(self, change, address):
        """How often a command that ended well was given this address."""
        return [call for call in self.calls("inc") if call["mode"] == "ok" and address in call["text"].split() and call["argv"][2] == change]


def check_delivered(server):
    e2e.wait_for(lambda: server.calls("inc") and server.calls("once"), "the first lists", 60, server)
    first = server.calls("inc")[0]
    file, words, change, start, end, *rest = first["argv"]
    assert pathlib.Path(file).parent == server.lists and pathlib.Path(file).name == f"a b; $(id) `id` {end}.full.txt", first
    assert (words, change, start) == ("inc of plain", "full", "0") and int(end) >= 0, first
    assert rest == [";", f"$(touch {server.out}/shell)", "|"] and not (server.out / "shell").exists(), first
    assert first["environment"] in (["LANG", "PATH"], ["LANG", "LC_CTYPE", "PATH"]) and first["stdin"] == "" and first["cwd"] == "/", first
    server.suppress("add", "ann@deliver.example")
    e2e.wait_for(lambda: server.told("added", "ann@deliver.example"), "an addition", 60, server)
    e2e.wait_for(lambda: server.job()["delivery"]["state"] == "good", "the delivery to be noted", 60, server)
    delivery = server.job()["delivery"]
    assert delivery["waiting"] == 0 and delivery["failures"] == 0 and delivery["status"] is None and delivery["delivered_at"], delivery
    log = server.log_path.read_text()
    assert "event=delivery_said" in log and "\x1b" not in log and "event=delivery_said_more" in log, log[-3000:]
    assert server.get("/readyz?exports")[0] == 200


def check_order(server):
    """Each run's files in the order of its numbers, additions before removals."""
    for i in range(3):
        server.suppress("add", f"order{i}@deliver.example")
        e2e.wait_for(lambda: server.told("added", f"order{i}@deliver.example"), "one of three", 60, server)
    server.suppress("remove", "order1@deliver.example")
    e2e.wait_for(lambda: server.told("removed", "order1@deliver.example"), "a removal", 60, server)
    seen = [(int(call["argv"][4]), call["argv"][2]) for call in server.calls("inc") if call["mode"] == "ok"]
    assert seen == sorted(seen), seen


def check_failure(server):
    server.quiet()
    server.mode("fail")
    server.suppress("add", "bob@deliver.example")
    e2e.wait_for(lambda: server.job()["delivery"]["failures"] > 0, "the failure to be told of", 60, server)
    job = server.job()
    assert job["state"] == "failed" and job["failures"] == 0 and job["delivery"]["status"] == "exit 3" and job["delivery"]["next_at"], job
    status, body = server.get("/readyz?exports")
    assert status == 503 and "inc: its command failed" in body["detail"], body
    metrics = server.get("/metrics")[1].decode()
    assert 'bounced_export_delivery_failures{job="inc"}' in metrics and 'bounced_export_deliveries_waiting{job="inc"}' in metrics
    server.suppress("add", "cid@deliver.example")  # it waits behind bob, in its order
    server.mode("ok")
    e2e.wait_for(lambda: server.told("added", "cid@deliver.example"), "what waited behind a failure", 60, server)
    good = [call for call in server.calls("inc") if call["mode"] == "ok"]
    assert server.told("added", "bob@deliver.example")[0]["argv"] in [call["argv"] for call in good]
    ends = [int(call["argv"][4]) for call in good]
    assert ends == sorted(ends), ends


def check_hang(server):
    server.quiet()
    server.mode("hang")
    server.suppress("add", "dan@deliver.example")
    e2e.wait_for(lambda: server.job()["delivery"]["status"] == "time limit", "the limit", 60, server)
    hung = server.calls("inc")[-1]
    assert hung["mode"] == "hang" and not pathlib.Path(f"/proc/{hung['pid']}").exists(), hung
    server.mode("ok")
    e2e.wait_for(lambda: server.told("added", "dan@deliver.example"), "what hung, once more", 60, server)


def hung_call(server, address):
    """One that runs and will not end."""
    server.quiet()
    server.mode("hang")
    server.suppress("add", address)

    def found():
        return [call for call in server.calls("inc") if call["mode"] == "hang" and address in call["text"].split()]
    e2e.wait_for(found, "a command that hangs", 60, server)
    return found()[-1]


def gone(call):
    return lambda: not pathlib.Path(f"/proc/{call['pid']}").exists()


def check_kills(server):
    """What was not confirmed is delivered again, whichever of the two processes was killed, and never two at a time."""
    for role in ("scheduler", "deliver"):
        call = hung_call(server, f"{role}@deliver.example")
        os.kill(server.pids(role)[0], signal.SIGKILL)
        e2e.wait_for(gone(call), "the command to go with its role", 60, server)
        server.mode("ok")
        e2e.wait_for(lambda: server.told("added", f"{role}@deliver.example"), "it to be delivered again", 60, server)


def check_restart(server):
    call = hung_call(server, "eve@deliver.example")
    assert server.stop() == 0
    assert gone(call)()
    server.mode("ok")
    server.start().wait_ready()
    e2e.wait_for(lambda: server.told("added", "eve@deliver.example"), "a delivery after a restart", 60, server)
    assert len(server.told("added", "eve@deliver.example")) == 1


def check_manifest_alone(server):
    """A scheduler that died between the manifest and its row: the manifest tells, and no run replaces it before."""
    server.quiet()
    server.sql("CREATE FUNCTION no_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION $$no row$$; END'")
    server.sql("CREATE TRIGGER no_row BEFORE INSERT ON export_delivery FOR EACH ROW EXECUTE FUNCTION no_row()")
    server.suppress("add", "fay@deliver.example")
    e2e.wait_for(lambda: server.job()["failures"] > 0, "a run whose row is not made", 60, server)
    manifest = (server.lists / "inc.manifest.json").read_bytes()
    assert b".added.txt" in manifest, manifest
    os.kill(server.pids("scheduler")[0], signal.SIGKILL)
    e2e.wait_for(lambda: server.job()["failures"] > 1, "another run", 90, server)
    assert (server.lists / "inc.manifest.json").read_bytes() == manifest
    server.sql("DROP TRIGGER no_row ON export_delivery")
    e2e.wait_for(lambda: server.told("added", "fay@deliver.example"), "a delivery that only its manifest knew of", 90, server)


def check_sandbox(server):
    """The command may not read what the server keeps, if the kernel has Landlock."""
    if "event=sandbox_incomplete" in server.log_path.read_text():
        print("this kernel lacks Landlock or seccomp")
        return
    assert all(call.get("denied") == 13 for call in server.calls("inc")), server.calls("inc")[-1]


def main():
    with Server(**{"export.interval_s": 3600}) as server:
        e2e.wait_for(lambda: len(server.pids("deliver")) == 1, "the role", 60, server)
        check_delivered(server)
        check_order(server)
        check_failure(server)
        check_hang(server)
        check_kills(server)
        check_restart(server)
        check_manifest_alone(server)
        check_sandbox(server)
        assert len(server.calls("once")) == 1, server.calls("once")
        assert not (server.out / "shell").exists()


if __name__ == "__main__":
    sys.exit(main())
