#!/usr/bin/env python3
"""`bounced demo`: a month of bounces and volumes; a second run adds nothing, and streams are those of the settings."""
import subprocess
import sys

import server as e2e

SETTINGS = {"smtp.return_path_domains": "*, news.sender.example=news, shop.sender.example=shop", "suppress.unsigned": "trust",
            "domain.providers": "northmail.example=northmail, northmail.test=northmail, harbour.example=harbour"}


def demo(server, *options):
    return subprocess.run([e2e.BINARY, "demo", "--config", server.config, *options], capture_output=True, text=True, timeout=300)


def sent(server):
    done = demo(server)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[1])


def loaded(server):
    """Messages that were read, those that came a second time with them."""
    return sum(float(line.split()[1]) for line in server.get("/metrics")[1].decode().splitlines()
               if line.startswith(("bounced_messages_stored_total", "bounced_second_deliveries_total")))


def counted(server):
    """What does not depend on the moment: all whole days of the month, by stream and day, and how many are suppressed."""
    window = "from=29d&to=today&"
    pages = [server.get(f"/v1/{path}{'&' if '?' in path else '?'}{window}") for path in
             ("streams", "timeseries?interval=day", "providers", "domains", "reasons")]
    assert all(status == 200 for status, _ in pages), pages
    return [{key: value for key, value in page.items() if key not in ("as_of", "next_cursor")} for _, page in pages]


def main():
    with e2e.Server(**SETTINGS) as server:
        mails = sent(server)
        e2e.wait_for(lambda: len(server.events()) >= mails, "the month's events", 120, server)
        before = counted(server)
        assert {row["stream"] for row in before[0]["streams"]} == {"news", "shop"}, before[0]
        assert all(row["failure_rate"] for row in before[0]["streams"]), before[0]
        days = before[1]["points"]
        assert len(days) >= 28 and all(point["failed"] and point["attempted"] for point in days), days
        assert {row["provider"] for row in before[2]["providers"]} == {"", "northmail", "harbour"}
        again = sent(server)
        assert again >= mails
        e2e.wait_for(lambda: loaded(server) >= mails + again, "the second run to be read", 120, server)
        assert counted(server) == before
        assert len(server.events()) == again, (len(server.events()), again)
        assert demo(server, "--days", "30").returncode == 2
    print(f"{mails} mails, and not one more")


if __name__ == "__main__":
    sys.exit(main())
