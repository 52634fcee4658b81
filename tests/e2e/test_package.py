#!/usr/bin/python3
"""The .deb holds what it should, and the unit in it is hardened."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import server as e2e

FILES = ("/usr/bin/bounced", "/usr/lib/systemd/system/bounced.service", "/usr/lib/systemd/system/bounced.socket",
         "/etc/bounced/bounced.conf",
         "/usr/share/man/man1/bounced.1", "/usr/share/doc/bounced/README.md",
         "/usr/share/doc/bounced/configuration.md")
EXPOSURE = 2.0  # systemd-analyze security; lower is better


def run(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def main():
    if not shutil.which("dpkg-deb"):
        e2e.skip("not a Debian machine")
    build = e2e.BINARY.parent
    with tempfile.TemporaryDirectory() as folder:
        run("cpack", "--config", str(build / "CPackConfig.cmake"), "-B", folder)
        package, = pathlib.Path(folder).glob("*.deb")
        names = {line.split()[-1].lstrip(".") for line in run("dpkg-deb", "-c", str(package)).splitlines()}
        missing = [name for name in FILES if name not in names]
        assert not missing, missing
        assert run("dpkg-deb", "-f", str(package), "Package").strip() == "bounced"
        run("dpkg-deb", "-x", str(package), f"{folder}/root")
        assert run(f"{folder}/root/usr/bin/bounced", "version").startswith("bounced ")
    if shutil.which("systemd-analyze"):
        out = run("systemd-analyze", "security", "--offline=true", str(e2e.ROOT / "docker" / "bounced.service"))
        exposure = float(re.search(r"exposure level for [^:]*: ([0-9.]+)", out)[1])
        assert exposure <= EXPOSURE, out
        print(f"exposure {exposure}")
    print("the package is whole")


if __name__ == "__main__":
    sys.exit(main())
