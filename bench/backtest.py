#!/usr/bin/python3
"""bench/backtest.py BOUNCED CONFIG CONNINFO EVENTS [POLICY]: fills a database that `bounced migrate` made with so many events,
each of its own message, of 90 days, a fifth as many addresses, half of them proven, from 20,000 peers, where there are none yet;
then says how long `bounced policy backtest` takes over them, alone and compared, and what memory it needs."""
import os
import resource
import subprocess
import sys
import time

REASONS = ("ARRAY['recipient.unknown', 'recipient.unknown', 'mailbox.full', 'mailbox.full', 'recipient.disabled', "
           "'time.expired', 'content.spam']")
CLASSES = "ARRAY['hard', 'hard', 'soft', 'soft', 'hard', 'soft', 'block']"
PROVIDERS = "ARRAY['google', 'microsoft', 'yahoo', 'apple', '', 'gmx', 'mailru', 'proton']"


def sql(conninfo, text):
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-c", text], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def fill(conninfo, n):
    sql(conninfo, "SELECT make_partition(p, w, w + interval '7 days') FROM unnest(ARRAY['message', 'event']) p, "
        "generate_series(date_bin('7 days', now(), timestamptz '1969-12-29') - interval '91 days', now(), interval '7 days') w")
    for day in range(90):
        of_day = (f"FROM (SELECT i, at, lpad(to_hex((extract(epoch FROM at) * 1000)::int8), 12, '0') || substr(md5('{day}.' || i), 13) "
                  f"AS id FROM (SELECT i, date_trunc('day', now()) - interval '{90 - day} days' + i * interval '86400 s' / {n // 90} "
                  f"AS at FROM generate_series(1, {n // 90}) i) a) b")
        sql(conninfo, f"""SET synchronous_commit = off; SET TimeZone = 'UTC';
INSERT INTO message SELECT id::uuid, at, 'bench', i, 'smtp', 'bounce', 'rfc3464', 'shop',
    (i % 200 + 1) || '.' || (i / 200 % 100) || '.7.9', '', '', '', '{{}}', '', 2000, decode(md5(id), 'hex'), 0, 'none', '', '', '', '', NULL,
    '', '' {of_day}""", )
        sql(conninfo, f"""SET synchronous_commit = off; SET TimeZone = 'UTC';
INSERT INTO event (event_id, received_at, message_id, number, kind, stream, recipient, final_recipient, original_recipient, domain,
    outcome, status, status_field, reply_code, reason, class, diagnostic, diagnostic_type, diagnostic_template, command, reporting_mta,
    remote_mta, rule_id, rule_layer, rule_span_from, rule_span_to, confidence, happened_at, source, provider, proof, weight)
SELECT id::uuid, at, id::uuid, 1, 'bounce', (ARRAY['news', 'shop', 'system'])[1 + i % 3], 'user' || who || '@d' || who % 5000 || '.example',
    '', '', 'd' || who % 5000 || '.example', 'failed', '5.1.1', '5.1.1', 550, ({REASONS})[1 + i % 7], ({CLASSES})[1 + i % 7],
    '550 5.1.1 no such user here, said in a few words', 'smtp', '550 # no such user', 'RCPT', 'mx.sender.example',
    'mx' || i % 3 || '.d' || who % 5000 || '.example', 'text.user_unknown.3', 'text', 0, 9, 0.9, at, 'smtp',
    ({PROVIDERS})[1 + who % 8], (ARRAY['valid', 'none'])[1 + who % 2], 15
FROM (SELECT *, (hashtext(id)::int8 + 2147483648) % {n // 5} AS who {of_day}) c""")
    sql(conninfo, "VACUUM ANALYZE event")
    sql(conninfo, "VACUUM ANALYZE message")


def run(bounced, config, policy, *words):
    before = os.getloadavg()[0]
    start = time.monotonic()
    done = subprocess.run([bounced, "policy", "backtest", "--since", "95d", "--policy", policy, *words, "--config", config],
                          capture_output=True, text=True)
    took = time.monotonic() - start
    assert done.returncode == 0, done.stderr
    print(f"{' '.join(words) or 'alone'}: {took:.1f} s, load average {before:.2f} before, {os.getloadavg()[0]:.2f} behind, "
          f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10} MiB")
    print("\n".join(done.stdout.splitlines()[-3:]))


def main():
    bounced, config, conninfo, n = sys.argv[1:4] + [int(sys.argv[4])]
    policy = sys.argv[5] if len(sys.argv) > 5 else config
    if sql(conninfo, "SELECT count(*) FROM (SELECT FROM event LIMIT 1) e") == "0":
        start = time.monotonic()
        fill(conninfo, n)
        print(f"filled in {time.monotonic() - start:.0f} s")
    run(bounced, config, policy)
    run(bounced, config, policy, "--compare")


if __name__ == "__main__":
    main()
