#!/usr/bin/python3
"""docs/tokens.md, "Made by the mail server": Postfix and Exim, each from Debian's package in a root of its own, ask the signer of that page.
A mail goes out with a return path that `bounced token verify` takes for its recipient alone; the bounce to it is valid, and suppresses.
What is written for KumoMTA runs in Lua 5.4 from its package, what is written for PowerMTA as a program that fills a pickup folder, or speaks SMTP;
what PowerMTA's accounting file says of it counts for the stream. Skips of the first two are those of test_mtas.py."""
import contextlib
import hashlib
import os
import random
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import server as e2e
import test_mtas as mtas
from test_tokens import PAGE, vector

KEY = "4:" + "7d" * 32
DOMAIN = "bounces.sender.example"
REFUSED = "refused.user@far.example"
PACKAGES = {"postfix": "postfix", "exim": "exim"}


def block(language):
    return re.search(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S).group(1)


# ---- what mail servers ask ----

@contextlib.contextmanager
def signer(folder):
    """The program of the page; yields its port."""
    (folder / "key").write_text(KEY + "\n")
    (folder / "sign-return-paths").write_text(block("signer"))
    port = e2e.free_port()
    process = subprocess.Popen([sys.executable, folder / "sign-return-paths", folder / "key", "news", DOMAIN, str(port)],
                               preexec_fn=e2e.die_with_parent)

    def answers():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return True
        return False
    try:
        e2e.wait_for(answers, "the signer", 60)
        yield port
    finally:
        process.kill()
        process.wait(60)


def asked(port, raw):
    """What it answers to bytes, up to its end of the connection."""
    with socket.create_connection(("127.0.0.1", port), 30) as peer:
        peer.sendall(raw)
        peer.shutdown(socket.SHUT_WR)
        answer = b""
        while more := peer.recv(4096):
            answer += more
    return answer


def net(text):
    return f"{len(text)}:{text},".encode()


def verified(server, path, recipient):
    done = subprocess.run([e2e.BINARY, "token", "verify", path, path.split("@")[1], recipient, "--config", server.config],
                          capture_output=True, text=True, timeout=60)
    return done.returncode == 0 and f"recipient {recipient}" in done.stdout


def check_signer(server, port):
    reply = asked(port, net(f"verp news+Ann=Example.com@{DOMAIN}") + net(f"verp news+a=b=example.com@{DOMAIN}")).decode()
    first, second = re.findall(r"63:OK (b1\.[a-z2-7]{34}@" + re.escape(DOMAIN) + "),", reply)
    assert verified(server, first, "ann@example.com") and verified(server, second, "a=b@example.com"), reply
    assert not verified(server, first, "bob@example.com"), reply
    for other in ("news@" + DOMAIN, "@" + DOMAIN, f"news+=example.com@{DOMAIN}", f"news+ann@{DOMAIN}", "ann@example.com", ""):
        assert asked(port, net("verp " + other)) == b"9:NOTFOUND ,", other
    for broken in (b"x", b"5", b"99999:", b"5:abc", b"3:abc;", b":,", b"-1:,"):
        assert b"OK" not in asked(port, broken), broken


# ---- mail servers ----

class Sink(socketserver.StreamRequestHandler):
    """Takes mail for ok@, refuses everybody else; keeps who was told to have sent it."""
    seen = []

    def answer(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.answer("220 sink.example ESMTP")
        taken = 0
        for _ in range(1000):
            line = self.rfile.readline(2048).decode("ascii", "replace").strip()
            verb, path = line.upper()[:4], line.partition("<")[2].partition(">")[0]
            if verb == "MAIL":
                sender = path
                self.answer("250 2.1.0 fine")
            elif verb == "RCPT":
                self.seen.append((sender, path.lower()))
                taken += path.startswith("ok@")
                self.answer("250 2.1.5 fine" if path.startswith("ok@") else f"550 5.1.1 <{path}>: User unknown")
            elif verb == "DATA" and taken:
                self.answer("354 go")
                while self.rfile.readline(65536).strip() != b".":
                    pass
                self.answer("250 2.0.0 kept")
            elif verb == "QUIT" or not line:
                return self.answer("221 2.0.0 bye")
            else:
                self.answer("503 5.5.1 nobody to take it" if verb == "DATA" else "250 2.0.0 fine")


@contextlib.contextmanager
def sink():
    Sink.seen = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink) as listener:
        listener.daemon_threads = True
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield listener.server_address[1]
        listener.shutdown()


