#!/usr/bin/python3
"""What bash and zsh offer behind `bounced`, asked of the shells themselves: every command of the help, every option of a command's own help, the words that
options take."""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

import server as e2e


def run(*words):
    return subprocess.run([e2e.BINARY, *words], capture_output=True, text=True, timeout=60)


def offered(*line):
    """As if the last word of the line was being typed."""
    script = """source <("$1" completion bash); shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bounced; printf '%s\\n' "${COMPREPLY[@]}" """
    with tempfile.TemporaryDirectory() as folder:
        (e2e.pathlib.Path(folder) / "a.conf").touch()
        done = subprocess.run(["bash", "-uc", script, "bash", e2e.BINARY.resolve(), *line], capture_output=True, text=True, timeout=60,
                              cwd=folder)
    assert done.returncode == 0 and not done.stderr, (line, done)
    words = done.stdout.split()
    assert len(words) == len(set(words)), (line, words)
    return set(words)


def main():
    commands = set(re.findall(r"^  bounced ([a-z]+)|^  ([a-z]+)  ", run("help").stdout, re.M))
    commands = {a or b for a, b in commands}
    assert len(commands) > 15, run("help").stdout
    assert commands <= offered("bounced", ""), commands - offered("bounced", "")
    assert offered("bounced", "comp") == {"completion"}
    for command in sorted(offered("bounced", "")):
        usage = run("help", command).stdout.splitlines()[0]
        options = set(re.findall(r"--[a-z-]+", usage)) | {"--help"}
        assert options == {word for word in offered("bounced", command, "--")}, (command, usage)
    assert offered("bounced", "key", "create", "n", "--scope", "") >= {"read", "write", "admin"}
    assert offered("bounced", "key", "") >= {"create", "list", "revoke"}
    assert offered("bounced", "suppress", "a") >= {"add", "allow"} and "discard" in offered("bounced", "suppress", "d")
    assert offered("bounced", "config", "") >= {"check", "print", "docs"}
    assert offered("bounced", "serve", "--config", "") == {"a.conf"}
    assert "postfix" in offered("bounced", "volume", "import", "--format", "p")
    assert run("completion", "fish").returncode == run("completion").returncode == 2
    zsh = run("completion", "zsh").stdout
    assert "bashcompinit" in zsh and zsh.split("\n", 2)[2] == run("completion", "bash").stdout.split("\n", 1)[1]
    examples()
    by_zsh()


def examples():
    """Each line of options.def is taken by its command: what it then lacks is a database, a server, a file, never another option."""
    rows = re.findall(r'^OPTION\("([a-z]*)", "(--[a-z-]+)", ".*", "(bounced .*)"\)$',
                      (e2e.ROOT / "cli/command/options.def").read_text(), re.M)
    assert len(rows) > 70, len(rows)
    environment = {**os.environ, "BOUNCED_DATABASE_URL": "host=/nowhere", "BOUNCED_SMTP_RETURN_PATH_DOMAINS": "*"}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("bounced.conf", "new.conf", "own.rules", "own.cases", "replies.tsv", "list.csv"):
            (e2e.pathlib.Path(folder) / name).touch()
        (e2e.pathlib.Path(folder) / "bounce.eml").write_bytes((e2e.ROOT / "tests/golden/dsn-postfix-user-unknown.eml").read_bytes())
        tried = 0
        for command, option, example in rows:
            if command in ("serve", "fetch", "demo", "pipe", "import") or example == "bounced doctor --json" or "doctor --port" in example:
                continue  # they start, connect or write
            done = subprocess.run(["sh", "-c", f'bounced() {{ "{e2e.BINARY.resolve()}" "$@"; }}; {example}'], cwd=folder, env=environment,
                                  capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
            assert 'Try "bounced help' not in done.stderr and "unknown option" not in done.stderr, (example, done.stderr)
            tried += 1
    assert tried > 45, tried
    # What a command says of an option is what the table says.
    assert "bounced key create prometheus --scope read" in run("key", "--help").stdout
    for command in sorted(offered("bounced", "")):
        text = run("help", command).stdout
        for option in set(re.findall(r"--[a-z-]+", text.splitlines()[0])):
            assert re.search(rf"^  {option} .*\n +bounced .*{option}", text, re.M), (command, option)


class Terminal:
    """zsh as a person has it, whose `bounced` says what it was called with."""

    def __init__(self, zsh, folder, root):
        (folder / ".zshenv").write_text("".join([f"module_path=({root}/usr/lib/*/zsh/*(/))\n", f"fpath=({root}/usr/share/zsh/functions/**/*(/))\n"]
                                                if root else []))
        (folder / ".zshrc").write_text(f"""PS1='READY> '; unsetopt zle_bracketed_paste prompt_sp 2>/dev/null
autoload -U compinit && compinit -D -u
source <({e2e.BINARY.resolve()} completion zsh)
bounced() {{ print -r -- "RAN:$*:" }}
""")
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            e2e.die_with_parent()
            os.chdir(folder)
            os.execve(zsh, ["zsh", "-o", "no_global_rcs", "-i"], {"ZDOTDIR": str(folder), "TERM": "dumb", "PATH": os.environ["PATH"],
                                                                  "HOME": str(folder)})
        self.heard = ""
        self.hear("READY> ")

    def hear(self, text):
        end = time.monotonic() + 60
        while text not in self.heard:
            assert time.monotonic() < end, (text, self.heard)
            if select.select([self.terminal], [], [], 1)[0]:
                self.heard += os.read(self.terminal, 4096).decode(errors="replace")
        before, _, self.heard = self.heard.partition(text)
        return before

    def types(self, keys):
        """What `bounced` was called with when these keys, tabs among them, were typed."""
        os.write(self.terminal, keys.encode() + b"\n")
        self.hear("RAN:")
        return self.hear(":").strip()

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def by_zsh():
    """The machine's, else that of Debian's packages where they can be had."""
    root = None if shutil.which("zsh") else e2e.unpacked("zsh", "zsh zsh-common")
    zsh = shutil.which("zsh") or root and next((path for path in (root / "bin/zsh", root / "usr/bin/zsh") if path.is_file()), None)
    if not zsh:
        print("zsh cannot be had: its script is that of bash behind bashcompinit, and was not run")
        return
    with tempfile.TemporaryDirectory() as name:
        terminal = Terminal(zsh, e2e.pathlib.Path(name), root)
        try:
            for keys, want in (("bounced completi\t", "completion"), ("bounced doctor --off\t", "doctor --offline"),
                               ("bounced key create n --scope rea\t", "key create n --scope read"),
                               ("bounced serve --config .zshe\t", "serve --config .zshenv")):
                got = terminal.types(keys)
                assert got == want, (keys, got)
        finally:
            terminal.close()
    print("zsh completes, too")


if __name__ == "__main__":
    main()
