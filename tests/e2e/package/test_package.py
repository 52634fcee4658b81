#!/usr/bin/python3
"""The .deb holds what it should, and the unit in it is hardened; what the compose file names is there, and fits together."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import server as e2e

FILES = {
    "bounced": ("/usr/bin/bounced", "/usr/lib/systemd/system/bounced.service", "/usr/lib/systemd/system/bounced.socket",
                *(f"/systemd/system/bounced-{role}.service" for role in ("smtp", "loader", "api", "scheduler", "hook", "resolver", "log", "postgres")),
                "/systemd/system/bounced-smtp.socket", "/systemd/system/bounced-api.socket",
                "/usr/lib/sysusers.d/bounced.conf", "/usr/lib/tmpfiles.d/bounced.conf", "/etc/bounced/bounced.conf",
                "/usr/share/man/man1/bounced.1.gz", "/usr/share/bash-completion/completions/bounced",
                "/usr/share/zsh/vendor-completions/_bounced", "/usr/share/doc/bounced/README.md",
                "/usr/share/doc/bounced/configuration.md"),
    "bounced-tools": ("/usr/bin/bounced-tools", "/usr/share/man/man1/bounced-tools.1.gz",
                      "/usr/share/bash-completion/completions/bounced-tools", "/usr/share/zsh/vendor-completions/_bounced-tools"),
    "libbounced-parser0": ("/libbounced-parser.so.0",),
    "libbounced-parser-dev": ("/usr/include/bounced_parser.h", "/libbounced-parser.so", "/pkgconfig/bounced-parser.pc",
                              "/usr/share/doc/libbounced-parser-dev/examples/failures.c"),
}
SERVERS_ONLY = ("libpq", "libmicrohttpd", "libssl", "libcurl", "libevent", "libsystemd", "libgnutls", "libc-ares", "postgresql")
EXPOSURE = 2.0  # systemd-analyze security; lower is better


def run(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


# ---- the compose file, read without an engine ----

def yaml_of(path):
    """By Debian's python3-yaml, installed or not."""
    try:
        import yaml
    except ImportError:
        root = e2e.unpacked("yaml", "python3-yaml")
        if not root:
            return None
        sys.path.append(str(root / "usr/lib/python3/dist-packages"))
        import yaml
    return yaml.safe_load(path.read_text())


def filled(value):
    """${NAME:-else}, ${NAME:?said} and ${NAME} as somebody would set them."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", re.sub(r"\$\{\w+(:\?[^}]*)?\}", "secret", str(value)))


def mounts(folder, compose):
    """service -> {place in its container: what stands there}; a name is a volume, a path a file that is in the repository."""
    found = {}
    for name, service in compose["services"].items():
        for text in service.get("volumes", []):
            source, place = text.split(":")[:2]
            if source.startswith("."):
                assert (folder / source).exists(), (name, source)
            else:
                assert source in compose["volumes"], (name, source)
            found.setdefault(name, {})[place] = (folder / source).resolve() if source.startswith(".") else None
    return found


def services(folder, compose):
    for name, service in compose["services"].items():
        assert ("image" in service) != ("build" in service), name
        for other in service.get("depends_on", []):
            assert other in compose["services"], (name, other)
            waits = isinstance(service["depends_on"], dict) and service["depends_on"][other]["condition"] == "service_healthy"
            assert not waits or "healthcheck" in compose["services"][other], (name, other)
        if "build" in service:
            context = (folder / service["build"]["context"]).resolve()
            docker = (context / service["build"]["dockerfile"]).read_text()
            for line in re.findall(r"^COPY (?!--from)(.*)$", docker, re.M):
                assert all((context / source).exists() for source in line.split()[:-1]), line
            exposed = set(re.search(r"^EXPOSE (.*)$", docker, re.M)[1].split())
            assert {port.split(":")[-1] for port in service["ports"]} == exposed, (service["ports"], exposed)


def bounced_of(folder, service):
    """Its variables are settings, and it listens where its ports lead to."""
    environment = {key: filled(value) for key, value in service["environment"].items()}
    base = {key: value for key, value in os.environ.items() if not key.startswith("BOUNCED")}
    done = subprocess.run([e2e.BINARY, "config", "check", "--config", folder / "bounced.conf"], capture_output=True, text=True,
                          timeout=60, env={**base, **environment})
    assert "names no setting" not in done.stderr and "environment BOUNCED" not in done.stderr, done.stderr
    printed = subprocess.run([e2e.BINARY, "config", "print", "--config", folder / "bounced.conf"], capture_output=True, text=True,
                             timeout=60, env={**base, **environment}).stdout
    for port in service["ports"]:
        assert re.search(rf"^listen = 0\.0\.0\.0:{port.split(':')[-1]}$", printed, re.M), (port, printed)


def watchers(compose, found):
    watch = yaml_of(found["prometheus"]["/etc/prometheus"] / "prometheus.yml")
    for file in watch["rule_files"]:
        assert (found["prometheus"]["/etc/prometheus"] / file).exists(), file
    target, port = watch["scrape_configs"][0]["static_configs"][0]["targets"][0].split(":")
    assert any(p.split(":")[-1] == port for p in compose["services"][target]["ports"]), (target, port)
    provisioning = found["grafana"]["/etc/grafana/provisioning"]
    source = yaml_of(provisioning / "datasources/prometheus.yml")["datasources"][0]
    host, port = source["url"].removeprefix("http://").split(":")
    assert compose["services"][host]["ports"] == [f"127.0.0.1:{port}:{port}"], source
    place = yaml_of(provisioning / "dashboards/bounced.yml")["providers"][0]["options"]["path"]
    for name in ("bounced.json", "mail.json"):
        assert f"{place}/{name}" in found["grafana"], (place, name)
    report = yaml_of(provisioning / "datasources/report.yml")["datasources"][0]
    assert report["url"].split(":")[0] in compose["services"]["grafana"]["depends_on"], report
    assert report["secureJsonData"]["password"].removeprefix("$") in compose["services"]["grafana"]["environment"], report


def compose_file():
    folder = e2e.ROOT / "docker"
    compose = yaml_of(folder / "compose.yaml")
    if compose is None:
        print("no YAML can be read here: the compose file was not")
        return
    found = mounts(folder, compose)
    services(folder, compose)
    bounced_of(folder, compose["services"]["bounced"])
    watchers(compose, found)
    print("the compose file fits together")


# ---- the unit ----

def unit(folder):
    """Where the README has a socket, the unit lets one be made: under ProtectSystem=strict /run is somebody else's."""
    text = (folder / "docker" / "bounced.service").read_text()
    made = {f"/run/{name}" for line in re.findall(r"^RuntimeDirectory=(.*)$", text, re.M) for name in line.split()}
    wanted = set(re.findall(r"unix:(/run/[^/ ]+)/", (folder / "README.md").read_text()))
    assert wanted and wanted <= made, (wanted, made)


