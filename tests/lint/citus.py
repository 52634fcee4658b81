#!/usr/bin/env python3
"""What Citus cannot do, told without one: the migrations say which tables are distributed and by what, and each statement of store/sql (the
rows of queries.def, macros spelled out by the C preprocessor) and each view and function of migrations/ is looked at. One line for each
breach, and exit 1.
- A temporary table (one of a batch) is joined with a distributed one only where a MATERIALIZED step stands between: what a step made is
  sent to where the rows are. The coordinator's other tables are not looked at.
- Distributed tables are joined only where they lie together (colocate_with), else likewise by a step.
- A unique key of a distributed table has its distribution column.
- No function in SQL with parameters reads a distributed table: one in PL/pgSQL may.
- No SELECT without a column: EXISTS (SELECT FROM t) is refused.
- Rows of distributed tables are locked (FOR UPDATE) by one value of the distribution column in a statement.
- No LIMIT in a LATERAL that reads a distributed table.
A statement with a second form for Citus (store_choose) is not asked of it: that form is looked at.
Two tables are joined that stand in one query and its subqueries: branches of a UNION, the target of an INSERT and what it reads, steps of a
WITH that write or are MATERIALIZED, and subqueries that GROUP, which Citus makes before it joins them, are not.
usage: citus.py [FOLDER], the folder that holds the rooms."""
import os
import re
import subprocess
import sys
from pathlib import Path

TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[A-Za-z_][\w.]*|\$\d+|\d[\d.]*|::|[^\s\w]")
# What ends the list of a FROM.
ENDS = set("where group order having limit union except intersect returning window for set on_conflict offset fetch".split())
SET_OPERATIONS = {"union", "except", "intersect"}


def statements(root):
    """Each query by its name."""
    source = ('#define QUERY(id, types, sql) @@ id sql\n#define KEPT_QUERY(id, types, sql) @@ id sql\n'
              '#include "store/sql/queries.def"\n')
    done = subprocess.run([os.environ.get("CC", "cc"), "-E", "-P", "-I", root, "-x", "c", "-"], input=source, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"citus: {done.stderr}")
    for text in done.stdout.split("@@")[1:]:
        name, literals = text.split(maxsplit=1)
        yield name, "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals)).encode().decode("unicode_escape")


class Schema:
    """Which tables there are, and what lies where."""

    def __init__(self, root):
        self.temporary, self.group, self.column = set(), {}, {}
        self.keys, self.functions, self.views = [], {}, {}
        for path in sorted((root / "migrations").glob("*.sql")):
            self.read(path.name, re.sub(r"--[^\n]*", "", path.read_text()))

    def read(self, name, sql):
        for table, column, near in re.findall(
                r"create_distributed_table\('(\w+)',\s*'(\w+)'(?:,\s*colocate_with => '(\w+)')?\)", sql):
            self.group[table] = self.group[near] if near else table
            self.column[table] = column
        self.read_keys(name, sql)
        self.read_bodies(name, sql)

    def read_keys(self, name, sql):
        for table, rest in re.findall(r"(?:CREATE(?: UNLOGGED)? TABLE|ALTER TABLE) (?:IF NOT EXISTS )?(\w+)([^;]*);", sql):
            for columns in re.findall(r"(?:PRIMARY KEY|UNIQUE)\s*\(([^)]*)\)", rest):
                self.keys.append((name, table, columns))
            for column in re.findall(r"[(,]\s*(\w+)\s[^,()]*(?:PRIMARY KEY|UNIQUE)(?!\s*\()", rest):
                self.keys.append((name, table, column))
        for table, columns in re.findall(r"CREATE UNIQUE INDEX (?:IF NOT EXISTS )?\w+ ON (\w+)\s*\(([^;]*)\)", sql):
            self.keys.append((name, table, columns))

    def read_bodies(self, name, sql):
        for function in re.findall(r"DROP FUNCTION (?:IF EXISTS )?([\w.]+)", sql):
            self.functions.pop(function, None)
        for function, parameters, rest in re.findall(
                r"CREATE (?:OR REPLACE )?FUNCTION ([\w.]+)\s*\(([^;]*?)\)\s*RETURNS(.*?\$\$.*?\$\$[^;]*);", sql, re.S):
            self.functions[function] = (name, parameters.strip(), rest)
        for view, body in re.findall(r"CREATE (?:OR REPLACE )?VIEW ([\w.]+)[^;]*?\bAS\s+((?:SELECT|WITH)[^;]*);", sql):
            self.views[view] = (name, body)

    def place(self, table):
        """Of a table that lies together with others: their name. None: it is joined with any, or is no table."""
        table = re.sub(r"^public\.", "", table)
        if table in self.group:
            return self.group[table]
        return "the coordinator" if table in self.temporary else None


