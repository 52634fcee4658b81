#!/usr/bin/python3
"""Writes a Postfix log of invented deliveries, as Postfix 3.7 writes them: make_mail_log.py BYTES > mail.log

A mail to one recipient each: 90 of 100 are delivered at once, 3 refused, 7 deferred and delivered at the second
attempt. A fixed seed: the same bytes each time."""
import random
import sys
import time

rng = random.Random(7)
DOMAINS = [f"d{i}.example" for i in range(2000)]
WEIGHTS = [1 / (i + 1) for i in range(2000)]
ALPHABET = "BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789"


def main():
    left, at, number = int(sys.argv[1]), 1795900000.0, 0
    domains = rng.choices(DOMAINS, WEIGHTS, k=100000)
    later = []
    out = sys.stdout
    while left > 0:
        number += 1
        at += 0.011
        stamp = time.strftime("%b %d %H:%M:%S", time.gmtime(at))
        stamp = stamp[:4] + stamp[4:6].lstrip("0").rjust(2) + stamp[6:]
        head = f"{stamp} out1 postfix/"
        domain = domains[number % len(domains)]
        queue_id = "4c" + "".join(rng.choices(ALPHABET, k=11))
        user = f"user{number}"
        relay = f"mx1.{domain}[192.0.2.{number % 250}]:25"
        text = (f"{head}smtpd[{2000 + number % 97}]: {queue_id}: client=app.sender.example[192.0.2.7]\n"
                f"{head}cleanup[{3000 + number % 97}]: {queue_id}: message-id=<{number}.1795900000@sender.example>\n"
                f"{head}qmgr[811]: {queue_id}: from=<b+{user}={domain}@news.sender.example>, size=24713, nrcpt=1 (queue active)\n")
        to = f"{head}smtp[{4000 + number % 397}]: {queue_id}: to=<{user}@{domain}>, relay={relay}, delay=1.2, delays=0.02/0.01/0.6/0.57, "
        sent = f"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {queue_id[::-1]})\n{head}qmgr[811]: {queue_id}: removed\n"
        kind = number % 100
        if kind < 3:
            text += (to + f"dsn=5.1.1, status=bounced (host mx1.{domain}[192.0.2.{number % 250}] said: 550 5.1.1 <{user}@{domain}>: "
                     "Recipient address rejected: User unknown in virtual mailbox table (in reply to RCPT TO command))\n"
                     f"{head}bounce[5001]: {queue_id}: sender non-delivery notification: {queue_id[::-1]}\n{head}qmgr[811]: {queue_id}: removed\n")
        elif kind < 10:
            text += (to + f"dsn=4.7.1, status=deferred (host mx1.{domain}[192.0.2.{number % 250}] said: 451 4.7.1 Greylisted, try again "
                     "later (in reply to RCPT TO command))\n")
            later.append(to + sent)
            if len(later) > 3000:
                text += later.pop(0)
        else:
            text += to + sent
        left -= len(text)
        out.write(text)


main()
