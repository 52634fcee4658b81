#!/usr/bin/python3
"""What bash offers behind `bounced`, asked of bash itself: every command of the help, every option of a command's own help, the words that
options take."""
import re
import shutil
import subprocess
import tempfile

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
    if shutil.which("zsh"):
        done = subprocess.run(["zsh", "-fc", "autoload -U compinit && compinit -D; source $1 && (( $+functions[_bounced] ))", "zsh",
                               "/dev/stdin"], input=zsh, text=True, capture_output=True, timeout=60)
        assert done.returncode == 0, done
    else:
        print("zsh is not installed: its script is that of bash behind bashcompinit, and was not run")


main()
