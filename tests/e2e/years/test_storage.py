#!/usr/bin/python3
"""Each table has a decision how it is vacuumed and filled: docs/schema.md has a row for it, and the database has what the row says, in weeks that
are made later, too. A table without a row, or with other storage parameters, is named."""
import re
import sys

import server as e2e

OPTIONS = """
    SELECT coalesce(i.inhparent::regclass::text, c.relname), c.relname, array_to_string(c.reloptions || (
        SELECT array_agg('toast.' || o) FROM pg_class t, unnest(t.reloptions) o WHERE t.oid = c.reltoastrelid), ' ')
    FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"""
HEAD = "| table | storage parameters | why |\n"
LATER = ("message", "message_raw", "event")


def decisions():
    """table -> its storage parameters, as docs/schema.md says."""
    found = {}
    text = (e2e.ROOT / "docs" / "schema.md").read_text()
    assert HEAD in text, "docs/schema.md has no table of storage parameters"
    for line in text.split(HEAD)[1].split("\n\n")[0].splitlines()[1:]:
        tables, options, _ = line.strip("| ").split(" | ", 2)
        for table in re.findall(r"`(\w+)`", tables):
            assert table not in found, f"docs/schema.md decides twice about {table}"
            found[table] = sorted(re.findall(r"`([\w.]+=[-\d.]+)`", options))
    return found


def as_decided(server):
    """Of each table of a server."""
    decided = decisions()
    for parent, table, options in server.sql(OPTIONS):
        assert parent in decided, f"{table}: docs/schema.md has no decision about it"
        assert sorted(options.split()) == decided[parent], f"{table}: has {options}; decided is {decided[parent]}"


def main():
    with e2e.Server() as server:
        as_decided(server)
        for table in LATER:
            assert server.sql(f"SELECT make_partition('{table}', '2099-01-05 00:00+00', '2099-01-12 00:00+00')") == [["t"]]
            assert server.sql(f"SELECT reloptions IS NOT NULL FROM pg_class WHERE relname = '{table}_20990105'") == [["t"]]
        as_decided(server)
    print("each table is vacuumed and filled as decided, weeks to come as well")


if __name__ == "__main__":
    sys.exit(main())
