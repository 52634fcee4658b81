#!/bin/bash
# curl 7.88.1 (Debian 12), and libcurl with it: a mail read by an IMAP URL (`imap://host/INBOX;UID=1`, RFC 5092) is marked as read on the server. It opens the
# mailbox by SELECT and asks for BODY[], which sets \Seen (RFC 3501 6.4.5), where EXAMINE and BODY.PEEK[] would leave it as it was. And the command that does not mark,
# given by hand (`-X 'UID FETCH 1 BODY.PEEK[]'`, CURLOPT_CUSTOMREQUEST), does not give the mail: the line in front of it comes out, and of the literal that the
# server sent not an octet. Who polls a mailbox so, and dies before a mail is stored, finds it among the read ones afterwards.
set -euo pipefail
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
apt-get download -q curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 >/dev/null 2>&1
for package in ./*.deb; do
	dpkg-deb -x "$package" root
done
cat >server.py <<'PY'
"""One mailbox with one mail; says on stdout what it is asked. Its port goes to the file `port`."""
import socketserver

MAIL = b"From: a@sender.example\r\nSubject: hello\r\n\r\nthe text of the mail\r\n"


class Server(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"* OK here\r\n")
        for line in self.rfile:
            tag, _, command = line.strip().partition(b" ")
            verb = command.upper()
            if b"LOGIN" not in verb and b"CAPABILITY" not in verb and b"LOGOUT" not in verb:
                print(command.decode(), flush=True)
            if verb.startswith(b"CAPABILITY"):
                self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
            elif verb.startswith((b"SELECT", b"EXAMINE")):
                self.wfile.write(b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1]\r\n")
            elif b"FETCH" in verb:
                self.wfile.write(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n" % (len(MAIL), MAIL))
            self.wfile.write(tag + b" OK done\r\n")


socketserver.ThreadingTCPServer.daemon_threads = True
with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server) as server:
    with open("port", "w") as file:
        file.write(str(server.server_address[1]))
    server.serve_forever()
PY
/usr/bin/python3 server.py >asked &
server=$!
trap 'kill $server; rm -rf "$temp"' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -s port ] || sleep 0.3; done
curl() {
	LD_LIBRARY_PATH=$temp/root/usr/lib/x86_64-linux-gnu timeout 20 "$temp/root/usr/bin/curl" --noproxy '*' -s -u u:p "$@"
}
curl --version | head -n 1
curl "imap://127.0.0.1:$(cat port)/INBOX;UID=1" >by_url
curl "imap://127.0.0.1:$(cat port)/INBOX" -X 'UID FETCH 1 BODY.PEEK[]' >by_hand
echo "asked:"
cat asked
echo "by a URL:"
cat by_url
echo "by hand:"
cat by_hand
grep -q '^SELECT INBOX' asked
grep -qi 'FETCH 1 BODY\[\]' asked
! grep -qi '^EXAMINE' asked
grep -q 'the text of the mail' by_url
grep -q 'BODY.PEEK\[\]' asked
if grep -q 'the text of the mail' by_hand; then
	echo "the mail comes out now"
	exit 1
fi
echo "as it was: what gives the mail marks it as read, and what does not mark it does not give it"