# ---- the packages ----

def files_of(package):
    """Of a .deb: paths, folders left out."""
    lines = run("dpkg-deb", "-c", str(package)).splitlines()
    return {line.split()[5].lstrip(".") for line in lines if not line.startswith("d")}


def packages(folder):
    """Each has what it should, no file is in two, and only the server asks for what a server needs."""
    run("cpack", "--config", str(e2e.BINARY.parent / "CPackConfig.cmake"), "-B", folder)
    found = {run("dpkg-deb", "-f", str(path), "Package").strip(): path for path in pathlib.Path(folder).glob("*.deb")}
    assert set(found) == set(FILES), found
    version = re.match(r"bounced \((\S+)\)", (e2e.ROOT / "docker/deb/changelog").read_text())[1]
    seen = {}
    for name, path in found.items():
        assert run("dpkg-deb", "-f", str(path), "Version").strip() == version, (name, version)
        files = files_of(path)
        missing = [file for file in FILES[name] if not any(there.endswith(file) for there in files)]
        assert not missing, (name, missing)
        for file in files:
            assert file not in seen, (file, name, seen[file])
            seen[file] = name
        needs = run("dpkg-deb", "-f", str(path), "Depends", "Recommends")
        asked = [library for library in SERVERS_ONLY if library in needs]
        assert bool(asked) == (name == "bounced"), (name, needs)
        assert ("procps" in needs) == (name == "bounced"), "ExecReload= of the units is procps' kill"
        run("dpkg-deb", "-x", str(path), f"{folder}/root")
    control = f"{folder}/control"
    run("dpkg-deb", "-e", str(found["bounced"]), control)
    assert pathlib.Path(control, "conffiles").read_text() == "/etc/bounced/bounced.conf\n"
    return found


def programs(root):
    """As they are in the packages: they start, and each completes its own commands."""
    for name in ("bounced", "bounced-tools"):
        assert run(f"{root}/usr/bin/{name}", "version").startswith(f"{name} ")
        script = f"""source {root}/usr/share/bash-completion/completions/{name}
COMP_WORDS=({name} pa); COMP_CWORD=1; _{name.replace('-', '_')}; echo "${{COMPREPLY[@]}}" """
        assert run("bash", "-uc", script).strip() == "parse"
    mail = str(sorted((e2e.ROOT / "tests" / "golden").glob("*.eml"))[0])
    assert run(f"{root}/usr/bin/bounced-tools", "parse", mail) == run(e2e.BINARY, "parse", mail)
    failed = subprocess.run([f"{root}/usr/bin/bounced-tools", "serve"], capture_output=True, text=True, timeout=60)
    assert failed.returncode == 2 and "no command" in failed.stderr, failed


def main():
    compose_file()
    unit(e2e.ROOT)
    if not shutil.which("dpkg-deb"):
        e2e.skip("not a Debian machine")
    with tempfile.TemporaryDirectory() as folder:
        found = packages(folder)
        programs(f"{folder}/root")
        if shutil.which("lintian"):
            print(run("lintian", "--allow-root", "--fail-on", "error", *map(str, found.values())))
    if shutil.which("systemd-analyze"):
        out = run("systemd-analyze", "security", "--offline=true", str(e2e.ROOT / "docker" / "bounced.service"))
        exposure = float(re.search(r"exposure level for [^:]*: ([0-9.]+)", out)[1])
        assert exposure <= EXPOSURE, out
        print(f"exposure {exposure}")
    print("the packages are whole")


if __name__ == "__main__":
    sys.exit(main())