def check_mta(name, folder):
    settings = {"smtp.return_path_domains": f"{DOMAIN}=news", "token.keys": KEY, "suppress.signed_streams": "news"}
    with e2e.Server(**settings) as server, signer(folder) as signer_port, sink() as sink_port:
        check_signer(server, signer_port)
        log_path = server.folder / "log-of-mta"
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NAME": f"token-{name}", "OURS": str(server.smtp_port), "SINK": str(sink_port),
                       "RECIPE": block(name).replace("10025", str(signer_port)), "LC_ALL": "C"}
        with open(log_path, "wb") as log:
            process = subprocess.Popen([*mtas.ENTER, "bash", mtas.SCRIPTS / "enter.sh", f"token-{name}", mtas.CACHE / PACKAGES[name]],
                                       env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            with mtas.told(name, log_path):
                event = mtas.event_of(server, REFUSED, name, process)
                assert (event["proof"], event["reason"]) == ("valid", "recipient.unknown"), event
                e2e.wait_for(lambda: {to for _, to in Sink.seen} == {"ok@far.example", REFUSED}, "both recipients", 120, server)
                for sender, recipient in Sink.seen:
                    assert verified(server, sender, recipient), (sender, recipient)
                assert event["message"]["forward_path"].lower() in {sender for sender, to in Sink.seen if to == REFUSED}, event
                e2e.wait_for(lambda: server.sql("SELECT address, state FROM suppression") == [[REFUSED, "active"]],
                             "the one who was refused to be suppressed", 60, server)
        finally:
            process.kill()
            process.wait(60)
        print(f"{name}: {event['message']['forward_path']}")


# ---- recipes whose mail server cannot be had ----

ADDRESSES = ["ann@example.com", "Ann.Lee@Example.COM", "a+b=c@d.example", "o'neil@example.org", '"a\\"b"@example.net', "x" * 64 + "@" + "y" * 63 + ".example",
             "b\u00fccher@b\u00fccher.example", "B\u00dcCHER@B\u00dcCHER.example", "50%@example.com", "%s%d@example.com"]
# SHA-256 of the test's own: Lua has none, KumoMTA's is written in Rust.
SHA256 = r"""
local k, h0 = {}, {}
do
  local function fraction(x) return math.floor((x - math.floor(x)) * 4294967296) end
  local n, candidate = 0, 2
  while n < 64 do
    local prime = true
    for divisor = 2, math.floor(candidate ^ 0.5) do prime = prime and candidate % divisor ~= 0 end
    if prime then
      n = n + 1
      if n <= 8 then h0[n] = fraction(candidate ^ 0.5) end
      k[n] = fraction(candidate ^ (1 / 3))
    end
    candidate = candidate + 1
  end
end
local function turn(x, n) return (x >> n | x << (32 - n)) & 0xffffffff end
local function sha256(text)
  local h = table.pack(table.unpack(h0))
  text = text .. '\x80' .. ('\0'):rep((55 - #text) % 64) .. string.pack('>I8', #text * 8)
  for at = 1, #text, 64 do
    local w = table.pack(string.unpack('>' .. ('I4'):rep(16), text, at))
    for i = 17, 64 do
      local a, b = w[i - 15], w[i - 2]
      w[i] = (w[i - 16] + (turn(a, 7) ~ turn(a, 18) ~ a >> 3) + w[i - 7] + (turn(b, 17) ~ turn(b, 19) ~ b >> 10)) & 0xffffffff
    end
    local v = table.pack(table.unpack(h, 1, 8))
    for i = 1, 64 do
      local a, e = v[1], v[5]
      local one = (v[8] + (turn(e, 6) ~ turn(e, 11) ~ turn(e, 25)) + (e & v[6] ~ ~e & v[7]) + k[i] + w[i]) & 0xffffffff
      local two = ((turn(a, 2) ~ turn(a, 13) ~ turn(a, 22)) + (a & v[2] ~ a & v[3] ~ v[2] & v[3])) & 0xffffffff
      v = { (one + two) & 0xffffffff, v[1], v[2], v[3], (v[4] + one) & 0xffffffff, v[5], v[6], v[7] }
    end
    for i = 1, 8 do h[i] = (h[i] + v[i]) & 0xffffffff end
  end
  return { bytes = string.pack('>' .. ('I4'):rep(8), table.unpack(h, 1, 8)) }
end
kumo = { digest = { sha256 = sha256 }, on = function(name, handler) event, generated = name, handler end }
"""
# A line of the input is what to do and its words, between tabs.
DRIVER = r"""
for line in io.lines() do
  local words = {}
  for word in (line .. '\t'):gmatch '(.-)\t' do words[#words + 1] = word end
  if words[1] == 'digest' then
    print((kumo.digest.sha256(words[2]).bytes:gsub('.', function(c) return string.format('%02x', c:byte()) end)))
  elseif words[1] == 'path' then
    print(return_path(words[2], words[3], words[4], tonumber(words[5])))
  else
    KEY = words[2]
    local msg = { recipient = function() return words[3] end, set_sender = function(_, path) print(event .. ' ' .. path) end }
    generated(msg)
  end
end
"""


def server_with(keys):
    server = e2e.Server(**{"token.keys": ", ".join(keys), "smtp.return_path_domains": f"{DOMAIN}=news"})
    server.write_config()
    return server


# ---- KumoMTA ----

def lua(folder, lines):
    """What Lua answers to lines, a line each; None: there is no Lua."""
    program = e2e.tool("lua5.4", "lua5.4")
    if program is None:
        return None
    path = folder / "kumo.lua"
    path.write_text(SHA256 + block("lua") + DRIVER)
    done = subprocess.run([program, path], input="".join("\t".join(line) + "\n" for line in lines), capture_output=True, text=True,
                          timeout=300, check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(lines), done
    return answers


def check_digest(folder, source):
    texts = [""] + ["".join(source.choices("abc \u00e9", k=n)) for n in (1, 54, 55, 56, 63, 64, 65, 119, 120, 200)]
    answers = lua(folder, [("digest", text) for text in texts])
    assert answers is None or answers == [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    return answers is not None


def check_lua(folder, source):
    if not check_digest(folder, source):
        print("lua5.4: no package of it here")
        return
    key, recipient, domain = vector("key"), vector("recipient"), vector("return-path domain")
    assert lua(folder, [("path", key, recipient, domain, "2532")]) == [vector("token") + "@" + domain]
    keys = [f"{number}:{source.randbytes(32).hex()}" for number in range(16)]
    names = ADDRESSES + ["n" + "".join(source.choices("abcXYZ0189._+-=", k=source.randrange(1, 40))) + "@mx.example.com" for _ in range(150)]
    pairs = [(keys[number % 16], name) for number, name in enumerate(names)]
    server = server_with(keys)
    answers = lua(folder, [("sign", *pair) for pair in pairs])
    for (_, name), answer in zip(pairs, answers):
        event, path = answer.split(" ")
        assert event == "http_message_generated" and path.endswith("@" + DOMAIN) and len(path) == 38 + len(DOMAIN), answer
        assert verified(server, path, name), (name, path)
    assert not verified(server, answers[0].split(" ")[1], "bob@example.com")
    server.__exit__(None)
    print(f"lua: made the vector, and return paths for {len(pairs)} addresses with 16 keys")


# ---- PowerMTA ----

MESSAGE = b"From: news@sender.example\r\nSubject: July\r\n\r\nHello,\r\nx-sender: this is text\r\n.\r\nBye\r\n"


def submit(folder, target, recipients, code=0):
    (folder / "submit").write_text(block("submit"))
    (folder / "key").write_text(KEY + "\n")
    (folder / "message").write_bytes(MESSAGE)
    done = subprocess.run([sys.executable, folder / "submit", folder / "key", DOMAIN, folder / "message", target],
                          input="\n".join(recipients) + "\n", capture_output=True, text=True, timeout=120)
    assert (done.returncode == 0) == (code == 0), done
    return done.stderr


def read_pickup(path):
    """Sender, recipient and message of a file in a pickup folder: the first two lines, and all behind them."""
    first, second, message = path.read_bytes().split(b"\r\n", 2)
    (name, sender), (other, receiver) = first.split(b": ", 1), second.split(b": ", 1)
    assert (name, other) == (b"x-sender", b"x-receiver"), path.read_bytes()
    return sender.decode(), receiver.decode(), message


def check_pickup(folder, server):
    staging, pickup = folder / "staging", folder / "pickup"
    staging.mkdir()
    pickup.mkdir()
    submit(folder, f"{staging}:{pickup}", ADDRESSES)
    found = [read_pickup(path) for path in pickup.iterdir()]
    assert sorted(recipient for _, recipient, _ in found) == sorted(ADDRESSES) and not list(staging.iterdir()), found
    for sender, recipient, message in found:
        assert message == MESSAGE and verified(server, sender, recipient), (sender, recipient)
    assert not verified(server, found[0][0], "bob@example.com")
    for wrong in ("ann@example.com\rx-receiver: eve@example.com", "a b@example.com", "ann"):
        assert "no address" in submit(folder, f"{staging}:{pickup}", ["ann@example.com", wrong], code=1)
    assert len(list(pickup.iterdir())) == len(ADDRESSES), "a list with a wrong line was taken in part"
    return found


def check_smtp(folder, server):
    recipients = [f"ok@{name}.example" for name in ("one", "two", "three")]
    with sink() as port:
        submit(folder, f"127.0.0.1:{port}", recipients)
        assert [to for _, to in Sink.seen] == recipients, Sink.seen
        for sender, recipient in Sink.seen:
            assert verified(server, sender, recipient), (sender, recipient)


def check_accounting(folder, found):
    """An accounting file as PowerMTA writes it of these mails: one is refused, the others are delivered."""
    lines = ["type,timeLogged,timeQueued,orig,rcpt,dsnAction,dsnStatus,dsnDiag,dlvDestinationHost,jobId"]
    taken = [(sender, f"user{number}@example.com") for number, (sender, _, _) in enumerate(found)]
    for number, (sender, recipient) in enumerate(taken):
        what = "b,{0},{0},{1},{2},failed,5.1.1,smtp;550 5.1.1 User unknown,mx.example.com,july" if number == 0 else \
               "d,{0},{0},{1},{2},relayed,2.0.0,smtp;250 2.0.0 ok,mx.example.com,july"
        lines.append(what.format("2026-11-23 10:00:00+0000", sender, recipient))
    path = folder / "acct.csv"
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o644)
    folder.chmod(0o755)
    with e2e.Server(**{"token.keys": KEY, "smtp.return_path_domains": f"{DOMAIN}=news", "suppress.signed_streams": "news"}) as server:
        done = subprocess.run([e2e.BINARY, "volume", "import", "--format", "powermta", "--config", server.config, path], capture_output=True,
                              text=True, timeout=120)
        assert done.returncode == 0, done
        rows = server.sql("SELECT stream, campaign, sum(attempted), sum(accepted) FROM volume GROUP BY 1, 2")
        assert rows == [["news", "july", str(len(taken)), str(len(taken) - 1)]], rows
        assert server.sql("SELECT recipient, proof, reason FROM event") == [["user0@example.com", "log", "recipient.unknown"]]
        assert server.sql("SELECT address, state FROM suppression") == [["user0@example.com", "active"]]


def check_powermta(folder):
    server = server_with([KEY])
    found = check_pickup(folder, server)
    check_smtp(folder, server)
    server.__exit__(None)
    check_accounting(folder, found)
    print(f"powermta: {len(found)} files of a pickup folder, 3 mails over SMTP, an accounting file")


def check_recipes(folder):
    """Those whose mail server cannot be had."""
    seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
    print(f"seed {seed}")
    check_lua(folder, random.Random(seed))
    check_powermta(folder)


def main():
    with tempfile.TemporaryDirectory(prefix="bounced-token-mtas-") as folder:
        folder = Path(folder)
        check_recipes(folder)
        if shutil.which("apt-get") is None or not mtas.may_mount():
            e2e.skip("mail servers in roots of their own need apt-get and the right to mount")
        words = os.environ.get("BOUNCED_MTAS", "all").split()
        names = [name for name in PACKAGES if (words == ["all"] or name in words) and mtas.fetch(PACKAGES[name])]
        if not names:
            e2e.skip("no package of a mail server could be had")
        for name in names:
            check_mta(name, folder)


if __name__ == "__main__":
    sys.exit(main())