def tokens_of(sql):
    return TOKEN.findall(re.sub(r"\bON CONFLICT\b", "ON_CONFLICT", sql))


def closing(tokens, at):
    """Behind the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[i], 0)
        if not depth:
            return i + 1
    return len(tokens)


def flat(tokens):
    """(token, None), or ("(", what is in the brackets)."""
    i = 0
    while i < len(tokens):
        if tokens[i] == "(":
            end = closing(tokens, i)
            yield "(", tokens[i + 1:end - 1]
            i = end
        else:
            yield tokens[i], None
            i += 1


def both(left, right):
    """Sets of tables that are joined with each other: one of the left with one of the right, whichever branches these come from."""
    return {one | other for one in left for other in right}


NOTHING = frozenset({frozenset()})


class Query:
    """A statement, taken apart into the sets of tables that are joined with each other: `joined`."""

    def __init__(self, sql):
        self.joined, self.steps = set(), []
        tokens = tokens_of(sql)
        words = [token.lower() for token in tokens]
        if words[:1] == ["declare"] and "for" in words:
            tokens = tokens[words.index("for") + 1:]
        elif words[:2] == ["insert", "into"] and words[3:4] == ["with"]:
            tokens = tokens[3:]
        self.alone(tokens)

    def alone(self, tokens):
        """A query that nothing outside is joined with."""
        self.joined |= self.query(tokens)

    def query(self, tokens):
        """The sets of its branches."""
        while tokens and tokens[0] == "(" and closing(tokens, 0) == len(tokens):
            tokens = tokens[1:-1]
        self.steps.append({})
        if tokens and tokens[0].lower() == "with":
            tokens = self.with_steps(tokens[1:])
        branches = [[]]
        for token, inner in flat(tokens):
            if token.lower() in SET_OPERATIONS:
                branches.append([])
            else:
                branches[-1].append((token, inner))
        found = set().union(*map(self.branch, branches))
        self.steps.pop()
        return found

    def with_steps(self, tokens):
        """What stands behind them."""
        while True:
            name, at, kept = tokens[0].lower(), 1, False
            if tokens[at] == "(":
                at = closing(tokens, at)
            while tokens[at] != "(":
                kept |= tokens[at].lower() == "materialized" and tokens[at - 1].lower() != "not"
                at += 1
            end = closing(tokens, at)
            body = tokens[at + 1:end - 1]
            if kept or body[0].lower() in ("insert", "update", "delete"):
                self.alone(body)
                self.steps[-1][name] = NOTHING
            else:
                self.steps[-1][name] = self.query(body)
            if tokens[end:end + 1] != [","]:
                return tokens[end:]
            tokens = tokens[end + 1:]

    def named(self, name):
        """A step of a WITH, or a table."""
        for steps in reversed(self.steps):
            if name in steps:
                return steps[name]
        return {frozenset({name})}

    def branch(self, items):
        """The tables of one SELECT, UPDATE or DELETE, and of all queries in it."""
        found, inside, words, before = NOTHING, False, [token.lower() for token, _ in items], ""
        if words[:1] == ["select"] and "from" not in words:  # its subqueries are each by itself
            self.joined.update(*(self.bracket(inner) for _, inner in items if inner))
            return NOTHING
        for i, (word, (_, inner)) in enumerate(zip(words, items)):
            if word == "from" and before != "distinct" or word == "using" and items[i + 1][1] is None:
                inside = True
            elif word in ENDS:
                inside = False
            elif inner is not None:
                found = both(found, self.bracket(inner))
            elif word not in ("only", "lateral") and (before == "join" or before == "update" and words[max(i - 2, 0)] not in ("do", "for")
                                                      or inside and before in ("from", "using", ",", "only")):
                found = both(found, self.named(word))
            before = word
        if words[:1] == ["select"] and "group" in words:
            self.joined |= found
            return NOTHING
        return found

    def bracket(self, inner):
        """A query, or an expression with queries in it."""
        if inner and inner[0].lower() in ("select", "with", "("):
            return self.query(inner)
        return self.branch(list(flat(inner)))


def parts_of(sql):
    """What the server plans by itself: of a DO block each of its statements."""
    block = re.search(r"\$\$(.*)\$\$", sql, re.S)
    return re.split(r";|\bLOOP\b|\bTHEN\b|\bFOR \w+ IN\b", block[1]) if block else [sql]


def check_joins(schema, name, sql):
    for tables in sorted(set().union(*(Query(part).joined for part in parts_of(sql))), key=sorted):
        places = {}
        for table in sorted(tables):
            place = schema.place(table)
            if place:
                places.setdefault(place, table)
        if len(places) > 1:
            yield f"{name}: {' and '.join(sorted(places.values()))} are joined, and do not lie together: put a MATERIALIZED step between"
            return


def check_locks(schema, name, sql):
    for part in parts_of(sql):
        for rows in re.findall(r"\bFROM ([^()]*?)\bFOR (?:NO KEY )?(?:UPDATE|SHARE)\b", part):
            rows = rows.rsplit("FROM ", 1)[-1]
            for table in sorted(set(re.findall(r"\w+", rows)) & set(schema.group)):
                if "JOIN" in rows or not re.search(rf"\b{schema.column[table]} = [\w$]", rows):
                    yield f"{name}: locks rows of {table} of more than one {schema.column[table]}: one by one, in a DO block"


def check_limits(schema, name, sql, names):
    tokens = tokens_of(sql)
    for at, token in enumerate(tokens[:-1]):
        inside = [word.lower() for word in tokens[at + 2:closing(tokens, at + 1)]] if token == "LATERAL" and tokens[at + 1] == "(" else []
        used = sorted(set(inside) & set(schema.group))
        if "limit" in inside and used and f"CITUS_{name}" not in names:
            yield f"{name}: a LIMIT for each row of another table, of {used[0]}: give it a form without, CITUS_{name} (store_choose)"


def check_columns(name, sql):
    for table in re.findall(r"\bSELECT FROM ([\w.]+)", sql):
        if not table.startswith("pg_"):
            yield f"{name}: SELECT FROM {table} has no column: SELECT 1"


def check_schema(schema):
    for name, table, columns in schema.keys:
        wanted = schema.column.get(table)
        if wanted and wanted not in re.findall(r"\w+", columns):
            yield f"{name}: a unique key of {table} lacks {wanted}, by which it is distributed"
    for function, (name, parameters, rest) in schema.functions.items():
        used = sorted(set(re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)", re.sub(r"'[^']*'", "''", rest), re.I)) & set(schema.group))
        if re.search(r"LANGUAGE sql\b", rest, re.I) and parameters and used:
            yield f"{name}: the function {function} is in SQL, has parameters and reads {used[0]}: use PL/pgSQL"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
    schema = Schema(root)
    queries = list(statements(root))
    for _, sql in queries:
        schema.temporary.update(re.findall(r"CREATE TEMP TABLE IF NOT EXISTS (\w+)", sql))
    found = list(check_schema(schema))
    names = {name for name, _ in queries}
    for name, sql in queries + [(f"{where}: {view}", body) for view, (where, body) in schema.views.items()]:
        # One with a form for Citus is not asked of it (store_choose).
        joined = [] if f"CITUS_{name}" in names else list(check_joins(schema, name, sql))
        found += [*joined, *check_columns(name, sql), *check_locks(schema, name, sql), *check_limits(schema, name, sql, names)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
