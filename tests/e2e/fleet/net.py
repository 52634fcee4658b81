"""Machines in network namespaces: each is on two bridges, the one on which mail and HTTP come, the other to the databases, so that
it can be cut off from either. The namespaces live as long as the processes that hold them: a test that is killed leaves nothing."""
import os
import subprocess
import sys

import server as e2e

MAIL, DATA = "10.77.1", "10.77.2"


def enter():
    """The test itself goes on in a namespace of its own, with both bridges in it; skipped where that is not permitted."""
    if "FLEET_INSIDE" not in os.environ:
        probe = subprocess.run(["unshare", "-n", "sh", "-c", "ip link set lo up && ip link add name mail type bridge && "
                                "ip link add name mail1 type veth peer name data1"], capture_output=True, text=True)
        if probe.returncode:
            e2e.skip(f"network namespaces are not permitted here: {probe.stderr.strip()}")
        os.execvpe("unshare", ["unshare", "-n", sys.executable, *sys.argv], {**os.environ, "FLEET_INSIDE": "1"})
    ip("link", "set", "lo", "up")
    for name, network in (("mail", MAIL), ("data", DATA)):
        ip("link", "add", "name", name, "type", "bridge")
        ip("addr", "add", f"{network}.1/24", "dev", name)
        ip("link", "set", name, "up")


def ip(*words, inside=()):
    done = subprocess.run([*inside, "ip", *words], capture_output=True, text=True)
    assert done.returncode == 0, (words, done.stderr)


class Machine:
    def __init__(self, number):
        self.number = number
        self.mail, self.data = f"{MAIL}.{number}", f"{DATA}.{number}"
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"], preexec_fn=e2e.die_with_parent)
        ours = os.readlink("/proc/self/ns/net")
        e2e.wait_for(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != ours, "a namespace", 30, step=0.01)
        self.inside = ["nsenter", "-t", str(self.holder.pid), "-n"]
        ip("link", "set", "lo", "up", inside=self.inside)
        for bridge, address in (("mail", self.mail), ("data", self.data)):
            ip("link", "add", "name", f"{bridge}{number}", "type", "veth", "peer", "name", bridge, "netns", str(self.holder.pid))
            ip("link", "set", f"{bridge}{number}", "master", bridge)
            ip("link", "set", f"{bridge}{number}", "up")
            ip("addr", "add", f"{address}/24", "dev", bridge, inside=self.inside)
            ip("link", "set", bridge, "up", inside=self.inside)

    def cut(self, *bridges):
        """Nothing comes or goes there any more, and nobody is told."""
        for bridge in bridges:
            ip("link", "set", f"{bridge}{self.number}", "down")

    def heal(self, *bridges):
        for bridge in bridges:
            ip("link", "set", f"{bridge}{self.number}", "up")

    def end(self):
        self.holder.kill()
        self.holder.wait(60)
